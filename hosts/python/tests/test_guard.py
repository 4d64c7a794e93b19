"""The guard in the host: hostile plans through every door."""

from __future__ import annotations

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
    components,
)
from pointsman.guard import Checker, Decided
from pointsman.instances import Instances, Purpose
from support import as_json, component, given, misdeed, route, spec

Door = Callable[[Plugin, str], list[str]]


def single(plugin: Plugin, word: str) -> list[str]:
    """The violations of a misdeed alone; none where it passes."""
    try:
        plugin.evaluate_cycle(given(), misdeed(word))
        return []
    except PlanRejected as error:
        rejected = error
    assert rejected.plugin == plugin.id
    assert not rejected.plan.is_empty or rejected.plan.next_evaluation_at is not None
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


doors = pytest.mark.parametrize("door", [single, batch, as_text])


@doors
@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("unknown_id", ["unknown-id"]),
        ("duplicate_id", ["duplicate-id", "promoted-not-green"]),
        ("promote_and_drain", ["conflicting-changes", "promoted-not-green", "drained-while-short"]),
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
    hostile: Plugin, blue_green: Plugin, door: Door, word: str, codes: list[str]
) -> None:
    assert door(hostile, word) == codes

    assert door(hostile, "none") == []
    assert blue_green.evaluate_cycle(given(), spec()).reason.code == "waiting-for-ready"


@doors
def test_ids_are_checked_whatever_the_guard(hostile: Plugin, door: Door) -> None:
    plugin = hostile.with_guard(IdsOnly())

    assert door(plugin, "drain_all") == []
    assert door(plugin, "again_at_once") == []
    assert door(plugin, "unknown_id") == ["unknown-id"]
    assert door(plugin, "duplicate_id") == ["duplicate-id"]
    assert door(plugin, "promote_and_drain") == ["conflicting-changes"]


@doors
def test_a_policy_can_be_set(hostile: Plugin, door: Door) -> None:
    assert door(hostile.under(Policy(max_unavailable="100%")), "drain_all") == []


def test_a_policy_of_one_deployment_of_a_batch(hostile: Plugin) -> None:
    all_may_go = Policy(max_unavailable="100%")
    limited = misdeed("drain_all")
    limited.limits = Commitment(1, 9)
    wanted = [misdeed("drain_all"), misdeed("drain_all"), limited]
    policies = [all_may_go, None, all_may_go]

    typed = hostile.evaluate_cycles(
        [Request(given(), spec, policy) for spec, policy in zip(wanted, policies, strict=True)]
    )
    as_requests = json.loads(as_json(*(Request(given(), spec) for spec in wanted)))
    for request, policy in zip(as_requests, policies, strict=True):
        if policy is not None:
            request["policy"] = vars(policy)
    as_requests.append({**as_requests[0], "policy": {"max_surge": "many"}})
    text = json.dumps(as_requests)
    answers = json.loads(hostile.evaluate_cycles_json(text))
    # The same where a field's order or white space keep the text from being plain.
    assert json.loads(hostile.evaluate_cycles_json(text.replace('"policy"', ' "policy" '))) == answers

    assert [isinstance(decision, PlanRejected) for decision in typed] == [False, True, True]
    assert [list(answer) for answer in answers] == [["ok"], ["error"], ["error"], ["error"]]
    assert answers[3]["error"]["code"] == "invalid_request"
    assert "policy `max_surge` is 'many'" in answers[3]["error"]["message"]
    assert hostile.evaluate_cycle(given(), misdeed("drain_all"), policy=all_may_go).drain_route_ids


def test_a_policy_is_resolved_into_limits(hostile: Plugin) -> None:
    plugin = hostile.under(Policy(max_surge=7, max_unavailable=2))

    assert plugin.evaluate_cycle(given(), misdeed("none")).commitment == Commitment(1, 10)
    (answer,) = json.loads(plugin.evaluate_cycles_json(as_json(Request(given(), misdeed("none")))))
    assert answer["ok"]["commitment"] == {"least_serving": 1, "most_live": 10}
    assert plugin.check_config({"misdeed": "none"}, 3) == Commitment(1, 10)
    ids_only = hostile.with_guard(IdsOnly())
    assert ids_only.evaluate_cycle(given(), misdeed("none")).commitment == Commitment(0, (1 << 32) - 1)


