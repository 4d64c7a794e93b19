"""Plans: applying them, and what they say."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from pointsman import (
    HealthStatus,
    Plugin,
    Reason,
    RolloutSpec,
    RouteChanges,
    RouteEnd,
    RouteStatus,
    SubStep,
    TrafficChange,
    TrafficStatus,
    UnknownRoute,
)
from pointsman.contract.wire import LAST_MOMENT
from samples import ID, a_plan
from support import START, given, ready_routes, spec


def test_a_plan_at_a_moment_that_is_none_is_not_applied() -> None:
    routes = given()
    before = copy.deepcopy(routes)
    plan = RouteChanges(SubStep.FINALIZING, [], ["r-4"], [], ["r-1"], Reason("a", "b"))

    with pytest.raises(ValueError, match="`now` is naive"):
        plan.apply(routes, START.replace(tzinfo=None), lambda: "r-9")

    assert routes == before


def test_a_plan_is_applied_in_the_contracts_order() -> None:
    routes = given()
    plan = a_plan(
        rollout_specs=[RolloutSpec(2, "v2", TrafficStatus.INACTIVE, 0.0, {"zone": "a"})],
        promote_route_ids=["r-4", "r-5"],
        traffic_changes=[
            TrafficChange("r-3", TrafficStatus.STANDBY, 1.0),
            TrafficChange("r-2", TrafficStatus.ACTIVE, 0.5),
            TrafficChange("r-1", TrafficStatus.ACTIVE, 0.1),
        ],
        drain_route_ids=["r-1"],
    )
    now = START + timedelta(hours=1)
    ids: Iterator[str | UUID] = iter([ID, "r-8"])

    plan.apply(routes, now, lambda: next(ids))

    traffic = [(each.id, each.status, each.traffic_status, each.traffic_ratio) for each in routes]
    active, inactive = TrafficStatus.ACTIVE, TrafficStatus.INACTIVE
    assert traffic == [
        ("r-1", RouteStatus.TERMINATING, inactive, 0.0),
        ("r-2", RouteStatus.RUNNING, active, 0.5),
        ("r-3", RouteStatus.RUNNING, TrafficStatus.STANDBY, 1.0),
        ("r-4", RouteStatus.RUNNING, active, 1.0),
        ("r-5", RouteStatus.RUNNING, active, 1.0),
        ("r-6", RouteStatus.RUNNING, inactive, 0.0),
        (str(ID), RouteStatus.PROVISIONING, inactive, 0.0),
        ("r-8", RouteStatus.PROVISIONING, inactive, 0.0),
    ]
    assert (routes[0].status_updated_at, routes[0].end) == (now, RouteEnd.DRAINED)
    assert [each.end for each in routes[1:]] == [None] * 7
    assert [each.labels for each in routes] == [{}] * 6 + [{"zone": "a"}] * 2
    routes[6].labels["spot"] = "yes"
    assert (routes[7].labels, plan.rollout_specs[0].labels) == ({"zone": "a"}, {"zone": "a"})
    assert (routes[6].health, routes[6].created_at, routes[6].status_updated_at) == (HealthStatus.NOT_CHECKED, now, now)


@pytest.mark.parametrize(
    "change",
    [
        {"promote_route_ids": ["r-1", "nobody"]},
        {"drain_route_ids": ["nobody"]},
        {"traffic_changes": [TrafficChange("nobody", TrafficStatus.ACTIVE, 1.0)]},
    ],
)
def test_a_plan_is_applied_whole_or_not_at_all(change: dict[str, Any]) -> None:
    routes = ready_routes(2)
    plan = a_plan(rollout_specs=[RolloutSpec(1, "v2", TrafficStatus.INACTIVE, 0.0)], **change)

    with pytest.raises(UnknownRoute, match="the plan names the route `nobody`, which is not there"):
        plan.apply(routes, START, lambda: "r-3")

    assert routes == ready_routes(2)


def test_plans_that_change_something_are_not_empty() -> None:
    assert a_plan(next_evaluation_at=START).is_empty
    assert not a_plan(drain_route_ids=["r-1"]).is_empty
    assert a_plan().next_evaluation_at is None


def test_a_moment_beyond_the_calendar_is_its_last(blue_green: Plugin) -> None:
    a_spec = spec('{"progress_deadline_seconds": 4294967295}')
    a_spec.started_at = a_spec.now = LAST_MOMENT

    plan = blue_green.evaluate_cycle([], a_spec)

    assert plan.next_evaluation_at == LAST_MOMENT
