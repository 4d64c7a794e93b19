"""Plans: what a strategy decides in one cycle, and why. The words are those of `wit/strategy.wit`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pointsman.contract.bounds import Commitment
from pointsman.contract.route import HealthStatus, Route, RouteEnd, RouteStatus, TrafficStatus
from pointsman.contract.wire import OptionalMoment, Wire, millis


class SubStep(StrEnum):
    """Progress of a rollout in words."""

    PROVISIONING = "provisioning"
    """Green is created, is not ready yet, or replaces blue step by step."""
    AWAITING_PROMOTION = "awaiting_promotion"
    """Everything that this step needs is ready; a gate, delay, hold, check or pause comes first."""
    FINALIZING = "finalizing"
    """The new revision serves, and the old one is kept for a quick return."""
    ROLLING_BACK = "rolling_back"
    """The rollout is being rolled back; the host goes on evaluating."""
    COMPLETED = "completed"
    """Green has taken over. Once this plan is applied the rollout is over."""
    ROLLED_BACK = "rolled_back"
    """Rolled back: the stable revision serves, or nothing better is possible. The rollout is over."""

    @property
    def is_over(self) -> bool:
        """The rollout is over once the plan is applied."""
        return self in (SubStep.COMPLETED, SubStep.ROLLED_BACK)

    @property
    def words(self) -> str:
        """The word as the contract writes it: `awaiting-promotion`."""
        return self.value.replace("_", "-")


@dataclass
class RolloutSpec:
    """Routes to create, all alike."""

    count: int
    """Number of routes, at least 1."""
    revision: str
    """Revision of the routes."""
    traffic_status: TrafficStatus
    """Their traffic status from the start."""
    traffic_ratio: float
    """Their traffic ratio from the start, 0.0 to 1.0."""
    labels: dict[str, str] = field(default_factory=dict)
    """Facts for the host, such as spot or zone."""


@dataclass
class TrafficChange:
    """New traffic settings for a route that stays alive: what promotion and draining cannot say."""

    route_id: str
    """The route."""
    traffic_status: TrafficStatus
    """Its new traffic status."""
    traffic_ratio: float
    """Its new traffic ratio, 0.0 to 1.0."""


@dataclass
class Reason:
    """The reason of a plan, for the person who is woken by it."""

    code: str
    """A stable kebab-case word for programs and dashboards."""
    message: str
    """One sentence with the numbers in it."""
    blocking_route_ids: list[str] = field(default_factory=list)
    """The routes that keep the rollout from going on, if any do."""


@dataclass
class Progress:
    """Progress of a rollout in numbers, for people; decides nothing."""

    step: int
    """Steps passed after this plan, 0 to `steps`."""
    steps: int
    """Steps in all, at least 1."""
    share: float
    """Green's intended share of traffic after this plan, 0.0 to 1.0."""


@dataclass
class Description:
    """Description of a strategy in its own words."""

    name: str
    """Kebab-case name, for example `blue-green`."""
    version: str
    """Its own semantic version."""
    summary: str
    """One sentence."""
    config_schema: str
    """JSON Schema (draft 2020-12) of its configuration, as JSON text."""


@dataclass
class RouteChanges(Wire):
    """A plan: everything to change in one cycle. A host applies it in one transaction, in the order rollout, promote,
    traffic changes, drain: there is no moment without a serving route.

    It is a diff: a route is named only if something about it must change. Ids are strings, as they were sent.
    """

    sub_step: SubStep
    """Progress of the rollout in words."""
    rollout_specs: list[RolloutSpec]
    """Routes to create."""
    promote_route_ids: list[str]
    """Routes to promote: traffic status active, ratio 1.0."""
    traffic_changes: list[TrafficChange]
    """Routes whose traffic changes otherwise."""
    drain_route_ids: list[str]
    """Routes to drain: status terminating, traffic status inactive, ratio 0.0."""
    reason: Reason
    """The reason."""
    next_evaluation_at: OptionalMoment = OptionalMoment()
    """Moment to evaluate again even if nothing has changed. One beyond the year 9999 reads as `wire.LAST_MOMENT`."""
    memo: str | None = None
    """Handed back to the strategy in the next cycle. The host stores it with the plan."""
    gate: str | None = None
    """The gate that the rollout waits at; None where it waits at none."""
    commitment: Commitment = Commitment(0, (1 << 32) - 1)
    """Promise of the strategy at this target, configuration and limits, and at nothing else."""
    progress: Progress | None = None
    """Progress in numbers, for people."""
    labels: dict[str, str] = field(default_factory=dict)
    """Facts for the host."""

    @property
    def is_empty(self) -> bool:
        """Applying it changes nothing about any route."""
        return not (self.rollout_specs or self.promote_route_ids or self.traffic_changes or self.drain_route_ids)

    def apply(self, routes: list[Route], now: datetime, new_id: Callable[[], str | UUID]) -> None:
        """Makes of `routes` what this plan makes of them, in the contract's order: create, promote, change traffic,
        drain. All of it, or nothing.

        New routes are provisioning and not checked, come after the others, and get their ids from `new_id`, which must
        give one that is not there yet. Whether the plan does harm is not looked at; that is the guard's part.

        Raises `UnknownRoute` where a route that the plan names is not there, and `ValueError` for a naive `now`. The
        routes are as they were.
        """
        millis("now", now)
        places = {route.id: route for route in routes}

        def find(id: str) -> Route:
            try:
                return places[id]
            except KeyError:
                raise UnknownRoute(id) from None

        promoted = [find(id) for id in self.promote_route_ids]
        changed = [(find(change.route_id), change) for change in self.traffic_changes]
        drained = [find(id) for id in self.drain_route_ids]
        created = [
            Route(
                id=new_id(),
                revision=rollout.revision,
                status=RouteStatus.PROVISIONING,
                health=HealthStatus.NOT_CHECKED,
                traffic_status=rollout.traffic_status,
                traffic_ratio=rollout.traffic_ratio,
                created_at=now,
                status_updated_at=now,
                labels=rollout.labels,
            )
            for rollout in self.rollout_specs
            for _ in range(rollout.count)
        ]

        routes.extend(created)
        for route in promoted:
            route.traffic_status, route.traffic_ratio = TrafficStatus.ACTIVE, 1.0
        for route, change in changed:
            route.traffic_status, route.traffic_ratio = change.traffic_status, change.traffic_ratio
        for route in drained:
            route.traffic_status, route.traffic_ratio = TrafficStatus.INACTIVE, 0.0
            route.status, route.status_updated_at, route.end = RouteStatus.TERMINATING, now, RouteEnd.DRAINED


class UnknownRoute(LookupError):
    """A plan names a route that is not there. It was made from other routes."""

    def __init__(self, route_id: str) -> None:
        super().__init__(route_id)
        self.route_id = route_id
        """The route."""

    def __str__(self) -> str:
        return f"the plan names the route `{self.route_id}`, which is not there"
