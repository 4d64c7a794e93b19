"""Answers of the JSON entry point, read into plans.

An answer is checked as it is read, field by field: what a caller gets is what the contract says, or `BrokenContract`.
The object that `orjson` made of a plan becomes the dictionary of the `RouteChanges` itself, which is the same form (see
`wire.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import orjson

from pointsman.contract.bounds import Commitment
from pointsman.contract.plan import Progress, Reason, RolloutSpec, RouteChanges, SubStep, TrafficChange
from pointsman.contract.route import TrafficStatus
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
from pointsman.plugin.json_text import elements

_ERRORS = {
    "invalid_config": InvalidConfig,
    "invalid_spec": InvalidSpec,
    "invalid_routes": InvalidRoutes,
    "invalid_request": InvalidRequest,
}
_SUB_STEPS = {step.value: step for step in SubStep}

_MOST_COUNT = (1 << 32) - 1
_COMMITMENTS: dict[tuple[int, int], Commitment] = {}
_MOST_COMMITMENTS = 1024
_NO_ANSWER = (KeyError, TypeError, ValueError, AttributeError)
"""Errors of reading an answer that is none."""

_new = object.__new__
_join = "".join

Decision = RouteChanges | EvaluationError
"""Result of one request."""


def read(plugin: PluginId, answers: str, requests: int, *, is_passed_on: bool = False) -> list[Decision]:
    """The decisions in the text that a plugin answered so many requests with. Text that is passed on must mean the same
    to whoever reads it: no field stands there twice.

    Raises `BrokenContract`.
    """
    try:
        given = orjson.loads(answers)
        if is_passed_on and not is_plain(given, answers.encode()):
            json.loads(answers, object_pairs_hook=_object)
    except (ValueError, TypeError, RecursionError) as error:
        # A `TypeError` where they are nested deeper than `orjson` writes: no plan is.
        raise BrokenContract(plugin, f"its answers are not JSON: {error}") from None
    if not isinstance(given, list):
        raise BrokenContract(plugin, "its answers are not a JSON array")
    if len(given) != requests:
        raise BrokenContract(plugin, f"it gave {len(given)} answers to {requests} requests")
    decisions: list[Decision] = []
    for answer in given:
        try:
            decisions.append(_decision(plugin, answer))
        except _NO_ANSWER as error:
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
    """Tells that text from which a value was read is what `orjson` writes for it. Then no field stands there twice, for
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


def _decision(plugin: PluginId, answer: dict[str, Any]) -> Decision:
    _expect(len(answer) == 1, "it has one field, `ok` or `error`")
    plan = answer.get("ok")
    if plan is not None:
        return _plan(plan)
    error = answer["error"]
    message = error["message"]
    _expect(len(error) == 2 and type(message) is str, "an error has a code and a message")
    return _ERRORS[error["code"]](plugin, message)


def admission(plugin: PluginId, answer: str) -> Commitment:
    """Reads what a plugin promises for a configuration.

    # Errors
    `InvalidConfig` where it refuses it, and `BrokenContract`.
    """
    try:
        given = orjson.loads(answer)
        _expect(len(given) == 1, "it has one field, `ok` or `error`")
        promised = given.get("ok")
        if promised is not None:
            _expect(len(promised) == 2, "a commitment has two fields")
            return _commitment(_u32(promised["least_serving"]), _u32(promised["most_live"]))
        message = given["error"]
        _expect(type(message) is str, "an error is text")
    except _NO_ANSWER as error:
        problem = f"it answers what is no admission: {type(error).__name__}: {error}"
        raise BrokenContract(plugin, problem) from None
    raise InvalidConfig(plugin, message)


