"""Answers of a plugin as the guard and a caller see them: what is checked, against what, and what is passed on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pointsman import (
    BrokenContract,
    InvalidRequests,
    PlanRejected,
    Plugin,
    Request,
    RouteChanges,
    TrafficStatus,
    Violation,
)
from pointsman.guard.checker import Checker
from pointsman.plugin.strategy import Strategy
from support import as_json, given, misdeed, route, spec

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


@pytest.mark.parametrize("requests", [b'["\xff"]', b"\xff"])
def test_requests_that_are_not_utf_8_are_not_the_plugins_fault(blue_green: Plugin, requests: bytes) -> None:
    with pytest.raises(InvalidRequests, match="not UTF-8"):
        blue_green.evaluate_cycles_json(requests)


def test_half_a_surrogate_pair_spoils_no_other_request(blue_green: Plugin) -> None:
    request = as_json(Request(given(), spec()))[1:-1]

    for half in ("\\ud800", "\ud800"):
        bad, good = json.loads(blue_green.evaluate_cycles_json(f'["{half}", {request}]'))

        assert bad["error"]["code"] == "invalid_request"
        assert good["ok"]["reason"]["code"] == "waiting-for-ready"


def test_a_rejected_plan_is_tidy_too(blue_green: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, json.dumps([{"ok": DRAINING | {"gate": "a\n", "next_evaluation_at": MILLIS + 1}}]))

    with pytest.raises(PlanRejected) as raised:
        blue_green.evaluate_cycle(given(), spec())
    assert raised.value.plan.gate == r"a\u{a}"
    assert vars(raised.value.plan)["next_evaluation_at"] == MILLIS + 1000
