"""A manager's loop: a blue-green rollout over a table of routes in memory, to its end, in virtual time.

Run it from the repository root: python hosts/python/examples/manager.py [PLUGIN]
"""

import itertools
import sys
from datetime import UTC, datetime, timedelta

from pointsman import HealthStatus, Host, Route, RouteChanges, RouteStatus, Spec, TrafficStatus

START = datetime.fromtimestamp(1_760_000_000, UTC)
STEP = timedelta(seconds=10)
TIME_TO_START = timedelta(seconds=20)


def serving(id: str) -> Route:
    """A route of v1 that has served since yesterday."""
    then = START - timedelta(days=1)
    return Route(id, "v1", RouteStatus.RUNNING, HealthStatus.HEALTHY, TrafficStatus.ACTIVE, 1.0, then, then)


def move_on(routes: list[Route], now: datetime) -> None:
    """Plays the environment: new routes become healthy, drained ones end."""
    for route in routes:
        if route.status == RouteStatus.PROVISIONING and now - route.created_at >= TIME_TO_START:
            route.status, route.health, route.status_updated_at = RouteStatus.RUNNING, HealthStatus.HEALTHY, now
        elif route.status == RouteStatus.TERMINATING:
            route.status, route.status_updated_at = RouteStatus.TERMINATED, now


def line(now: datetime, plan: RouteChanges) -> str:
    """A line for an operator about a cycle."""
    created = sum(rollout.count for rollout in plan.rollout_specs)
    counts = {"create": created, "promote": len(plan.promote_route_ids), "drain": len(plan.drain_route_ids)}
    changes = ", ".join(f"{verb} {count}" for verb, count in counts.items() if count)
    told = f"{(now - START).seconds:>4}s  {plan.sub_step.words}: {plan.reason.message}"
    return told if plan.is_empty else f"{told} [{changes}]"


def main() -> None:
    plugin = Host().load(sys.argv[1] if len(sys.argv) > 1 else "target/plugins/blue_green.wasm")
    routes = [serving(f"r-{number}") for number in (1, 2, 3)]
    numbers = itertools.count(4)
    config = {"auto_promote": True, "promote_delay_seconds": 20, "progress_deadline_seconds": 600}
    spec = Spec("v2", target_replicas=3, started_at=START, now=START, config=config, stable_revision="v1")
    while True:
        plan = plugin.evaluate_cycle(routes, spec)
        print(line(spec.now, plan))
        # In one transaction, where the table is a database's; the memo is stored with it.
        plan.apply(routes, spec.now, lambda: f"r-{next(numbers)}")
        if plan.sub_step.is_over:
            return
        spec.memo = plan.memo
        spec.now += STEP
        move_on(routes, spec.now)


if __name__ == "__main__":
    main()
