"""One strategy of a registry: its versions, and what calls of them come to."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import Generic, TypeVar

from pointsman.contract.plan import Description
from pointsman.contract.words import duration
from pointsman.errors import (
    BackingOff,
    BrokenContract,
    Limit,
    PlanNotChecked,
    PlanRejected,
    PluginError,
    PluginId,
    PluginLimit,
    PluginNotRun,
    PluginTimeout,
    PluginTrap,
)
from pointsman.guard.plugin import Plugin
from pointsman.plugin.answers import Decision
from pointsman.registry.options import Options
from pointsman.registry.status import Counts, Outcome, StrategyStatus, VersionStatus

_log = logging.getLogger("pointsman")

_T = TypeVar("_T")


@dataclass(frozen=True)
class Evaluated(Generic[_T]):
    """A result, and which plugin gave it."""

    plugin: PluginId
    """The plugin that gave it."""
    value: _T
    """What it gave."""


@dataclass(frozen=True)
class Health:
    """How often a version failed in a row, and until when it is left alone for that."""

    failures: int = 0
    until: float | None = None
    length: timedelta = timedelta(0)


@dataclass(eq=False)
class Version:
    """A loaded version of a strategy."""

    plugin: Plugin
    description: Description
    health: Health = Health()
    """Changed as a whole, with the slot's lock held."""

    @property
    def status(self) -> VersionStatus:
        """Which version it is."""
        return VersionStatus(self.plugin.id, self.description.version)


@dataclass(frozen=True)
class Versions:
    """What a strategy runs on, and what it ran on before. They change together."""

    current: Version
    previous: Version | None = None


@dataclass(frozen=True)
class Vector:
    """A request and the answer that a strategy must give."""

    name: str
    """For messages."""
    request: str
    """A JSON request, as `wit/strategy.wit` has it."""
    response: str
    """The answer."""


@dataclass(frozen=True)
class Checks:
    """What a new version of a strategy must pass before it is switched to."""

    configs: tuple[tuple[str, int], ...] = ()
    """The configurations of rollouts under way, as JSON text, each with its target: it must take each, within the
    limits of the strategy's guard."""
    vectors: tuple[Vector, ...] = ()
    """Requests whose answers are known: it must give them."""


@dataclass
class Change:
    """What decides whether a version may be changed to."""

    checks: Checks = Checks()
    given_up: set[str] = field(default_factory=set)
    """The digests of versions that failed too often."""


