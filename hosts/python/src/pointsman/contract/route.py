"""Routes: the replicas that a host tracks. The words are those of `wit/strategy.wit`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pointsman.contract.wire import Labels, Moment, OptionalMoment, Text, Wire, millis, sorted_labels, text


class RouteStatus(StrEnum):
    """Stage of a route's life. The order is that of a normal life."""

    PROVISIONING = "provisioning"
    """Being created: scheduled, pulling, starting. Live."""
    RUNNING = "running"
    """The process runs; its health says whether it works. Live."""
    TERMINATING = "terminating"
    """Asked to stop. Not live."""
    TERMINATED = "terminated"
    """Gone. Not live."""
    FAILED_TO_START = "failed_to_start"
    """A failure to come up. Not live."""


class HealthStatus(StrEnum):
    """Verdict of the last health check."""

    NOT_CHECKED = "not_checked"
    """No check has finished yet."""
    HEALTHY = "healthy"
    """The check passed."""
    UNHEALTHY = "unhealthy"
    """The check failed."""
    DEGRADED = "degraded"
    """The check passed in part."""


class TrafficStatus(StrEnum):
    """State of a route in the traffic."""

    ACTIVE = "active"
    """Sent to it while it is ready, in the measure of its ratio; 0.0 gets nothing."""
    STANDBY = "standby"
    """Out of traffic, was active before, may be returned to traffic at once."""
    INACTIVE = "inactive"
    """Out of traffic and not approved: never returned to."""


class RouteEnd(StrEnum):
    """Cause of a route's end. The first cause wins."""

    DRAINED = "drained"
    """A plan, the host or a person asked it to stop."""
    EVICTED = "evicted"
    """Its place was lost: preemption, node, spot."""
    CRASHED = "crashed"
    """The route stopped by itself, or never started."""


# The initializer is written by hand: it runs for every route of every deployment in every cycle, and one function that
# fills the instance's dictionary takes less time than a descriptor's call for each field.
@dataclass(init=False, kw_only=True)
class Route(Wire):
    """One replica as the host tracks it."""

    id: Text = Text()
    """The host's identifier, a string or a `UUID`, kept as a string. Unique among the routes of one deployment."""
    revision: Text = Text()
    """The revision it was created from, a string or a `UUID`."""
    status: RouteStatus
    """Stage of its life."""
    health: HealthStatus
    """Verdict of the last health check."""
    traffic_status: TrafficStatus
    """State in the traffic."""
    traffic_ratio: float
    """0.0 to 1.0: 1.0 is a full share of what this route is built for; on standby, what it returns with. Any other
    number is `InvalidRoutes`, and what is none, such as NaN, `InvalidRequest`."""
    created_at: Moment = Moment()
    """Moment of its creation: an aware `datetime`, in whole milliseconds, rounded down."""
    status_updated_at: OptionalMoment = OptionalMoment()
    """Moment at which `status` or `health` last *changed*; None where unknown. A health check that confirms what was
    known must not move it, else a promotion delay longer than the check interval never ends."""
    # What most routes have not is not sent: a fleet has tens of thousands of them.
    end: RouteEnd | None = None
    """Cause of its end; None while it is live. None when terminating counts as drained, else the cause is unknown."""
    labels: Labels = Labels()
    """The host's facts about it."""

    def __init__(
        self,
        id: str | UUID,
        revision: str | UUID,
        status: RouteStatus,
        health: HealthStatus,
        traffic_status: TrafficStatus,
        traffic_ratio: float,
        created_at: datetime,
        status_updated_at: datetime | None = None,
        end: RouteEnd | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Raises `ValueError` for a naive `datetime`, or one before 1970."""
        fields = self.__dict__
        fields["id"] = id if type(id) is str else text("id", id)
        fields["revision"] = revision if type(revision) is str else text("revision", revision)
        fields["status"] = status
        fields["health"] = health
        fields["traffic_status"] = traffic_status
        fields["traffic_ratio"] = traffic_ratio
        fields["created_at"] = millis("created_at", created_at)
        fields["status_updated_at"] = (
            None if status_updated_at is None else millis("status_updated_at", status_updated_at)
        )
        if end is not None:
            fields["end"] = end
        if labels:
            fields["labels"] = sorted_labels(labels)

    @property
    def is_live(self) -> bool:
        """True while it is provisioning or running."""
        return self.status in (RouteStatus.PROVISIONING, RouteStatus.RUNNING)

    @property
    def is_ready(self) -> bool:
        """True while it is running and healthy; traffic does not matter."""
        return self.status == RouteStatus.RUNNING and self.health == HealthStatus.HEALTHY

    @property
    def is_serving(self) -> bool:
        """True while it is ready, active, and has a ratio above 0.0."""
        return self.is_ready and self.traffic_status == TrafficStatus.ACTIVE and self.traffic_ratio > 0.0
