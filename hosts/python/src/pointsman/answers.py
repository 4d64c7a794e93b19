"""Answers of the JSON door, read into plans.

An answer is checked as it is read, field by field: what a caller gets is what the contract says, or `BrokenContract`.
The object that `orjson` made of a plan becomes the dictionary of the `RouteChanges` itself, which is the same form (see
`wire.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from pointsman.errors import (
    BrokenContract,
    EvaluationError,
    InvalidConfig,
    InvalidRequest,
    InvalidRoutes,
    InvalidSpec,
    PlanRejected,
    PluginId,
)
from pointsman.bounds import Commitment
from pointsman.plan import Progress, Reason, RolloutSpec, RouteChanges, SubStep, TrafficChange
from pointsman.route import TrafficStatus

_ERRORS = {
    "invalid_config": InvalidConfig,
    "invalid_spec": InvalidSpec,
    "invalid_routes": InvalidRoutes,
    "invalid_request": InvalidRequest,
}
_SUB_STEPS = {step.value: step for step in SubStep}

_LAST = (1 << 64) - 1
_MOST_COUNT = (1 << 32) - 1

_SPACE = " \t\n\r"
_BETWEEN = _SPACE + ",:"

_new = object.__new__
_join = "".join

Decision = RouteChanges | EvaluationError
"""What came of one request."""


def read(plugin: PluginId, answers: str, requests: int, *, is_passed_on: bool = False) -> list[Decision]:
    """The decisions in the text that a plugin answered so many requests with. Text that is passed on must mean the same
    to whoever reads it: no field stands there twice.

    Raises `BrokenContract`.
    """
    try:
        given = orjson.loads(answers)
        if is_passed_on and not is_plain(given, answers.encode()):
            json.loads(answers, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise BrokenContract(plugin, f"its answers are not JSON: {error}") from None
    if not isinstance(given, list):
        raise BrokenContract(plugin, "its answers are not a JSON array")
    if len(given) != requests:
        raise BrokenContract(plugin, f"it gave {len(given)} answers to {requests} requests")
    decisions: list[Decision] = []
    for answer in given:
        try:
            decisions.append(_decision(plugin, answer))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problem = f"its answer {len(decisions)} is none: {type(error).__name__}: {error}"
            raise BrokenContract(plugin, problem) from None
    return decisions


def write(answers: str, replaced: Mapping[int, Decision]) -> str:
    """The answers with others in their places: plans that were tidied, and errors of this host. The others are not
    written anew.
    """
    texts = elements(answers)
    for i, decision in replaced.items():
        texts[i] = orjson.dumps(_written(decision)).decode()
    return f"[{','.join(texts)}]"


def _written(decision: Decision) -> dict[str, Any]:
    if isinstance(decision, RouteChanges):
        return {"ok": decision}
    if isinstance(decision, PlanRejected):
        violations = [vars(violation) for violation in decision.violations]
        return {"error": {"code": "plan_rejected", "message": decision.message, "violations": violations}}
    return {"error": {"code": "invalid_request", "message": decision.message}}


def is_plain(value: Any, text: bytes) -> bool:
    """Whether text from which a value was read is what `orjson` writes for it. Then no field stands there twice, for
    one of them would be missing. Text of a strategy in Rust is, and writing it takes a fraction of reading it anew.
    """
    return orjson.dumps(value) == text


def _object(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises `ValueError` for a field that is there twice."""
    value = dict(fields)
    if len(value) != len(fields):
        names = [name for name, _ in fields]
        raise ValueError(f"an object has `{next(name for name in names if names.count(name) > 1)}` twice")
    return value


def elements(value: str) -> list[str]:
    """The texts of the elements of a JSON array, or of the names and values of an object, that was found valid."""
    decoder = json.JSONDecoder()
    texts: list[str] = []
    at = len(value) - len(value.lstrip(_SPACE)) + 1
    while True:
        while value[at] in _BETWEEN:
            at += 1
        if value[at] in "]}":
            return texts
        _, end = decoder.raw_decode(value, at)
        texts.append(value[at:end])
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
    gate, commitment, labels, progress = fields["gate"], fields["commitment"], fields["labels"], fields["progress"]
    blocking, promoted, drained = reason["blocking_route_ids"], fields["promote_route_ids"], fields["drain_route_ids"]
    # Every plan of a fleet comes by here, so it is one expression.
    if not (
        len(fields) == 12
        and len(reason) == 3
        and type(reason["code"]) is type(reason["message"]) is str
        and type(rollout_specs) is type(traffic_changes) is list
        and type(blocking) is type(promoted) is type(drained) is list
        and (memo is None or type(memo) is str)
        and (gate is None or type(gate) is str)
        and len(commitment) == 2
        and _is_count(commitment["least_serving"], _MOST_COUNT)
        and _is_count(commitment["most_live"], _MOST_COUNT)
        and (not labels or _is_labels(labels))
        and (next_evaluation_at is None or _is_count(next_evaluation_at, _LAST))
    ):
        raise ValueError("a field of its plan has another type than the contract's")
    # A `TypeError` where one is no text.
    _join(blocking), _join(promoted), _join(drained)
    fields["sub_step"] = _SUB_STEPS[fields["sub_step"]]
    fields["reason"] = why = _new(Reason)
    why.__dict__ = reason
    # The same bounds for most of a fleet: made once.
    fields["commitment"] = _commitment(commitment["least_serving"], commitment["most_live"])
    if progress is not None:
        fields["progress"] = _progress(**progress)
    if type(labels) is not dict:
        raise ValueError("a field of its plan has another type than the contract's")
    if rollout_specs:
        fields["rollout_specs"] = [_rollout_spec(**spec) for spec in rollout_specs]
    if traffic_changes:
        fields["traffic_changes"] = [_traffic_change(**change) for change in traffic_changes]
    plan = _new(RouteChanges)
    plan.__dict__ = fields
    return plan


_commitment = lru_cache(maxsize=1024)(Commitment)


def _progress(step: int, steps: int, share: float) -> Progress:
    _expect(_is_count(step, _MOST_COUNT) and _is_count(steps, _MOST_COUNT), "a progress has a step and its steps")
    _expect(type(share) in (float, int), "a share is a number")
    return Progress(step, steps, share)


def _is_labels(labels: Any) -> bool:
    return type(labels) is dict and all(type(each) is str for label in labels.items() for each in label)


def _rollout_spec(
    count: int, revision: str, traffic_status: str, traffic_ratio: float, labels: dict[str, str]
) -> RolloutSpec:
    _expect(_is_labels(labels), "a rollout spec has labels")
    _expect(_is_count(count, _MOST_COUNT) and type(revision) is str, "a rollout spec has a count and a revision")
    _expect(type(traffic_ratio) in (float, int), "a ratio is a number")
    return RolloutSpec(count, revision, TrafficStatus(traffic_status), traffic_ratio, labels)


def _traffic_change(route_id: str, traffic_status: str, traffic_ratio: float) -> TrafficChange:
    _expect(type(route_id) is str and type(traffic_ratio) in (float, int), "a traffic change has an id and a ratio")
    return TrafficChange(route_id, TrafficStatus(traffic_status), traffic_ratio)


def _is_count(value: Any, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


def _expect(is_so: bool, what: str) -> None:
    if not is_so:
        raise ValueError(what)
