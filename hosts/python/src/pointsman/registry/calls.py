"""Calls of a strategy for one deployment, and what follows from how a call ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import orjson

from pointsman.contract.plan import RouteChanges
from pointsman.contract.request import Request
from pointsman.errors import CircuitOpen, PluginError, PluginId, check_deployment
from pointsman.registry.blame import Ticket
from pointsman.registry.fingerprint import of_spec
from pointsman.registry.outcome import outcome
from pointsman.registry.questions import Question, Questions
from pointsman.registry.record import Observed
from pointsman.registry.slot import Slot
from pointsman.registry.tried import Tried
from pointsman.registry.versions import Versions

_T = TypeVar("_T")


@dataclass(frozen=True)
class Evaluated(Generic[_T]):
    """A result, and which plugin gave it."""

    plugin: PluginId
    """The plugin that gave it."""
    value: _T
    """The result."""


def one(slot: Slot, questions: Questions, deployment: str, request: Request) -> Evaluated[RouteChanges]:
    """Decides one cycle.

    # Errors
    `InvalidDeployment`, `CircuitOpen`, and what the call raises.
    """
    check_deployment(deployment)
    versions = slot.versions
    input = partial(of_spec, request.spec)
    ticket = slot.admit(versions, deployment, input)
    if isinstance(ticket, CircuitOpen):
        raise ticket
    plugin = versions.get(ticket.which).plugin
    start = time.perf_counter()
    try:
        value: RouteChanges | PluginError = plugin.evaluate_cycle(request.routes, request.spec, request.policy)
    except PluginError as error:
        value = error
    slot.counts.record_time(time.perf_counter() - start)
    if isinstance(value, PluginError):
        slot.report(deployment, value)
    settle(slot, versions, questions, deployment, input, partial(as_json, request), ticket, value)
    if versions.tried is not None:
        _observe(versions.tried, plugin.id, deployment, request, value)
    if isinstance(value, PluginError):
        try:
            raise value
        finally:
            # The error has a reference to this frame.
            del value
    return Evaluated(plugin.id, value)


def settle(
    slot: Slot,
    versions: Versions,
    questions: Questions,
    deployment: str,
    input: Callable[[], int],
    kept: Callable[[], bytes],
    ticket: Ticket,
    result: object,
) -> None:
    """Draws the consequences of how a request ended, and has somebody ask whose fault that is where it matters. `kept`
    makes a JSON object of the request.
    """
    if not slot.finish(versions, deployment, input, ticket, result):
        return
    fingerprint = input()

    def question() -> Question:
        return Question(slot, versions, deployment, fingerprint, outcome(result), kept())

    try:
        is_asked = questions.ask(question)
    except TypeError:
        # It cannot be written as JSON, so that no plugin has seen it.
        is_asked = False
    if not is_asked:
        slot.judge(versions, deployment, fingerprint, None, outcome(result))


def as_json(request: Request) -> bytes:
    """A request as a JSON object. Raises `TypeError` for what cannot be written."""
    routes = orjson.dumps(list(request.routes))
    if b'"traffic_ratio":null' in routes:
        raise TypeError("a ratio is no number")
    given = {"routes": orjson.Fragment(routes), "spec": request.spec}
    return orjson.dumps(given if request.policy is None else given | {"policy": request.policy})


def _observe(
    tried: Tried, plugin: PluginId, deployment: str, request: Request, value: RouteChanges | PluginError
) -> None:
    """Tells the shadow what was decided."""
    if not outcome(value).is_nobodys:
        tried.observe([[0]], lambda _: Observed.of(plugin, deployment, as_json(request), value))
