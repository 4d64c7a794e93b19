"""A registry that tries a version beside the honest one, for tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from pointsman import Host, Options, Registry, Request, Route, RouteChanges, Shadow, Spec, SwapResult, Trial
from support import Folder, as_json, hostile_version, misdeed, ready_routes

LONG = timedelta(minutes=1)
"""Longer than any trial here takes, so that a broken one ends."""


def ready() -> list[Route]:
    """One ready route of the deploying revision, which the honest version promotes."""
    return ready_routes(1)


def trial(evaluations: int) -> Trial:
    return Trial(evaluations=evaluations)


def trying(
    host: Host, folder: Folder, mode: str, trial: Trial, options: Options | None = None, current: str = "honest"
) -> tuple[Registry, Shadow]:
    """A registry that runs on one version and tries the one of a mode."""
    registry = Registry(host, options)
    registry.swap("hostile", folder.write("honest.wasm", hostile_version(current)))
    swap = registry.shadow("hostile", folder.write("new.wasm", hostile_version(mode)), trial)
    assert swap.result is SwapResult.SHADOWING
    assert swap.before is not None
    assert (swap.plugin.name, swap.before.name) == ("new.wasm", "honest.wasm")
    return registry, last(registry)


def last(registry: Registry) -> Shadow:
    """The last trial."""
    shadow = registry.last_shadow("hostile")
    assert shadow is not None
    return shadow


def evaluate(registry: Registry, deployment: str = "d-1") -> None:
    """Has the honest version decide the request that the versions differ in."""
    evaluated = registry.evaluate_cycle("hostile", deployment, ready(), misdeed("good"))
    assert (evaluated.plugin.name, evaluated.value.promote_route_ids) == ("honest.wasm", ["r-1"])


def requests(*words: str) -> list[Request]:
    """Requests of one deployment for each word."""
    return [Request(ready(), misdeed(word), None, word) for word in words]


def evaluate_objects(registry: Registry) -> None:
    """As `evaluate`, in a batch with a harmless request."""
    batch = registry.evaluate_cycles("hostile", requests("none", "good"))
    assert [plan.promote_route_ids for plan in batch.value if isinstance(plan, RouteChanges)] == [[], ["r-1"]]


def evaluate_text(registry: Registry) -> None:
    """As `evaluate_objects`, as text."""
    batch = registry.evaluate_cycles_json("hostile", as_json(*requests("none", "good")))
    assert [answer["ok"]["promote_route_ids"] for answer in json.loads(batch.value)] == [[], ["r-1"]]


BATCHES: list[Callable[[Registry], None]] = [evaluate_objects, evaluate_text]


def harmless() -> tuple[list[Route], Spec]:
    """What every version decides alike."""
    return ready(), misdeed("none")
