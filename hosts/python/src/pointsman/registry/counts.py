"""Counts and latencies of calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from pointsman.registry.outcome import Outcome


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
class Counted:
    """The numbers at one moment."""

    outcomes: Mapping[Outcome, int]
    violations: Mapping[str, int]
    reverts: int
    latency: Latency


class Counts:
    """Counts calls. Safe to use from several threads."""

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

    def now(self) -> Counted:
        """Returns the numbers; what never happened is left out."""
        with self._lock:
            outcomes = {outcome: self._outcomes[outcome] for outcome in Outcome if self._outcomes[outcome]}
            return Counted(outcomes, dict(sorted(self._violations.items())), self._reverts, self._latency())

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
