"""Errors of a registry, and of watching a folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pointsman.contract.words import duration
from pointsman.errors.base import PluginId, PointsmanError


class SwapProblem(StrEnum):
    """Reason why a version was not switched to."""

    LOAD = "load"
    """The file is no plugin; the cause is a `LoadError`."""
    DESCRIBE = "describe"
    """The plugin does not say what it is; the cause is a `PluginError`."""
    DESCRIPTION = "description"
    """The description that it gives of itself cannot be."""
    NAME = "name"
    """The plugin says that it is another strategy."""
    CONFIG = "config"
    """The plugin does not take a configuration that is in use; the cause is a `PluginError`."""
    VECTOR_FAILED = "vector-failed"
    """The plugin does not answer at all where the answer is known; the cause is a `PluginError`."""
    VECTOR = "vector"
    """The plugin answers otherwise than is known."""


class SwapError(PointsmanError):
    """Failure of a swap. The one before goes on."""

    def __init__(self, problem: SwapProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem
        """The kind of problem."""
        self.strategy: str | None = None
        """The name of the strategy; None where the file does not tell."""


class UnknownStrategy(PointsmanError, LookupError):
    """No plugin of this name was loaded."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no strategy `{name}`; there is {', '.join(known) or 'none'}")
        self.name = name
        """The name given."""
        self.known = tuple(known)
        """The names there are."""


class BackingOff(PointsmanError):
    """The circuit of a version is open: it fails, and there is none to revert to."""

    def __init__(self, plugin: PluginId, failures: int, remaining: timedelta) -> None:
        times = f"plugin {plugin} failed {failures} times in a row"
        super().__init__(f"{times}; circuit open for {duration(remaining, ' ')}")
        self.plugin = plugin
        """The plugin."""
        self.failures = failures
        """Number of its failures in a row."""
        self.remaining = remaining
        """Time for which the circuit is still open."""


class WatchError(PointsmanError):
    """A folder is not watched; the cause is an `OSError`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"folder `{folder}` cannot be read")
        self.folder = folder
        """The folder."""
