"""State of strategies: counts, latencies, and what an operator is shown of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from pointsman.registry.blame import Standing
from pointsman.registry.outcome import Outcome
from pointsman.registry.version import VersionStatus

_LISTED = 100
"""Deployments of each kind that a status lists."""


@dataclass(frozen=True)
class Latency:
    """Duration of calls: quantiles since the strategy was loaded, to two significant digits."""

    p50: timedelta
    """Half of the calls took no longer."""
    p90: timedelta
    """Nine of ten."""
    p99: timedelta
    """99 of 100."""
    p999: timedelta
    """999 of 1000."""
    max: timedelta
    """The longest."""


@dataclass(frozen=True)
class OpenCircuit:
    """A deployment whose circuit is open."""

    deployment: str
    """Its key."""
    failures: int
    """Failures in a row."""
    remaining: timedelta
    """Time for which its calls are answered with `CircuitOpen`."""


@dataclass(frozen=True)
class Circuits:
    """Deployments that fail, or that the version before decides for: the first hundred of each, in the order of their
    keys.
    """

    open: tuple[OpenCircuit, ...]
    """Those whose circuit is open."""
    open_total: int
    """How many there are."""
    pinned: tuple[str, ...]
    """The keys of those that are pinned to the version before."""
    pinned_total: int
    """How many there are."""

    @staticmethod
    def of(standings: Sequence[Standing]) -> Circuits:
        """Puts together what is shown."""
        is_open = [
            OpenCircuit(each.deployment, each.failures, timedelta(seconds=each.open))
            for each in standings
            if each.open is not None
        ]
        pinned = [each.deployment for each in standings if each.is_pinned]
        return Circuits(tuple(is_open[:_LISTED]), len(is_open), tuple(pinned[:_LISTED]), len(pinned))


@dataclass(frozen=True)
class StrategyStatus:
    """State of one strategy."""

    name: str
    """Its name."""
    current: VersionStatus
    """Version that it runs on."""
    previous: VersionStatus | None
    """Version that it would revert to; None where there is none."""
    outcomes: Mapping[Outcome, int]
    """Requests by how they ended, over all versions; what never happened is left out."""
    violations: Mapping[str, int]
    """Violations in plans, by code, over all versions; what never happened is left out."""
    reverts: int
    """Number of times that a version was reverted to the one before."""
    circuit_open: timedelta | None
    """Time for which the circuit of the version is open, for all deployments; None where it is not."""
    circuits: Circuits
    """Deployments that fail, or that the version before decides for."""
    quarantined: tuple[str, ...]
    """The digests of its versions that are quarantined."""
    latency: Latency
    """Duration of calls."""


class Counts:
    """The numbers behind a `StrategyStatus`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._outcomes: Counter[Outcome] = Counter()
        self._violations: Counter[str] = Counter()
        self._reverts = 0
        self._micros: Counter[int] = Counter()
        self._longest = 0

    def record(self, outcome: Outcome, count: int = 1) -> None:
        """Counts requests that ended alike."""
        with self._lock:
            self._outcomes[outcome] += count

    def record_violations(self, codes: Iterable[str]) -> None:
        """Counts the violations in a plan."""
        with self._lock:
            self._violations.update(codes)

    def record_time(self, seconds: float) -> None:
        """Counts the duration of a call, be it of one request or of many."""
        micros = round(seconds * 1e6)
        with self._lock:
            self._micros[_rounded(micros)] += 1
            self._longest = max(self._longest, micros)

    def record_revert(self) -> None:
        """Counts a revert."""
        with self._lock:
            self._reverts += 1

    def status(
        self,
        name: str,
        current: VersionStatus,
        previous: VersionStatus | None,
        circuit_open: timedelta | None,
        circuits: Circuits,
        quarantined: tuple[str, ...],
    ) -> StrategyStatus:
        """Puts together what an operator is shown."""
        with self._lock:
            outcomes = {outcome: self._outcomes[outcome] for outcome in Outcome if self._outcomes[outcome]}
            violations = dict(sorted(self._violations.items()))
            reverts, latency = self._reverts, self._latency()
        return StrategyStatus(
            name, current, previous, outcomes, violations, reverts, circuit_open, circuits, quarantined, latency
        )

    def _latency(self) -> Latency:
        p50, p90, p99, p999 = (self._quantile(quantile) for quantile in (0.5, 0.9, 0.99, 0.999))
        return Latency(p50, p90, p99, p999, timedelta(microseconds=self._longest))

    def _quantile(self, quantile: float) -> timedelta:
        rank = quantile * self._micros.total()
        seen = 0
        for micros, count in sorted(self._micros.items()):
            seen += count
            if seen >= rank:
                return timedelta(microseconds=min(micros, self._longest))
        return timedelta(0)


def _rounded(micros: int) -> int:
    """Up to the next number of two significant digits: some hundred numbers stand for all."""
    scale: int = 10 ** max(0, len(str(micros)) - 2)
    return -(-micros // scale) * scale
