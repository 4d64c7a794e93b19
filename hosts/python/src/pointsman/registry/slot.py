"""One strategy of a registry: its versions, and what calls of them come to."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from pointsman.contract.words import duration, plain
from pointsman.errors import BackingOff, PlanRejected, PluginError, PluginId
from pointsman.guard.plugin import Plugin
from pointsman.plugin.answers import Decision
from pointsman.registry.checks import Checks
from pointsman.registry.circuit import Circuit
from pointsman.registry.options import Options
from pointsman.registry.outcome import Outcome, outcome
from pointsman.registry.status import Counts, StrategyStatus
from pointsman.registry.version import Version

_log = logging.getLogger("pointsman")

_T = TypeVar("_T")


@dataclass(frozen=True)
class Evaluated(Generic[_T]):
    """A result, and which plugin gave it."""

    plugin: PluginId
    """The plugin that gave it."""
    value: _T
    """The result."""


@dataclass(frozen=True)
class Versions:
    """Versions of a strategy: the one that it runs on, and the one before. They change together."""

    current: Circuit
    previous: Circuit | None = None


@dataclass
class Change:
    """Conditions for a change of version."""

    checks: Checks = Checks()
    quarantined: set[str] = field(default_factory=set)
    """The digests of versions that failed too often."""


class Slot:
    """One strategy."""

    def __init__(self, name: str, version: Version, options: Options) -> None:
        self.name = name
        self.versions = Versions(Circuit(version, options))
        """Read without a lock, because it is replaced as a whole."""
        self.change = Change()
        self.changing = Lock()
        """Held while the version changes, so that changes come one after the other. Calls never wait for it."""
        self._options = options
        self._counts = Counts()

    @property
    def current(self) -> Version:
        """The version that it runs on."""
        return self.versions.current.version

    def switch(self, version: Version) -> tuple[PluginId, PluginId]:
        """Switches to a new version, during a change. The one before is kept to revert to, unless it was failing
        itself.
        """
        old = self.versions
        previous = old.previous if old.current.is_failing else old.current
        self.versions = Versions(Circuit(version, self._options), previous)
        return old.current.version.plugin.id, version.plugin.id

    def call(self, evaluate: Callable[[Plugin], _T], decisions: Callable[[_T], Iterable[Decision]]) -> Evaluated[_T]:
        """Calls the current version, and draws the consequences of how that ends.

        # Errors
        `BackingOff` where its circuit is open, and what the call raises.
        """
        circuit = self.versions.current
        try:
            circuit.check()
        except BackingOff:
            self._counts.record_back_off()
            raise
        plugin = circuit.version.plugin
        start = time.perf_counter()
        try:
            value = evaluate(plugin)
        except PluginError as error:
            self._conclude(circuit, [error], time.perf_counter() - start)
            raise
        # A request of a batch that is refused has its error in its place; the call is as good as any.
        rejected = [decision for decision in decisions(value) if isinstance(decision, PlanRejected)]
        self._conclude(circuit, rejected, time.perf_counter() - start)
        return Evaluated(plugin.id, value)

    def _conclude(self, circuit: Circuit, errors: Sequence[PluginError], took: float) -> None:
        """Draws the consequences of a call that ended with these errors."""
        codes = [
            violation.code for error in errors if isinstance(error, PlanRejected) for violation in error.violations
        ]
        end = outcome(errors)
        self._counts.record(end, codes, took)
        if errors:
            # A line for each call, however many plans of a batch were rejected.
            more = f" (and {len(errors) - 1} more plans)" if len(errors) > 1 else ""
            _log.warning("no plan from `%s` (%s): %s%s", self.name, end, plain(str(errors[0])), more)
        if end.is_failure:
            self._after_failure(circuit)
        elif end is not Outcome.HOST:
            # Nobody's fault says nothing about the plugin.
            circuit.reset()

    def _after_failure(self, circuit: Circuit) -> None:
        """Reverts to the version before, or opens the circuit, once a version has failed often enough."""
        failures = circuit.count_failure()
        if failures < self._options.revert_after:
            return
        # A swap that is under way decides; if it fails, the next failure is soon enough. Calls never wait for swaps.
        if not self.changing.acquire(blocking=False):
            return
        try:
            if self.versions.current is not circuit:
                # Somebody swapped or reverted while this call was under way.
                return
            if self.versions.previous is not None:
                self._revert(circuit.version, self.versions.previous, failures)
            else:
                _log.error(
                    "`%s`: circuit open for %s; %s failed %d times in a row, and there is no version to revert to",
                    self.name, duration(circuit.open(), " "), circuit.version.plugin.id, failures,
                )  # fmt: skip
        finally:
            self.changing.release()

    def _revert(self, version: Version, previous: Circuit, failures: int) -> None:
        previous.reset()
        self.change.quarantined.add(version.plugin.id.digest)
        self.versions = Versions(previous)
        self._counts.record_revert()
        _log.error(
            "`%s` reverted to %s after %d failures; %s is quarantined, %s goes on",
            self.name, self.current.description.version, failures, version.plugin.id, self.current.plugin.id,
        )  # fmt: skip

    def status(self) -> StrategyStatus:
        """Tells how the strategy does."""
        versions = self.versions
        previous = versions.previous.version.status if versions.previous else None
        return self._counts.status(self.name, self.current.status, previous, versions.current.remaining)
