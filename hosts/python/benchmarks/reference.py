"""Blue-green as a manager would write it in Python, in its own process: what the sandbox is compared with.

It is the table of the strategy without checks, pauses, ends, a stable revision, `keep_blue_seconds` and
`preview_replicas`, and with everything in or out of traffic. `tests/test_reference.py`
plays the corpus against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pointsman import HealthStatus, Operator, RouteStatus, SubStep, TrafficStatus

PAUSE = timedelta(seconds=1)
"""The shortest pause to the next evaluation."""
NAMED = 3
"""How many routes a message names."""


@dataclass(slots=True)
class Route:
    """A route as a manager's own code would have it."""

    id: str
    revision: str
    status: RouteStatus
    health: HealthStatus
    traffic_status: TrafficStatus
    traffic_ratio: float
    created_at: datetime
    status_updated_at: datetime | None = None


@dataclass(slots=True)
class Config:
    auto_promote: bool = False
    promote_delay: timedelta = timedelta(0)
    deadline: timedelta | None = None
    max_replacements: int = 0


@dataclass(slots=True)
class Spec:
    deploying_revision: str
    target_replicas: int
    started_at: datetime
    now: datetime
    operator: Operator = field(default_factory=Operator)
    config: Config = field(default_factory=Config)


@dataclass(slots=True)
class Plan:
    sub_step: SubStep
    code: str
    message: str
    create: int = 0
    promote: Sequence[str] = ()
    drain: Sequence[str] = ()
    blocking: Sequence[str] = ()
    next_evaluation_at: datetime | None = None


class InvalidRoutes(ValueError):
    """The routes cannot be right."""


def roll_back(code: str, live_green: Sequence[Route], serving_blue: int, target: int) -> Plan:
    """To blue, where it carries the target; else what serves stays."""
    if serving_blue >= target:
        return Plan(SubStep.ROLLED_BACK, code, code, drain=[route.id for route in live_green])
    idle = [
        route
        for route in live_green
        if route.status is not RouteStatus.RUNNING
        or route.health is not HealthStatus.HEALTHY
        or route.traffic_status is not TrafficStatus.ACTIVE
    ]
    return Plan(SubStep.ROLLED_BACK, code, code, drain=[route.id for route in idle])


def evaluate(routes: Sequence[Route], spec: Spec) -> Plan:
    """The first row that matches wins; the numbers are those of the table in `src/strategies/blue_green.rs` at its
    simplest.
    """
    routes = sorted(routes, key=lambda route: route.id)
    ready: list[Route] = []
    live_green: list[Route] = []
    live_blue: list[Route] = []
    waiting: list[Route] = []
    failed: list[Route] = []
    active_green = serving_blue = provisioning = 0
    last = None
    for route in routes:
        if route.id == last:
            raise InvalidRoutes(f"route `{route.id}` is given more than once")
        if not 0.0 <= route.traffic_ratio <= 1.0:
            raise InvalidRoutes(f"route `{route.id}`: traffic ratio {route.traffic_ratio} is not in 0.0 to 1.0")
        last = route.id
        status = route.status
        is_live = status is RouteStatus.RUNNING or status is RouteStatus.PROVISIONING
        is_ready = status is RouteStatus.RUNNING and route.health is HealthStatus.HEALTHY
        is_active = route.traffic_status is TrafficStatus.ACTIVE
        if route.revision != spec.deploying_revision:
            if is_live:
                live_blue.append(route)
            serving_blue += is_ready and is_active and route.traffic_ratio > 0.0
        elif is_live:
            live_green.append(route)
            provisioning += status is RouteStatus.PROVISIONING
            if is_ready:
                ready.append(route)
                active_green += is_active
            else:
                waiting.append(route)
        elif route.created_at >= spec.started_at:
            failed.append(route)

    target, config, now = spec.target_replicas, spec.config, spec.now
    rest = live_blue + waiting
    counts = f"{len(ready)} of {target} green routes {'is' if len(ready) == 1 else 'are'} ready"
    if spec.operator.abort:
        return roll_back("aborted", live_green, serving_blue, target)
    if len(ready) >= target:
        chosen = sorted(ready, key=lambda route: (route.traffic_status is not TrafficStatus.ACTIVE, route.id))[:target]
        taken = {route.id for route in chosen}
        rest += [route for route in ready if route.id not in taken]
        ready = sorted(chosen, key=lambda route: route.id)
        promote = [
            route.id
            for route in ready
            if route.traffic_status is not TrafficStatus.ACTIVE or route.traffic_ratio != 1.0
        ]
        done = Plan(SubStep.COMPLETED, "promoting", f"{counts}: promoting {len(promote)}, draining {len(rest)}")
        done.promote, done.drain = promote, [route.id for route in sorted(rest, key=lambda route: route.id)]
        if active_green >= target and not live_blue:
            done.code = "already-promoted"
            return done
        if not spec.operator.promote:
            if not config.auto_promote and "promotion" not in spec.operator.passed_gates:
                message = f"{counts}; waiting for an operator to promote"
                return Plan(SubStep.AWAITING_PROMOTION, "awaiting-approval", message)
            if config.promote_delay and ready:
                # Of several the last.
                newest = max(reversed(ready), key=lambda route: min(route.status_updated_at or route.created_at, now))
                at = min(newest.status_updated_at or newest.created_at, now) + config.promote_delay
                if at > now:
                    at = max(at, now + PAUSE)
                    message = f"{counts}; promoting in {(at - now).total_seconds():g} s"
                    return Plan(
                        SubStep.AWAITING_PROMOTION,
                        "awaiting-delay",
                        message,
                        blocking=[newest.id],
                        next_evaluation_at=at,
                    )
        return done
    blocking = [route.id for route in sorted(waiting + failed, key=lambda route: route.id)]
    if len(failed) > config.max_replacements and not live_green:
        message = f"{len(failed)} green routes failed"
        plan = roll_back("all-green-failed", live_green, serving_blue, target)
        plan.message, plan.blocking = message, blocking
        return plan
    deadline = None if config.deadline is None else spec.started_at + config.deadline
    if deadline is not None and now >= deadline and not spec.operator.promote:
        plan = roll_back("deadline-exceeded", live_green, serving_blue, target)
        plan.message, plan.blocking = counts, blocking
        return plan
    ahead = max(deadline, now + PAUSE) if deadline is not None and deadline > now else None
    missing = target - len(live_green) - max(0, len(failed) - config.max_replacements)
    if missing > 0:
        message = f"{len(live_green)} of {target} green routes are live: creating {missing}"
        return Plan(SubStep.PROVISIONING, "creating-green", message, missing, next_evaluation_at=ahead)
    named = ", ".join(f"{route.id} ({route.health.value})" for route in waiting[:NAMED])
    code = "waiting-for-provisioning" if provisioning else "waiting-for-ready"
    message = f"{counts}; waiting for {named}"
    return Plan(SubStep.PROVISIONING, code, message, blocking=blocking, next_evaluation_at=ahead)