def test_resolved_as_the_guard_component_resolves(host: Host) -> None:
    amounts: list[int | str] = [0, 1, 3, 10_000, (1 << 32) - 1, "0%", "0.001%", "12.5%", "25%", "99.999%", "100%", "250%"]
    targets = [0, 1, 2, 3, 4, 7, 10, 100, 9_999, 10_000, (1 << 32) - 1]
    function = "pointsman:guard/guard-json@0.2.0#resolve"
    with host._checker._loaded.call(Purpose.CALL) as call:
        for amount in amounts:
            policy = Policy(max_unavailable=amount, max_surge=amount)
            for target in targets:
                request = json.dumps({"policy": vars(policy), "target_replicas": target}).encode()
                is_ok, text = call.text(function, request)
                assert is_ok
                assert vars(policy.resolve(target)) == json.loads(text), (amount, target)


def test_plans_are_tidied(hostile: Plugin) -> None:
    forged = hostile.evaluate_cycle(given(), misdeed("forge_texts"))
    (answer,) = json.loads(hostile.evaluate_cycles_json(as_json(Request(given(), misdeed("forge_texts")))))
    assert forged.reason.message.startswith(r"ok\u{a}ERROR \u{9b}31m all routes lost \u{202e}xxx")
    assert len(forged.reason.message.encode()) == 1024
    assert forged.gate is not None
    assert (len(forged.reason.code.encode()), len(forged.gate.encode())) == (64, 64)
    assert answer["ok"]["reason"] == vars(forged.reason)

    soon = misdeed("again_in_a_millisecond")
    at = hostile.evaluate_cycle(given(), soon).next_evaluation_at
    assert at == soon.now + timedelta(seconds=1)

def test_a_policy_that_cannot_be_is_an_error() -> None:
    right = "a number of routes from 0 to 2\\^32 - 1, or a percentage with at most three decimals such as '12.5%'"
    for value in [-1, 1 << 32, "50", "", "%", "1.2345%", ".5%", "-1%", "٣%", "4294967.296%"]:
        with pytest.raises(ValueError, match=f"policy `max_surge` is .*; it must be {right}"):
            Policy(max_surge=value)
    wrong: list[Any] = [50.5, True, None]
    for value in wrong:
        with pytest.raises(TypeError, match=f"policy `max_unavailable` is .*; it must be {right}"):
            Policy(max_unavailable=value)


def test_a_ratio_that_is_no_number_is_a_broken_contract(hostile: Plugin) -> None:
    # JSON has no NaN, so the answer is none.
    with pytest.raises(BrokenContract, match="its answer 0 is none"):
        hostile.evaluate_cycle(given(), misdeed("nan_ratio"))


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
DRAINING = EMPTY | {"drain_route_ids": ["r-1", "r-2", "r-3"]}


def answering(monkeypatch: pytest.MonkeyPatch, answers: str) -> None:
    monkeypatch.setattr(Plugin, "_ask", lambda *_: answers)


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
    ask = Plugin._ask
    routes, other = given(), given()

    def then_change(*arguments: Any) -> str:
        answers = ask(*arguments)
        for route_ in routes:
            route_.traffic_status = TrafficStatus.INACTIVE
        del other[:]
        return answers

    monkeypatch.setattr(Plugin, "_ask", then_change)

    first, last = hostile.evaluate_cycles([(routes, misdeed("drain_all")), (other, misdeed("drain_all"))])
    for decision in (first, last):
        assert isinstance(decision, PlanRejected)
        assert [violation.code for violation in decision.violations] == ["serving-floor-broken"]


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


def test_a_guard_that_fails_lets_no_plan_through(host: Host, hostile: Plugin, cache: Path) -> None:
    guard = hostile._checker._loaded
    # Its text of violations is longer than this.
    short = replace(guard, sandbox=replace(guard.sandbox, limits=Limits(response=2)))
    plugin = replace(hostile, _checker=Checker(short))

    problem = r"could not be checked: plugin `guard.wasm` .* returned more than 2 bytes"
    with pytest.raises(PlanNotChecked, match=problem):
        plugin.evaluate_cycle(given(), misdeed("good"))
    with pytest.raises(PlanNotChecked):
        plugin.evaluate_cycles_json(as_json(Request(given(), misdeed("good"))))
    assert len(hostile.evaluate_cycle(given(), misdeed("good")).promote_route_ids) == 2


def test_a_guard_that_finds_no_instance_speaks_against_no_plan(hostile: Plugin) -> None:
    guard = hostile._checker._loaded
    full = replace(guard, sandbox=replace(guard.sandbox, instances=Instances(0)))
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
    wrong: list[Any] = [{}, 1, None]
    for spec_ in wrong:
        decided = [Decided((), spec_, plan, 0)]
        with pytest.raises(BrokenContract, match="it has a plan for what is no request"):
            hostile._checker.check(hostile.id, Policy(), decided, hostile._purpose)
