"""State of strategies: counts, latencies, and what an operator is shown of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from pointsman.registry.outcome import Outcome
from pointsman.registry.version import VersionStatus


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
class StrategyStatus:
    """State of one strategy."""

    name: str
    """Its name."""
    current: VersionStatus
    """Version that it runs on."""
    previous: VersionStatus | None
    """Version that it would revert to; None where there is none."""
    outcomes: Mapping[Outcome, int]
    """Calls by how they ended, over all versions; what never happened is left out."""
    violations: Mapping[str, int]
    """Violations in plans, by code, over all versions; what never happened is left out."""
    reverts: int
    """Number of times that a version was reverted to the one before."""
    backing_off: timedelta | None
    """Time for which the circuit is still open; None where it is not."""
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

    def record(self, outcome: Outcome, violations: Iterable[str], seconds: float) -> None:
        """Counts a call."""
        micros = round(seconds * 1e6)
        with self._lock:
            self._outcomes[outcome] += 1
            self._violations.update(violations)
            self._micros[_rounded(micros)] += 1
            self._longest = max(self._longest, micros)

    def record_back_off(self) -> None:
        """Counts a call that was not made."""
        with self._lock:
            self._outcomes[Outcome.BACKING_OFF] += 1

    def record_revert(self) -> None:
        """Counts a revert."""
        with self._lock:
            self._reverts += 1

    def status(
        self, name: str, current: VersionStatus, previous: VersionStatus | None, backing_off: timedelta | None
    ) -> StrategyStatus:
        """Puts together what an operator is shown."""
        with self._lock:
            outcomes = {outcome: self._outcomes[outcome] for outcome in Outcome if self._outcomes[outcome]}
            violations = dict(sorted(self._violations.items()))
            return StrategyStatus(
                name, current, previous, outcomes, violations, self._reverts, backing_off, self._latency()
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
