"""Answers of the JSON entry point, read into plans.

An answer is checked as it is read, field by field: what a caller gets is what the contract says, or `BrokenContract`.
The object that `orjson` made of a plan becomes the dictionary of the `RouteChanges` itself, which is the same form (see
`wire.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from pointsman.contract.bounds import Commitment
from pointsman.contract.plan import RouteChanges
from pointsman.errors import (
    BrokenContract,
    CircuitOpen,
    EvaluationError,
    InvalidConfig,
    InvalidRequest,
    InvalidRoutes,
    InvalidSpec,
    PlanRejected,
    PluginFailed,
    PluginId,
    Unavailable,
)
from pointsman.plugin.json_text import elements
from pointsman.plugin.plans import bounds, expect, read_plan, u32

_ERRORS = {
    "invalid_config": InvalidConfig,
    "invalid_spec": InvalidSpec,
    "invalid_routes": InvalidRoutes,
    "invalid_request": InvalidRequest,
}

_NO_ANSWER = (KeyError, TypeError, ValueError, AttributeError)
"""Errors of reading an answer that is none."""


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


def written(answers: str, replaced: Mapping[int, Decision]) -> str:
    """The answers with others in their places: plans that were tidied, and errors of this host. The others are not
    written anew.
    """
    texts = elements(answers)
    for i, decision in replaced.items():
        texts[i] = write(decision)
    return f"[{','.join(texts)}]"


def write(decision: Decision) -> str:
    """The text of one answer."""
    return orjson.dumps(_fields(decision)).decode()


def _fields(decision: Decision) -> dict[str, Any]:
    if isinstance(decision, RouteChanges):
        return {"ok": decision}
    if isinstance(decision, PlanRejected):
        violations = [vars(violation) for violation in decision.violations]
        return {"error": {"code": "plan_rejected", "message": decision.message, "violations": violations}}
    code = next((code for kind, code in _CODES if isinstance(decision, kind)), "invalid_request")
    return {"error": {"code": code, "message": decision.message}}


_CODES = (
    *((kind, code) for code, kind in _ERRORS.items()),
    (CircuitOpen, "circuit_open"),
    (PluginFailed, "plugin_failed"),
    (Unavailable, "unavailable"),
)


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
    expect(len(answer) == 1, "it has one field, `ok` or `error`")
    plan = answer.get("ok")
    if plan is not None:
        return read_plan(plan)
    error = answer["error"]
    message = error["message"]
    expect(len(error) == 2 and type(message) is str, "an error has a code and a message")
    return _ERRORS[error["code"]](plugin, message)


def admission(plugin: PluginId, answer: str) -> Commitment:
    """Reads what a plugin promises for a configuration.

    # Errors
    `InvalidConfig` where it refuses it, and `BrokenContract`.
    """
    try:
        given = orjson.loads(answer)
        expect(len(given) == 1, "it has one field, `ok` or `error`")
        promised = given.get("ok")
        if promised is not None:
            expect(len(promised) == 2, "a commitment has two fields")
            return bounds(u32(promised["least_serving"]), u32(promised["most_live"]))
        message = given["error"]
        expect(type(message) is str, "an error is text")
    except _NO_ANSWER as error:
        problem = f"it answers what is no admission: {type(error).__name__}: {error}"
        raise BrokenContract(plugin, problem) from None
    raise InvalidConfig(plugin, message)