def _plan(fields: dict[str, Any]) -> RouteChanges:
    """Every plan of a fleet comes by here: the fewer steps the better."""
    (
        rollout_specs, promoted, traffic_changes, drained, reason, gate, at, memo, commitment, progress, labels
    ) = _plan_fields(fields)  # fmt: skip
    code, message, blocking = _reason_fields(reason)
    least, most = _commitment_fields(commitment)
    if not (
        len(fields) == 12
        and len(reason) == 3
        and len(commitment) == 2
        and type(code) is type(message) is str
        and type(rollout_specs) is type(traffic_changes) is list
        and type(blocking) is type(promoted) is type(drained) is list
        and (memo is None or type(memo) is str)
        and (gate is None or type(gate) is str)
        # No whole number that `orjson` reads is larger than the largest moment.
        and (at is None or (type(at) is int and at >= 0))
        and type(least) is type(most) is int
        and type(labels) is dict
    ):
        raise ValueError("a field of its plan has another type than the contract's")
    # A `TypeError` where one is no text.
    _join(blocking)
    if promoted:
        _join(promoted)
    if drained:
        _join(drained)
    fields["sub_step"] = _SUB_STEPS[fields["sub_step"]]
    fields["reason"] = why = _new(Reason)
    why.__dict__ = reason
    # The same bounds for most of a fleet: made once.
    known = _COMMITMENTS.get((least, most))
    fields["commitment"] = _commitment(_u32(least), _u32(most)) if known is None else known
    if progress is not None:
        fields["progress"] = _progress(progress)
    if labels:
        _join(labels.values())
    if rollout_specs:
        fields["rollout_specs"] = [_rollout_spec(**spec) for spec in rollout_specs]
    if traffic_changes:
        fields["traffic_changes"] = [_traffic_change(**change) for change in traffic_changes]
    plan = _new(RouteChanges)
    plan.__dict__ = fields
    return plan


_plan_fields = itemgetter(
    "rollout_specs", "promote_route_ids", "traffic_changes", "drain_route_ids", "reason", "gate", "next_evaluation_at",
    "memo", "commitment", "progress", "labels",
)  # fmt: skip
_reason_fields = itemgetter("code", "message", "blocking_route_ids")
_commitment_fields = itemgetter("least_serving", "most_live")
_progress_fields = itemgetter("step", "steps", "share")


def _progress(fields: dict[str, Any]) -> Progress:
    step, steps, share = _progress_fields(fields)
    if type(share) is not float or not (
        len(fields) == 3
        and type(step) is type(steps) is int
        and 0 <= step <= _MOST_COUNT
        and 0 <= steps <= _MOST_COUNT
    ):  # fmt: skip
        _expect(len(fields) == 3, "a progress has three fields")
        return Progress(_u32(step), _u32(steps), _number(share))
    progress = _new(Progress)
    progress.__dict__ = fields
    return progress


def _rollout_spec(
    count: int, revision: str, traffic_status: str, traffic_ratio: float, labels: dict[str, str]
) -> RolloutSpec:
    _expect(type(revision) is str and type(labels) is dict, "a rollout spec has a revision and labels")
    _join(labels.values())
    return RolloutSpec(_u32(count), revision, TrafficStatus(traffic_status), _number(traffic_ratio), labels)


def _traffic_change(route_id: str, traffic_status: str, traffic_ratio: float) -> TrafficChange:
    _expect(type(route_id) is str, "a traffic change has an id")
    return TrafficChange(route_id, TrafficStatus(traffic_status), _number(traffic_ratio))


def _commitment(least_serving: int, most_live: int) -> Commitment:
    commitment = Commitment(least_serving, most_live)
    if len(_COMMITMENTS) < _MOST_COMMITMENTS:
        _COMMITMENTS[least_serving, most_live] = commitment
    return commitment


def _u32(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_COUNT:
        raise ValueError(f"{value!r} is no number from 0 to {_MOST_COUNT}")
    return value


def _number(value: Any) -> float:
    if type(value) is not float and type(value) is not int:
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _expect(is_so: bool, what: str) -> None:
    if not is_so:
        raise ValueError(what)
