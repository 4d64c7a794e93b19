"""Checks that a new version of a strategy must pass before it is switched to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from pointsman.contract.policy import IdsOnly
from pointsman.errors import PluginError, SwapError, SwapProblem
from pointsman.registry.version import Version


@dataclass(frozen=True)
class Vector:
    """A request and the answer that a strategy must give."""

    name: str
    """Its name, for messages."""
    request: str
    """A JSON request, as `wit/strategy.wit` has it."""
    response: str
    """The answer."""


@dataclass(frozen=True)
class Checks:
    """Checks that a new version of a strategy must pass before it is switched to."""

    configs: tuple[tuple[str | Mapping[str, Any], int], ...] = ()
    """The configurations of rollouts under way, as JSON text or mappings, each with its target: it must take
    each, within the limits of the strategy's guard."""
    vectors: tuple[Vector, ...] = ()
    """Requests whose answers are known: it must give them."""


def check(checks: Checks, version: Version) -> None:
    """Checks a version.

    # Errors
    `SwapError` where it does not pass.
    """
    try:
        _check(checks, version)
    except SwapError as error:
        error.strategy = version.description.name
        raise


def _check(checks: Checks, version: Version) -> None:
    plugin = version.plugin.for_background()
    for config, target_replicas in checks.configs:
        try:
            plugin.check_config(config, target_replicas)
        except PluginError as error:
            message = f"the new version does not take a configuration in use, {config}: {error}"
            raise SwapError(SwapProblem.CONFIG, message) from error
    # What a vector expects is the plugin's own answer, before any policy.
    unguarded = plugin.with_guard(IdsOnly())
    for vector in checks.vectors:
        try:
            answer = unguarded.evaluate_cycles_json(f"[{vector.request}]")
        except PluginError as error:
            message = f"the new version fails on vector `{vector.name}`: {error}"
            raise SwapError(SwapProblem.VECTOR_FAILED, message) from error
        if not _is_same(answer, f"[{vector.response}]"):
            message = f"the new version answers vector `{vector.name}` with {answer} instead of {vector.response}"
            raise SwapError(SwapProblem.VECTOR, message)


def _is_same(answer: str, expected: str) -> bool:
    try:
        return bool(orjson.loads(answer) == orjson.loads(expected))
    except orjson.JSONDecodeError:
        return False
