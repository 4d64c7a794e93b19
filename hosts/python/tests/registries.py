"""Helpers of the registry's tests: one with the hostile guest, and calls of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pointsman import (
    Host,
    Options,
    PluginError,
    Registry,
    StrategyStatus,
    SwapError,
    SwapResult,
)
from support import Folder, misdeed


@dataclass
class Clock:
    """A clock that stands still until it is told."""

    now: float = field(default=1000.0)

    def __call__(self) -> float:
        return self.now


def registry_with_hostile(host: Host, folder: Folder, options: Options | None = None) -> Registry:
    """A registry with the first version of the hostile guest."""
    registry = Registry(host, options)
    assert registry.swap("hostile", folder.copy("guests/hostile.wasm", 1)).result is SwapResult.LOADED
    return registry


def answered_by(registry: Registry) -> str:
    """The file whose version gave a harmless plan."""
    return registry.evaluate_cycle("hostile", "d-1", [], misdeed("none")).plugin.name


def fail(registry: Registry, word: str, deployment: str = "d-1") -> PluginError:
    """The error of a misdeed that a deployment's configuration asks for, once it is known whose fault it is."""
    with pytest.raises(PluginError) as raised:
        registry.evaluate_cycle("hostile", deployment, [], misdeed(word))
    assert registry.wait_for_verdicts()
    return raised.value


def status(registry: Registry) -> StrategyStatus:
    return next(status for status in registry.status() if status.name == "hostile")


def refused(registry: Registry, file: Path) -> SwapError:
    with pytest.raises(SwapError) as raised:
        registry.swap("hostile", file)
    assert answered_by(registry) == "1.wasm"
    return raised.value