class Slot:
    """One strategy."""

    def __init__(self, name: str, version: Version) -> None:
        self.name = name
        self.versions = Versions(version)
        """Read without a lock, because it is replaced as a whole."""
        self.change = Change()
        self.changing = Lock()
        """Held while the version changes, so that changes come one after the other. Calls never wait for it."""
        self._counts = Counts()
        self._health = Lock()

    def switch(self, version: Version, options: Options) -> tuple[PluginId, PluginId]:
        """Switches to a new version, during a change. The one before is kept to go back to, unless it was failing
        itself.
        """
        old = self.versions
        is_good = old.current.health.failures < options.revert_after
        self.versions = Versions(version, old.current if is_good else old.previous)
        return old.current.plugin.id, version.plugin.id

    def call(
        self,
        options: Options,
        evaluate: Callable[[Plugin], _T],
        decisions: Callable[[_T], Iterable[Decision]],
    ) -> Evaluated[_T]:
        """Calls the current version, and draws the consequences of how that ends."""
        version = self.versions.current
        self._refuse_while_backing_off(version, options)
        start = time.perf_counter()
        try:
            value = evaluate(version.plugin)
        except PluginError as error:
            self._conclude(options, version, [error], time.perf_counter() - start)
            raise
        # A request of a batch that is refused has its error in its place; the call is as good as any.
        rejected = [decision for decision in decisions(value) if isinstance(decision, PlanRejected)]
        self._conclude(options, version, rejected, time.perf_counter() - start)
        return Evaluated(version.plugin.id, value)

    def _conclude(self, options: Options, version: Version, errors: Sequence[PluginError], took: float) -> None:
        """Draws the consequences of a call that ended with these errors."""
        codes = [
            violation.code for error in errors if isinstance(error, PlanRejected) for violation in error.violations
        ]
        outcome = _outcome(errors)
        self._counts.record(outcome, codes, took)
        if errors:
            # A line for each call, however many plans of a batch were rejected.
            more = f" (and {len(errors) - 1} more plans)" if len(errors) > 1 else ""
            _log.warning("no plan from `%s` (%s): %s%s", self.name, outcome, errors[0], more)
        if outcome.is_failure:
            self._after_failure(version, options)
        elif outcome is not Outcome.HOST and version.health != Health():
            # Nobody's fault says nothing about the plugin.
            with self._health:
                version.health = Health()

    def _refuse_while_backing_off(self, version: Version, options: Options) -> None:
        health = version.health
        remaining = _remaining(health, options)
        if remaining is not None:
            self._counts.record_back_off()
            raise BackingOff(version.plugin.id, health.failures, remaining)

    def _after_failure(self, version: Version, options: Options) -> None:
        """Goes back to the version before, or backs off, once a version has failed often enough."""
        with self._health:
            health = version.health
            failures = health.failures + 1
            version.health = Health(failures, health.until, health.length)
        if failures < options.revert_after:
            return
        # A swap that is under way decides; if it fails, the next failure is soon enough. Calls never wait for swaps.
        if not self.changing.acquire(blocking=False):
            return
        try:
            if self.versions.current is not version:
                # Somebody swapped or went back while this call was under way.
                return
            if self.versions.previous is not None:
                self._go_back(version, self.versions.previous, failures)
            else:
                self._back_off(version, failures, options)
        finally:
            self.changing.release()

    def _go_back(self, version: Version, previous: Version, failures: int) -> None:
        with self._health:
            previous.health = Health()
        self.change.given_up.add(version.plugin.id.digest)
        self.versions = Versions(previous)
        self._counts.record_revert()
        _log.error(
            "`%s` has gone back from %s to %s after %d failures in a row",
            self.name, version.plugin.id, previous.plugin.id, failures,
        )  # fmt: skip

    def _back_off(self, version: Version, failures: int, options: Options) -> None:
        with self._health:
            health = version.health
            length = options.first_back_off if health.until is None else health.length * 2
            length = min(length, options.longest_back_off)
            version.health = Health(health.failures, options.clock() + length.total_seconds(), length)
        _log.error(
            "`%s` is left alone for %s: %s failed %d times in a row, and there is no version to go back to",
            self.name, duration(length), version.plugin.id, failures,
        )  # fmt: skip

    def status(self, options: Options) -> StrategyStatus:
        """What an operator is shown."""
        versions = self.versions
        previous = versions.previous.status if versions.previous else None
        backing_off = _remaining(versions.current.health, options)
        return self._counts.status(self.name, versions.current.status, previous, backing_off)


def _remaining(health: Health, options: Options) -> timedelta | None:
    """For how long a version is still left alone, if it is."""
    if health.until is None:
        return None
    remaining = timedelta(seconds=health.until - options.clock())
    return remaining if remaining > timedelta(0) else None


def _outcome(errors: Sequence[PluginError]) -> Outcome:
    """How a call ended. There are several errors only where the guard rejected several plans of a batch."""
    match errors:
        case []:
            return Outcome.OK
        case [PlanRejected() | PlanNotChecked(), *_]:
            return Outcome.REJECTED
        case [PluginTrap()]:
            return Outcome.TRAP
        case [PluginTimeout()]:
            return Outcome.TIMEOUT
        case [PluginLimit(limit=Limit.MEMORY)]:
            return Outcome.MEMORY
        case [PluginLimit(limit=Limit.RESPONSE)]:
            return Outcome.RESPONSE
        case [BrokenContract()]:
            return Outcome.MALFORMED
        case [PluginLimit() | PluginNotRun()]:
            return Outcome.HOST
        case _:
            return Outcome.REFUSED
