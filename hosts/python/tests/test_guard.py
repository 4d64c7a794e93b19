"""The guard in the host: hostile plans through every entry point."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from pointsman import (
    BrokenContract,
    Commitment,
    IdsOnly,
    PlanRejected,
    Plugin,
    Policy,
    Request,
    RouteChanges,
)
from support import as_json, given, misdeed, spec

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


def test_the_answers_beside_a_rejected_one_are_not_written_anew(hostile: Plugin) -> None:
    good, bad = Request(given(), misdeed("none")), Request(given(), misdeed("unknown_id"))
    alone = hostile.evaluate_cycles_json(as_json(good))

    answers = hostile.evaluate_cycles_json(as_json(good, bad, good))

    rejection = (
        '{"error":{"code":"plan_rejected","message":"unknown-id: not among the given routes: `nobody`",'
        '"violations":[{"code":"unknown-id","route_ids":["nobody"],"message":"not among the given routes: `nobody`"}]}}'
    )
    assert answers == f"[{alone[1:-1]},{rejection},{alone[1:-1]}]"
