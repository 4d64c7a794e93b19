"""Bounds on what a plan may leave, in routes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Commitment:
    """Bounds, in routes: of a policy (`Spec.limits`) or of a plan (`RouteChanges.commitment`)."""

    least_serving: int
    """Serving capacity is never brought below this."""
    most_live: int
    """Live routes of all revisions are never brought above this."""
