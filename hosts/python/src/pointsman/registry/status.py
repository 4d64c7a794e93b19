"""Status of strategies, for operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pointsman.registry.blame import Standing
from pointsman.registry.counts import Latency
from pointsman.registry.outcome import Outcome
from pointsman.registry.trial import Comparison, Trial
from pointsman.registry.version import VersionStatus

_LISTED = 100
"""Deployments of each kind that a status lists."""


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


@dataclass(frozen=True, kw_only=True)
class ShadowStatus:
    """State of a version that is tried."""

    version: VersionStatus
    """The version."""
    trial: Trial
    """The terms of its trial."""
    comparison: Comparison
    """The state of the comparison."""
    evaluations: int
    """Requests that both versions have decided."""
    differences: int
    """Those that they decided differently."""
    skipped: int
    """Requests that the shadow was not told of, because it had too many to decide."""
    outcomes: Mapping[Outcome, int]
    """Requests by how it ended with them; what never happened is left out."""
    violations: Mapping[str, int]
    """Violations in its plans, by code; what never happened is left out."""
    latency: Latency
    """Duration of its calls."""


@dataclass(frozen=True, kw_only=True)
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
    shadow: ShadowStatus | None
    """Version that is tried, or waits to be promoted; None where there is none."""
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
