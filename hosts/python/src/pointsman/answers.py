"""Answers of the JSON door, read into plans.

An answer is checked as it is read, field by field: what a caller gets is what the contract says, or `BrokenContract`.
The object that `orjson` made of a plan becomes the dictionary of the `RouteChanges` itself, which is the same form (see
`wire.py`).
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from pointsman.errors import (
    BrokenContract,
    EvaluationError,
    InvalidConfig,
    InvalidRequest,
    InvalidRoutes,
    PlanRejected,
    PluginId,
)
from pointsman.plan import Reason, RolloutSpec, RouteChanges, SubStep, TrafficChange
from pointsman.route import TrafficStatus

_ERRORS = {"invalid_config": InvalidConfig, "invalid_routes": InvalidRoutes, "invalid_request": InvalidRequest}
_SUB_STEPS = {step.value: step for step in SubStep}

_LAST = (1 << 64) - 1
_MOST_COUNT = (1 << 32) - 1

_new = object.__new__
_join = "".join

Decision = RouteChanges | EvaluationError
"""What came of one request."""


def read(plugin: PluginId, answers: str, requests: int | None) -> list[Decision]:
    """The decisions in the text that a plugin answered so many requests with; None where their number is not known.

    Raises `BrokenContract`.
    """
    try:
        given = orjson.loads(answers)
    except orjson.JSONDecodeError as error:
        raise BrokenContract(plugin, f"its answers are not JSON: {error}") from None
    if not isinstance(given, list):
        raise BrokenContract(plugin, "its answers are not a JSON array")
    if requests is not None and len(given) != requests:
        raise BrokenContract(plugin, f"it gave {len(given)} answers to {requests} requests")
    decisions: list[Decision] = []
    for answer in given:
        try:
            decisions.append(_decision(plugin, answer))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problem = f"its answer {len(decisions)} is none: {type(error).__name__}: {error}"
            raise BrokenContract(plugin, problem) from None
    return decisions


def write(answers: str, rejections: dict[int, PlanRejected]) -> str:
    """The answers with an error in the place of each plan that was rejected. The others are not written anew."""
    texts = elements(answers)
    for i, rejection in rejections.items():
        violations = [vars(violation) for violation in rejection.violations]
        error = {"code": "plan_rejected", "message": rejection.message, "violations": violations}
        texts[i] = orjson.dumps({"error": error}).decode()
    return f"[{','.join(texts)}]"


def elements(array: str) -> list[str]:
    """The texts of the elements of a JSON array that was found valid."""
    decoder = json.JSONDecoder()
    texts: list[str] = []
    at = array.index("[") + 1
    while True:
        while array[at] in " \t\n\r,":
            at += 1
        if array[at] == "]":
            return texts
        _, end = decoder.raw_decode(array, at)
        texts.append(array[at:end])
        at = end


def _decision(plugin: PluginId, answer: dict[str, Any]) -> Decision:
    _expect(len(answer) == 1, "it has one field, `ok` or `error`")
    plan = answer.get("ok")
    if plan is not None:
        return _plan(plan)
    error = answer["error"]
    message = error["message"]
    _expect(len(error) == 2 and type(message) is str, "an error has a code and a message")
    return _ERRORS[error["code"]](plugin, message)


def _plan(fields: dict[str, Any]) -> RouteChanges:
    reason, memo, next_evaluation_at = fields["reason"], fields["memo"], fields["next_evaluation_at"]
    rollout_specs, traffic_changes = fields["rollout_specs"], fields["traffic_changes"]
    blocking, promoted, drained = reason["blocking_route_ids"], fields["promote_route_ids"], fields["drain_route_ids"]
    # Every plan of a fleet comes by here, so it is one expression.
    if not (
        len(fields) == 8
        and len(reason) == 3
        and type(reason["code"]) is type(reason["message"]) is str
        and type(rollout_specs) is type(traffic_changes) is list
        and type(blocking) is type(promoted) is type(drained) is list
        and (memo is None or type(memo) is str)
        and (next_evaluation_at is None or _is_count(next_evaluation_at, _LAST))
    ):
        raise ValueError("a field of its plan has another type than the contract's")
    # A `TypeError` where one is no text.
    _join(blocking), _join(promoted), _join(drained)
    fields["sub_step"] = _SUB_STEPS[fields["sub_step"]]
    fields["reason"] = why = _new(Reason)
    why.__dict__ = reason
    if rollout_specs:
        fields["rollout_specs"] = [_rollout_spec(**spec) for spec in rollout_specs]
    if traffic_changes:
        fields["traffic_changes"] = [_traffic_change(**change) for change in traffic_changes]
    plan = _new(RouteChanges)
    plan.__dict__ = fields
    return plan


def _rollout_spec(count: int, revision: str, traffic_status: str, traffic_ratio: float) -> RolloutSpec:
    _expect(_is_count(count, _MOST_COUNT) and type(revision) is str, "a rollout spec has a count and a revision")
    _expect(type(traffic_ratio) in (float, int), "a ratio is a number")
    return RolloutSpec(count, revision, TrafficStatus(traffic_status), traffic_ratio)


def _traffic_change(route_id: str, traffic_status: str, traffic_ratio: float) -> TrafficChange:
    _expect(type(route_id) is str and type(traffic_ratio) in (float, int), "a traffic change has an id and a ratio")
    return TrafficChange(route_id, TrafficStatus(traffic_status), traffic_ratio)


def _is_count(value: Any, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


def _expect(is_so: bool, what: str) -> None:
    if not is_so:
        raise ValueError(what)
