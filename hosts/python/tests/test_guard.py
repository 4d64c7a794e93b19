"""The guard in the host: hostile plans through every entry point."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pointsman import (
    BrokenContract,
    Commitment,
    Host,
    HostError,
    IdsOnly,
    InvalidRequests,
    Limit,
    Limits,
    PlanNotChecked,
    PlanRejected,
    Plugin,
    PluginLimit,
    Policy,
    Request,
    RouteChanges,
    TrafficStatus,
    Violation,
    components,
)
from pointsman.guard.checker import Checker
from pointsman.plugin.sent import Sent
from pointsman.plugin.strategy import Strategy
from pointsman.runtime.instances import Instances, Purpose
from pointsman.runtime.runtime import Runtime
from support import as_json, component, given, misdeed, route, spec

EntryPoint = Callable[[Plugin, str], list[str]]


def single(plugin: Plugin, word: str) -> list[str]:
    """The violations of a misdeed alone; none where it passes."""
    try:
        plugin.evaluate_cycle(given(), misdeed(word))
        return []
    except PlanRejected as error:
        rejected = error
    assert rejected.plugin == plugin.id
    assert rejected.plan.reason.code == "hostile"
    return [violation.code for violation in rejected.violations]


def batch(plugin: Plugin, word: str) -> list[str]:
    """The violations of a misdeed between two plans that are good."""
    requests = [(given(), misdeed(each)) for each in ("none", word, "none")]
    first, decision, last = plugin.evaluate_cycles(requests)
    assert isinstance(first, RouteChanges)
    assert isinstance(last, RouteChanges)
    if isinstance(decision, RouteChanges):
        return []
    assert isinstance(decision, PlanRejected)
    return [violation.code for violation in decision.violations]


def as_text(plugin: Plugin, word: str) -> list[str]:
    """The same as text."""
    requests = [Request(given(), misdeed(each)) for each in ("none", word, "none")]
    first, answer, last = json.loads(plugin.evaluate_cycles_json(as_json(*requests)))
    assert "ok" in first
    assert "ok" in last
    if "ok" in answer:
        return []
    error = answer["error"]
    assert error["code"] == "plan_rejected"
    assert error["message"] == "; ".join(f"{each['code']}: {each['message']}" for each in error["violations"])
    return [violation["code"] for violation in error["violations"]]


entry_points = pytest.mark.parametrize("entry_point", [single, batch, as_text])


@entry_points
@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("unknown_id", ["unknown-id"]),
        ("duplicate_id", ["duplicate-id", "promoted-not-green"]),
        ("promote_and_drain", ["conflicting-changes", "promoted-not-green"]),
        ("promote_all", ["promoted-not-green", "promoted-not-ready"]),
        ("promote_blue", ["promoted-not-green"]),
        ("promote_not_ready", ["promoted-not-ready"]),
        ("drain_all", ["capacity-lowered", "drained-while-short"]),
        ("create_ten_million", ["too-many-live", "too-many-terminating"]),
        ("create_active", ["too-many-live"]),
        ("complete_early", ["completed-early"]),
        ("roll_back_early", ["rolled-back-early"]),
        ("long_memo", ["invalid-memo"]),
        ("nul_memo", ["invalid-memo"]),
        ("again_at_once", ["next-evaluation-not-ahead"]),
    ],
)
def test_a_hostile_plan_is_rejected(
    hostile: Plugin, blue_green: Plugin, entry_point: EntryPoint, word: str, codes: list[str]
) -> None:
    assert entry_point(hostile, word) == codes

    assert entry_point(hostile, "none") == []
    assert blue_green.evaluate_cycle(given(), spec()).reason.code == "waiting-for-ready"


@entry_points
def test_ids_are_checked_whatever_the_guard(hostile: Plugin, entry_point: EntryPoint) -> None:
    plugin = hostile.with_guard(IdsOnly())

    assert entry_point(plugin, "drain_all") == []
    assert entry_point(plugin, "again_at_once") == []
    assert entry_point(plugin, "unknown_id") == ["unknown-id"]
    assert entry_point(plugin, "duplicate_id") == ["duplicate-id"]
    assert entry_point(plugin, "promote_and_drain") == ["conflicting-changes"]


@entry_points
def test_a_policy_can_be_set(hostile: Plugin, entry_point: EntryPoint) -> None:
    assert entry_point(hostile.under(Policy(max_unavailable="100%")), "drain_all") == []


def test_a_policy_of_one_deployment_of_a_batch(hostile: Plugin) -> None:
    all_may_go = Policy(max_unavailable="100%")
    limited = misdeed("drain_all")
    limited.limits = Commitment(1, 9)

    decisions = hostile.evaluate_cycles(
        [
            Request(given(), misdeed("drain_all"), all_may_go),
            Request(given(), misdeed("drain_all")),
            (given(), misdeed("drain_all")),
            # Limits that the caller gives win.
            Request(given(), limited, all_may_go),
        ]
    )

    assert [isinstance(decision, PlanRejected) for decision in decisions] == [False, True, True, True]
    assert hostile.evaluate_cycle(given(), misdeed("drain_all"), policy=all_may_go).drain_route_ids
    with pytest.raises(PlanRejected):
        hostile.under(all_may_go).evaluate_cycle(given(), misdeed("drain_all"), policy=Policy())
    assert hostile.check_config({"misdeed": "none"}, 3, policy=all_may_go) == Commitment(0, 6)


def test_a_policy_is_resolved_into_limits(hostile: Plugin) -> None:
    plugin = hostile.under(Policy(max_surge=7, max_unavailable=2))

    assert plugin.evaluate_cycle(given(), misdeed("none")).commitment == Commitment(1, 10)
    (answer,) = json.loads(plugin.evaluate_cycles_json(as_json(Request(given(), misdeed("none")))))
    assert answer["ok"]["commitment"] == {"least_serving": 1, "most_live": 10}
    assert plugin.check_config({"misdeed": "none"}, 3) == Commitment(1, 10)
    ids_only = hostile.with_guard(IdsOnly())
    assert ids_only.evaluate_cycle(given(), misdeed("none")).commitment == Commitment(0, (1 << 32) - 1)


def test_plans_are_tidied(hostile: Plugin) -> None:
    requests = [Request(given(), misdeed(word)) for word in ("forge_texts", "again_in_a_millisecond")]
    forged, soon = hostile.evaluate_cycles(requests)
    assert isinstance(forged, RouteChanges)
    assert forged.reason.message.startswith(r"ok\u{a}ERROR \u{9b}31m all routes lost \u{202e}xxx")
    assert len(forged.reason.message.encode()) == 1024
    assert forged.gate is not None
    assert (len(forged.reason.code.encode()), len(forged.gate.encode())) == (64, 64)
    assert isinstance(soon, RouteChanges)
    assert soon.next_evaluation_at == misdeed("none").now + timedelta(seconds=1)

    for guard in (Policy(), IdsOnly()):
        answers = json.loads(hostile.with_guard(guard).evaluate_cycles_json(as_json(*requests)))
        assert answers[0]["ok"]["reason"] == vars(forged.reason)
        assert answers[0]["ok"]["gate"] == forged.gate
        assert answers[1]["ok"]["next_evaluation_at"] == vars(soon)["next_evaluation_at"]


def test_a_ratio_that_is_no_number_is_a_broken_contract(hostile: Plugin) -> None:
    # JSON has no NaN, so the answer is none.
    with pytest.raises(BrokenContract, match="its answer 0 is none"):
        hostile.evaluate_cycle(given(), misdeed("nan_ratio"))


def test_a_rejected_plan_is_tidy_too(blue_green: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, json.dumps([{"ok": DRAINING | {"gate": "a\n", "next_evaluation_at": MILLIS + 1}}]))

    with pytest.raises(PlanRejected) as raised:
        blue_green.evaluate_cycle(given(), spec())
    assert raised.value.plan.gate == r"a\u{a}"
    assert vars(raised.value.plan)["next_evaluation_at"] == MILLIS + 1000


def test_the_answers_beside_a_rejected_one_are_not_written_anew(hostile: Plugin) -> None:
    good, bad = Request(given(), misdeed("none")), Request(given(), misdeed("unknown_id"))
    alone = hostile.evaluate_cycles_json(as_json(good))

    answers = hostile.evaluate_cycles_json(as_json(good, bad, good))

    rejection = (
        '{"error":{"code":"plan_rejected","message":"unknown-id: not among the given routes: `nobody`",'
        '"violations":[{"code":"unknown-id","route_ids":["nobody"],"message":"not among the given routes: `nobody`"}]}}'
    )
    assert answers == f"[{alone[1:-1]},{rejection},{alone[1:-1]}]"


EMPTY: dict[str, Any] = {
    "sub_step": "provisioning",
    "rollout_specs": [],
    "promote_route_ids": [],
    "traffic_changes": [],
    "drain_route_ids": [],
    "reason": {"code": "a", "message": "b", "blocking_route_ids": []},
    "gate": None,
    "next_evaluation_at": None,
    "memo": None,
    "commitment": {"least_serving": 0, "most_live": 9},
    "progress": None,
    "labels": {},
}
EMPTY_TEXT = json.dumps(EMPTY)
MILLIS = 1_760_000_001_000
"""The moment of `spec()`."""
DRAINING = EMPTY | {"drain_route_ids": ["r-1", "r-2", "r-3"]}


def answering(monkeypatch: pytest.MonkeyPatch, answers: str) -> None:
    monkeypatch.setattr(Strategy, "ask", lambda *_, **__: [answers])


@pytest.mark.parametrize(
    ("plan", "is_doubtful"),
    [
        ({}, False),
        ({"memo": "x" * 4096}, False),
        ({"memo": "\u00fc" * 2048}, False),
        ({"memo": "x" * 4097}, True),
        ({"memo": "\u00fc" * 2049}, True),
        ({"memo": "a\0"}, True),
        ({"next_evaluation_at": MILLIS - 1}, True),
        ({"next_evaluation_at": MILLIS}, True),
        ({"next_evaluation_at": MILLIS + 1}, False),
        ({"sub_step": "finalizing"}, False),
        ({"sub_step": "rolling_back"}, False),
        ({"sub_step": "completed"}, True),
        ({"sub_step": "rolled_back"}, True),
        ({"drain_route_ids": ["r-1"]}, True),
        ({"promote_route_ids": ["r-4"]}, True),
        ({"traffic_changes": [{"route_id": "r-1", "traffic_status": "active", "traffic_ratio": 1.0}]}, True),
    ],
)
def test_only_plans_that_may_do_harm_cost_a_check(
    blue_green: Plugin, monkeypatch: pytest.MonkeyPatch, plan: dict[str, Any], is_doubtful: bool
) -> None:
    answering(monkeypatch, json.dumps([{"ok": EMPTY | plan}]))
    checked = []

    def count(*given: Any) -> list[list[Violation]]:
        checked.append(given)
        return check(*given)

    check = Checker.check
    monkeypatch.setattr(Checker, "check", count)

    blue_green.evaluate_cycles([(given(), spec())])
    blue_green.evaluate_cycles_json(as_json(Request(given(), spec())))

    assert len(checked) == (2 if is_doubtful else 0)


@pytest.mark.parametrize(
    "answer",
    [
        f'{{"ok":{json.dumps(DRAINING)},"ok":{EMPTY_TEXT}}}',
        f'{{"ok":{json.dumps(DRAINING)[:-1]},"drain_route_ids":[]}}}}',
        f'{{"ok":{EMPTY_TEXT}}}'.replace('"code"', '"code":"x","code"'),
    ],
)
def test_answers_that_readers_could_take_differently_are_not_passed_on(
    blue_green: Plugin, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    answering(monkeypatch, f"[{answer}]")

    with pytest.raises(BrokenContract, match=r"an object has `[a-z_]+` twice"):
        blue_green.evaluate_cycles_json(as_json(Request(given(), spec())))


def test_answers_that_are_nested_too_deeply_are_not_passed_on(
    blue_green: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    for depth in (500, 100_000):
        answering(monkeypatch, f'[{{"ok":{EMPTY_TEXT[:-1]},"more":{"[" * depth}{"]" * depth}}}}}]')
        for evaluate in (
            lambda: blue_green.evaluate_cycle(given(), spec()),
            lambda: blue_green.evaluate_cycles_json(as_json(Request(given(), spec()))),
        ):
            with pytest.raises(BrokenContract):
                evaluate()


def test_answers_that_are_written_otherwise_are_passed_on_as_they_are(
    blue_green: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = json.dumps([{"ok": EMPTY | {"memo": "\u00fc"}}], indent=1)
    answering(monkeypatch, answers)

    assert blue_green.evaluate_cycles_json(as_json(Request(given(), spec()))) == answers


@pytest.mark.parametrize(("requests", "answers"), [("[1,2,3]", 0), ("[]", 1), ('["\\ud800", 1]', 1)])
def test_there_are_as_many_answers_as_requests(
    blue_green: Plugin, monkeypatch: pytest.MonkeyPatch, requests: str, answers: int
) -> None:
    answering(monkeypatch, json.dumps([{"ok": EMPTY}] * answers))

    with pytest.raises(BrokenContract, match=f"it gave {answers} answers to {len(json.loads(requests))} requests"):
        blue_green.evaluate_cycles_json(requests)


def test_a_plan_is_checked_against_what_was_sent(hostile: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Strategy.ask
    routes, other = given(), given()

    def then_change(*arguments: Any, **keywords: Any) -> list[str]:
        answers = ask(*arguments, **keywords)
        for route_ in routes:
            route_.traffic_status = TrafficStatus.INACTIVE
        del other[:]
        return answers

    monkeypatch.setattr(Strategy, "ask", then_change)

    first, last = hostile.evaluate_cycles([(routes, misdeed("drain_all")), (other, misdeed("drain_all"))])
    for decision in (first, last):
        assert isinstance(decision, PlanRejected)
        assert [violation.code for violation in decision.violations] == ["capacity-lowered", "drained-while-short"]


def test_a_plan_in_a_large_fleet_is_checked_against_its_own_request(hostile: Plugin) -> None:
    fleet = [([route(f"d-{n}-{i}", "v2") for i in range(90)], misdeed("good" if n % 3 else "none")) for n in range(40)]

    decisions = hostile.evaluate_cycles(fleet)

    for n, decision in enumerate(decisions):
        assert isinstance(decision, RouteChanges), decision
        assert len(decision.promote_route_ids) == (90 if n % 3 else 0)


@pytest.mark.parametrize("again", ['"routes":[]', '"spec":null'])
def test_a_request_with_a_field_twice_is_none(hostile: Plugin, monkeypatch: pytest.MonkeyPatch, again: str) -> None:
    request = as_json(Request(given(), spec()))[1:-1]
    answering(monkeypatch, json.dumps([{"ok": DRAINING}]))

    for twice in (f"{{{again},{request[1:]}", request.replace('"id"', '"id": "r-0", "id"', 1)):
        with pytest.raises(BrokenContract, match="it has a plan for what is no request"):
            hostile.evaluate_cycles_json(f"[{twice}]")


@pytest.mark.parametrize("requests", [b'["\xff"]', b"\xff", '["\ud800"]'])
def test_requests_that_are_not_utf_8_are_not_the_plugins_fault(blue_green: Plugin, requests: str | bytes) -> None:
    with pytest.raises(InvalidRequests, match="not UTF-8"):
        blue_green.evaluate_cycles_json(requests)


def test_half_a_surrogate_pair_spoils_no_other_request(blue_green: Plugin) -> None:
    request = as_json(Request(given(), spec()))[1:-1]

    bad, good = json.loads(blue_green.evaluate_cycles_json(f'["\\ud800", {request}]'))

    assert bad["error"]["code"] == "invalid_request"
    assert good["ok"]["reason"]["code"] == "waiting-for-ready"


def changed(runtime: Runtime, **attributes: object) -> Runtime:
    """The same runtime, but for some attributes."""
    other = copy.copy(runtime)
    vars(other).update(attributes)
    return other


def test_a_guard_that_fails_lets_no_plan_through(host: Host, hostile: Plugin, cache: Path) -> None:
    guard = hostile._checker._loaded
    # Its text of violations is longer than this.
    short = replace(guard, runtime=changed(guard.runtime, limits=Limits(response=2)))
    plugin = replace(hostile, _checker=Checker(short))

    problem = r"could not be checked: plugin `guard.wasm` .* returned more than 2 bytes"
    with pytest.raises(PlanNotChecked, match=problem):
        plugin.evaluate_cycle(given(), misdeed("good"))
    with pytest.raises(PlanNotChecked):
        plugin.evaluate_cycles_json(as_json(Request(given(), misdeed("good"))))
    assert len(hostile.evaluate_cycle(given(), misdeed("good")).promote_route_ids) == 2


def test_a_guard_that_finds_no_instance_speaks_against_no_plan(hostile: Plugin) -> None:
    guard = hostile._checker._loaded
    full = replace(guard, runtime=changed(guard.runtime, instances=Instances(0)))
    plugin = replace(hostile, _checker=Checker(full))

    with pytest.raises(PluginLimit) as raised:
        plugin.evaluate_cycle(given(), misdeed("good"))
    assert (raised.value.plugin, raised.value.limit) == (hostile.id, Limit.INSTANCES)


def test_a_host_without_a_guard_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "GUARD", tmp_path / "guard.wasm")
    with pytest.raises(HostError, match="there is no guard: cannot read"):
        Host()

    monkeypatch.setattr(components, "GUARD", component("plugins/blue_green.wasm"))
    with pytest.raises(HostError, match="is a component but not a guard"):
        Host()


def test_the_guard_says_what_is_no_request(hostile: Plugin) -> None:
    # A plugin that gave a plan for it could not be believed.
    plan = hostile.evaluate_cycle(given(), misdeed("good"))
    for wrong in (b"{}", b"1", b"null"):
        sent = Sent(b"[]", 0, wrong, 0, None)
        with pytest.raises(BrokenContract, match="it has a plan for what is no request"):
            hostile._checker.check(hostile.id, Policy(), [(sent, plan)], Purpose.CALL)
