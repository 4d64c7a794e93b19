"""One poisoned deployment among a thousand: the others never notice."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from pointsman import (
    CircuitOpen,
    Host,
    InvalidRequest,
    Limits,
    Options,
    Outcome,
    PlanNotChecked,
    PlanRejected,
    PluginFailed,
    Registry,
    Request,
    RouteChanges,
    Unavailable,
)
from pointsman.guard.checker import Checker
from registries import Clock, fail, status
from support import Folder, as_json, given, hostile_version, misdeed, numbered

POISONS = [
    ("trap", Outcome.TRAP),
    ("loop_forever", Outcome.TIMEOUT),
    ("grow_memory", Outcome.MEMORY),
    ("long_string", Outcome.RESPONSE),
    ("not_utf8", Outcome.MALFORMED),
    ("unknown_id", Outcome.REJECTED),
]
poisons = pytest.mark.parametrize(("word", "outcome"), POISONS)


@pytest.fixture(scope="module")
def hurried(cache: Path) -> Host:
    """A host under whose limits each misdeed ends soon."""
    return Host(Limits(time=timedelta(milliseconds=100), response=1 << 20, memory=32 << 20), cache)


def registry_of_two(host: Host, folder: Folder, options: Options | None = None) -> Registry:
    """A registry with two honest versions."""
    registry = Registry(host, options or Options(clock=Clock(), random=lambda: 0.0))
    for number in (1, 2):
        registry.swap("hostile", folder.write(f"{number}.wasm", numbered(hostile_version("honest"), number)))
    return registry


def fleet(word: str, size: int = 1000, place: int = 437) -> list[Request]:
    routes = given()
    good = misdeed("good")
    return [Request(routes, misdeed(word) if i == place else good, None, f"d{i}") for i in range(size)]


def plans(decisions: list[object]) -> list[bool]:
    return [isinstance(decision, RouteChanges) and not decision.is_empty for decision in decisions]


@poisons
def test_through_objects(hurried: Host, folder: Folder, word: str, outcome: Outcome) -> None:
    registry = registry_of_two(hurried, folder)
    for cycle in range(4):
        batch = registry.evaluate_cycles("hostile", fleet(word))
        assert registry.wait_for_verdicts()

        assert plans(list(batch.value)) == [i != 437 for i in range(1000)], f"cycle {cycle}"
        error = batch.value[437]
        if cycle == 3:
            assert isinstance(error, CircuitOpen)
        else:
            assert isinstance(error, PlanRejected if outcome is Outcome.REJECTED else PluginFailed)
        assert (batch.plugins[437] is None) is (cycle == 3)

    after = status(registry)
    assert (after.current.plugin.name, after.reverts, after.circuits.pinned_total) == ("2.wasm", 0, 0)
    assert after.outcomes == {Outcome.OK: 3996, outcome: 3, Outcome.CIRCUIT_OPEN: 1}


@poisons
def test_through_text(hurried: Host, folder: Folder, word: str, outcome: Outcome) -> None:
    registry = registry_of_two(hurried, folder)
    text = as_json(*fleet(word))
    codes = {Outcome.REJECTED: "plan_rejected"}
    for cycle in range(4):
        answers = json.loads(registry.evaluate_cycles_json("hostile", text).value)
        assert registry.wait_for_verdicts()

        assert [i for i, answer in enumerate(answers) if "ok" not in answer] == [437]
        assert len(answers) == 1000
        assert answers[0]["ok"]["promote_route_ids"] == ["r-4", "r-5"]
        code = "circuit_open" if cycle == 3 else codes.get(outcome, "plugin_failed")
        assert answers[437]["error"]["code"] == code
    assert status(registry).current.plugin.name == "2.wasm"


@poisons
def test_through_single_calls(hurried: Host, folder: Folder, word: str, outcome: Outcome) -> None:
    registry = registry_of_two(hurried, folder)
    for _ in range(3):
        for routes, spec, _, deployment in fleet(word, 20, 7):
            assert deployment is not None
            if deployment == "d7":
                fail(registry, word, deployment)
            else:
                assert not registry.evaluate_cycle("hostile", deployment, routes, spec).value.is_empty

    after = status(registry)
    assert (after.current.plugin.name, after.reverts) == ("2.wasm", 0)
    assert after.outcomes == {Outcome.OK: 57, outcome: 3}
    assert [each.deployment for each in after.circuits.open] == ["d7"]


def test_a_bad_version_is_reverted_by_one_batch(hurried: Host, folder: Folder) -> None:
    registry = Registry(hurried)
    registry.swap("hostile", folder.write("1.wasm", hostile_version("honest")))
    registry.swap("hostile", folder.write("2.wasm", hostile_version("broken")))
    requests = fleet("good", 40)
    requests = [each if i % 10 == 0 else each._replace(spec=misdeed("none")) for i, each in enumerate(requests)]

    batch = registry.evaluate_cycles("hostile", requests)
    assert registry.wait_for_verdicts()

    assert [i for i, each in enumerate(batch.value) if isinstance(each, PluginFailed)] == [0, 10, 20, 30]
    assert status(registry).current.plugin.name == "1.wasm"
    assert plans(list(registry.evaluate_cycles("hostile", fleet("good", 3)).value)) == [True] * 3


def test_a_session_that_turns_bad_is_nobodys_fault(hurried: Host, folder: Folder) -> None:
    registry = registry_of_two(hurried, folder)
    requests = [Request([], misdeed("turn_bad_after_a_hundred"), None, f"d{i}") for i in range(300)]

    batch = registry.evaluate_cycles("hostile", requests)

    assert registry.wait_for_verdicts()
    assert {type(each) for each in batch.value} == {RouteChanges}
    assert status(registry).outcomes == {Outcome.OK: 300}
    assert status(registry).circuits.open_total == 0


def test_what_was_not_reached_in_time_is_nobodys_fault(hurried: Host, folder: Folder) -> None:
    now = iter(range(1000))
    options = Options(clock=lambda: float(next(now)), batch_time=timedelta(seconds=3))
    registry = registry_of_two(hurried, folder, options)

    batch = registry.evaluate_cycles("hostile", fleet("trap", 64, 1))

    kinds = [type(each) for each in batch.value]
    assert Unavailable in kinds
    assert str(batch.value[63]) == "not called: the time of the batch, 3 s, is over"
    assert batch.plugins[63] is None
    assert Outcome.TRAP not in status(registry).outcomes


def test_a_plan_over_which_the_guard_fails_costs_only_its_own_deployment(
    hurried: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = registry_of_two(hurried, folder)
    check = Checker.check

    def failing(self, plugin, guard, plans, purpose):  # type: ignore[no-untyped-def]
        if any(b"bad-route" in sent.routes for sent, _ in plans):
            raise PlanNotChecked(plugin, "on request")
        return check(self, plugin, guard, plans, purpose)

    monkeypatch.setattr(Checker, "check", failing)
    requests = fleet("good", 8)
    bad = given()
    bad[0].id = "bad-route"
    requests[3] = requests[3]._replace(routes=bad)

    batch = registry.evaluate_cycles("hostile", requests)

    assert plans(list(batch.value)) == [i != 3 for i in range(8)]
    assert isinstance(batch.value[3], Unavailable)
    assert status(registry).outcomes[Outcome.UNAVAILABLE] == 1


def test_a_plugin_ignores_the_field_and_a_registry_needs_it(hurried: Host, folder: Folder) -> None:
    registry = registry_of_two(hurried, folder)
    good = Request([], misdeed("none"), None, "a")
    text = json.loads(as_json(good, good._replace(deployment=None)))
    text += [text[0] | {"deployment": ""}, text[0] | {"deployment": 3}, text[0] | {"more": 1}, 1]

    answers = json.loads(registry.evaluate_cycles_json("hostile", json.dumps(text)).value)

    messages = [answer["error"]["message"] if "error" in answer else "" for answer in answers]
    assert messages[:4] == [
        "",
        "missing field `deployment`",
        "the key of a deployment has 0 bytes; it should have from 1 to 256",
        "`deployment` is 3; it must be a string",
    ]
    assert "unknown field `more`" in messages[4]
    assert messages[5] == "missing field `deployment`"
    assert {answer["error"]["code"] for answer in answers[1:]} == {"invalid_request"}
    alone = json.loads(registry.current("hostile").evaluate_cycles_json(json.dumps(text[:4])))
    assert all("ok" in answer for answer in alone)
    typed = registry.current("hostile").evaluate_cycles([good])
    assert not isinstance(typed[0], InvalidRequest)


DEEP = "[" * 1000 + "]" * 1000


@pytest.mark.parametrize(
    "bad",
    [
        '{"deployment":"a","routes":[],"spec":"\\ud800"}',
        '{"deployment":"\\ud800","routes":[],"spec":{}}',
        '{"deployment":"a","routes":[],"spec":"\ud800"}',
        f'{{"deployment":"a","routes":[],"spec":{{"config":{DEEP}}}}}',
        f'{{"deployment":"a","routes":[],"spec":{{"config":{"[" * 5000}{"]" * 5000}}}}}',
        f'{{"deployment":"a","routes":[],"spec":{{}},"policy":{DEEP}}}',
        f'{{"deployment":{DEEP},"routes":[],"spec":{{}}}}',
        f'{{"deployment":"a","routes":[],"spec":{{"target_replicas":{"9" * 5000}}}}}',
        f'{{"deployment":{"9" * 5000},"routes":[],"spec":{{}}}}',
    ],
)
def test_text_that_no_host_reads_spoils_no_other_request(hurried: Host, folder: Folder, bad: str) -> None:
    registry = registry_of_two(hurried, folder)
    good = as_json(Request([], misdeed("none"), None, "b"))[1:-1]

    for _ in range(2):
        first, refused, last = json.loads(registry.evaluate_cycles_json("hostile", f"[{good},{bad},{good}]").value)
        assert registry.wait_for_verdicts()

        assert "ok" in first
        assert "ok" in last
        assert refused["error"]["code"] == "invalid_request"
        assert len(refused["error"]["message"]) < 500
