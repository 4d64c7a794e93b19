"""Plans, read from the objects that `orjson` made of them; every field is checked, because nobody trusts a plugin."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from pointsman.contract.bounds import Commitment
from pointsman.contract.plan import Progress, Reason, RolloutSpec, RouteChanges, SubStep, TrafficChange
from pointsman.contract.route import TrafficStatus

_SUB_STEPS = {step.value: step for step in SubStep}
_MOST_COUNT = (1 << 32) - 1
_COMMITMENTS: dict[tuple[int, int], Commitment] = {}
_MOST_COMMITMENTS = 1024

_new = object.__new__
_join = "".join


def read_plan(fields: dict[str, Any]) -> RouteChanges:
    """Makes a plan of its fields.

    # Errors
    `KeyError`, `TypeError`, `ValueError` or `AttributeError` for what is none.
    """
    # Every plan of a fleet comes by here: the fewer steps the better.
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
    fields["commitment"] = bounds(u32(least), u32(most)) if known is None else known
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
        expect(len(fields) == 3, "a progress has three fields")
        return Progress(u32(step), u32(steps), _number(share))
    progress = _new(Progress)
    progress.__dict__ = fields
    return progress


def _rollout_spec(
    count: int, revision: str, traffic_status: str, traffic_ratio: float, labels: dict[str, str]
) -> RolloutSpec:
    expect(type(revision) is str and type(labels) is dict, "a rollout spec has a revision and labels")
    _join(labels.values())
    return RolloutSpec(u32(count), revision, TrafficStatus(traffic_status), _number(traffic_ratio), labels)


def _traffic_change(route_id: str, traffic_status: str, traffic_ratio: float) -> TrafficChange:
    expect(type(route_id) is str, "a traffic change has an id")
    return TrafficChange(route_id, TrafficStatus(traffic_status), _number(traffic_ratio))


def bounds(least_serving: int, most_live: int) -> Commitment:
    """Makes bounds; the same for most of a fleet."""
    commitment = Commitment(least_serving, most_live)
    if len(_COMMITMENTS) < _MOST_COMMITMENTS:
        _COMMITMENTS[least_serving, most_live] = commitment
    return commitment


def u32(value: Any) -> int:
    """Checks that a value is a count. Raises `ValueError`."""
    if type(value) is not int or not 0 <= value <= _MOST_COUNT:
        raise ValueError(f"{value!r} is no number from 0 to {_MOST_COUNT}")
    return value


def _number(value: Any) -> float:
    if type(value) is not float and type(value) is not int:
        raise ValueError(f"{value!r} is no number")
    return float(value)


def expect(is_so: bool, what: str) -> None:
    """Checks a condition; `what` is the message. Raises `ValueError`."""
    if not is_so:
        raise ValueError(what)
