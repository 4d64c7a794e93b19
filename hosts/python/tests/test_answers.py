"""Answers are checked field by field: what a caller gets is what the contract says."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pointsman import (
    BrokenContract,
    Commitment,
    EvaluationError,
    InvalidConfig,
    InvalidRequest,
    InvalidRoutes,
    InvalidSpec,
    Plugin,
    PluginId,
    Progress,
    Reason,
    RolloutSpec,
    RouteChanges,
    SubStep,
    TrafficChange,
    TrafficStatus,
)
from pointsman.plugin.answers import read
from support import given, spec

PLUGIN = PluginId("p.wasm", "sha256:" + "0" * 64)

FULL: dict[str, Any] = {
    "sub_step": "rolled_back",
    "rollout_specs": [
        {"count": 2, "revision": "v1", "traffic_status": "inactive", "traffic_ratio": 0.0, "labels": {"zone": "a"}}
    ],
    "promote_route_ids": ["r-4"],
    "traffic_changes": [{"route_id": "r-5", "traffic_status": "standby", "traffic_ratio": 0.25}],
    "drain_route_ids": ["r-1", "r-2"],
    "reason": {"code": "a-word", "message": "A sentence.", "blocking_route_ids": ["r-6"]},
    "gate": "promotion",
    "next_evaluation_at": 1_760_000_000_000,
    "memo": "1",
    "commitment": {"least_serving": 3, "most_live": 6},
    "progress": {"step": 1, "steps": 2, "share": 0.5},
    "labels": {"ticket": "7"},
}


def answer(plan: Any) -> EvaluationError | RouteChanges:
    (decision,) = read(PLUGIN, json.dumps([{"ok": plan}]), 1)
    return decision


def test_a_plan_is_read() -> None:
    assert answer(FULL) == RouteChanges(
        sub_step=SubStep.ROLLED_BACK,
        rollout_specs=[RolloutSpec(2, "v1", TrafficStatus.INACTIVE, 0.0, {"zone": "a"})],
        promote_route_ids=["r-4"],
        traffic_changes=[TrafficChange("r-5", TrafficStatus.STANDBY, 0.25)],
        drain_route_ids=["r-1", "r-2"],
        reason=Reason("a-word", "A sentence.", ["r-6"]),
        next_evaluation_at=datetime.fromtimestamp(1_760_000_000, UTC),
        memo="1",
        gate="promotion",
        commitment=Commitment(3, 6),
        progress=Progress(1, 2, 0.5),
        labels={"ticket": "7"},
    )


def test_what_need_not_be_there_is_null() -> None:
    plan = answer(FULL | {"gate": None, "next_evaluation_at": None, "memo": None, "progress": None, "labels": {}})

    assert isinstance(plan, RouteChanges)
    assert (plan.gate, plan.next_evaluation_at, plan.memo, plan.progress, plan.labels) == (None, None, None, None, {})


@pytest.mark.parametrize(
    ("word", "is_over"),
    [
        ("provisioning", False),
        ("awaiting_promotion", False),
        ("finalizing", False),
        ("rolling_back", False),
        ("completed", True),
        ("rolled_back", True),
    ],
)
def test_sub_steps(word: str, is_over: bool) -> None:
    plan = answer(FULL | {"sub_step": word})

    assert isinstance(plan, RouteChanges)
    assert (plan.sub_step.value, plan.sub_step.is_over) == (word, is_over)
    assert plan.sub_step.words == word.replace("_", "-")


TEXT, COUNT, RATIO, MAYBE_TEXT, MOMENT = "text", "count", "ratio", "text or null", "moment or null"
TRAFFIC, STEP, TEXTS, LABELS = "traffic status", "sub-step", "texts", "labels"
KINDS: dict[str, Any] = {
    "sub_step": STEP,
    "rollout_specs": [
        {"count": COUNT, "revision": TEXT, "traffic_status": TRAFFIC, "traffic_ratio": RATIO, "labels": LABELS}
    ],
    "promote_route_ids": TEXTS,
    "traffic_changes": [{"route_id": TEXT, "traffic_status": TRAFFIC, "traffic_ratio": RATIO}],
    "drain_route_ids": TEXTS,
    "reason": {"code": TEXT, "message": TEXT, "blocking_route_ids": TEXTS},
    "gate": MAYBE_TEXT,
    "next_evaluation_at": MOMENT,
    "memo": MAYBE_TEXT,
    "commitment": {"least_serving": COUNT, "most_live": COUNT},
    "progress": {"step": COUNT, "steps": COUNT, "share": RATIO},
    "labels": LABELS,
}
WRONG: dict[str, list[Any]] = {
    TEXT: [None, 1, True, [], {}],
    MAYBE_TEXT: [1, False, [], {}],
    COUNT: [None, -1, 1 << 32, 1 << 64, 1.0, 0.5, True, "1", []],
    MOMENT: [-1, 1 << 64, 1.5, True, "1", []],
    RATIO: [None, "0.5", True, []],
    TRAFFIC: [None, "", "Active", "in_traffic", 1, []],
    STEP: [None, "", "rolling-back", "over", 1, []],
    TEXTS: [None, "r-1", {}, [1], ["r-1", None], [["r-1"]]],
    LABELS: [None, [], "a", {"a": 1}, {"a": None}, {"a": ["b"]}],
}


def wrong_plans() -> Iterator[tuple[str, Any]]:
    """Each field left out, of each wrong kind, and one too many in each object."""

    def objects(kinds: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
        if isinstance(kinds, dict):
            yield kinds, path
            for name, kind in kinds.items():
                yield from objects(kind, (*path, name))
        elif isinstance(kinds, list):
            yield from objects(kinds[0], (*path, 0))

    def changed(path: tuple[Any, ...]) -> tuple[Any, Any]:
        plan = found = copy.deepcopy(FULL)
        for step in path:
            found = found[step]
        return plan, found

    for kinds, path in objects(KINDS, ()):
        plan, found = changed(path)
        found["more"] = None
        yield f"{path} has more", plan
        for name, kind in kinds.items():
            plan, found = changed(path)
            del found[name]
            yield f"{path} has no {name}", plan
            whole = isinstance(kind, str)
            for value in WRONG[kind] if whole else [1, "a", *([[1], [{}], None] if isinstance(kind, list) else [[]])]:
                plan, found = changed(path)
                found[name] = value
                yield f"{path} {name} is {value!r}", plan


def test_every_field_is_looked_at() -> None:
    plans = list(wrong_plans())
    assert len(plans) > 150
    taken = []
    for what, plan in plans:
        try:
            answer(plan)
            taken.append(what)
        except BrokenContract:
            pass
    assert not taken


def test_numbers_at_the_ends_of_their_ranges() -> None:
    # The known bounds of another plan do not make 1.0 a count.
    most = (1 << 32) - 1
    for least in (0, 1, most):
        plan = answer(FULL | {"commitment": {"least_serving": least, "most_live": most}})
        assert isinstance(plan, RouteChanges)
        assert plan.commitment == Commitment(least, most)
    for value in (1.0, True):
        with pytest.raises(BrokenContract):
            answer(FULL | {"commitment": {"least_serving": value, "most_live": most}})
    plan = answer(FULL | {"next_evaluation_at": (1 << 64) - 1})
    assert isinstance(plan, RouteChanges)
    assert vars(plan)["next_evaluation_at"] == (1 << 64) - 1
    # A ratio without a decimal point is a ratio.
    whole = {"route_id": "r-5", "traffic_status": "active", "traffic_ratio": 1}
    plan = answer(FULL | {"traffic_changes": [whole]})
    assert isinstance(plan, RouteChanges)
    assert type(plan.traffic_changes[0].traffic_ratio) is float


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("invalid_config", InvalidConfig),
        ("invalid_spec", InvalidSpec),
        ("invalid_routes", InvalidRoutes),
        ("invalid_request", InvalidRequest),
    ],
)
def test_refusals(code: str, error: type[EvaluationError]) -> None:
    (decision,) = read(PLUGIN, json.dumps([{"error": {"code": code, "message": "why"}}]), 1)

    assert type(decision) is error
    assert decision.message == "why"
    assert decision.plugin == PLUGIN


@pytest.mark.parametrize(
    "answer",
    [
        1,
        {},
        {"ok": None},
        {"ok": FULL, "error": {"code": "invalid_spec", "message": "why"}},
        {"error": {"code": "invalid_spec"}},
        {"error": {"code": "invalid_spec", "message": 1}},
        {"error": {"code": "plan_rejected", "message": "why"}},
        {"error": {"code": "invalid_spec", "message": "why", "violations": []}},
        {"error": "why"},
    ],
)
def test_what_is_no_answer(answer: Any) -> None:
    with pytest.raises(BrokenContract, match="its answer 0 is none"):
        read(PLUGIN, json.dumps([answer]), 1)


def test_an_empty_deploying_revision_is_an_invalid_spec(blue_green: Plugin) -> None:
    a_spec = spec()
    a_spec.deploying_revision = ""

    with pytest.raises(InvalidSpec, match=r"invalid spec: .*deploying_revision") as raised:
        blue_green.evaluate_cycle(given(), a_spec)
    assert isinstance(raised.value, EvaluationError)
