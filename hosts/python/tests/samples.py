"""A route and a plan with something in every field, for tests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pointsman import (
    HealthStatus,
    Reason,
    Route,
    RouteChanges,
    RouteStatus,
    SubStep,
    TrafficStatus,
)
from support import START

ID = UUID("6d1a4b1c-55a5-4c2b-9a3e-0f9a5d7b1c2d")


def a_route(**changes: Any) -> Route:
    fields: dict[str, Any] = {
        "id": ID,
        "revision": "v2",
        "status": RouteStatus.FAILED_TO_START,
        "health": HealthStatus.NOT_CHECKED,
        "traffic_status": TrafficStatus.ACTIVE,
        "traffic_ratio": 0.5,
        "created_at": START,
        "status_updated_at": None,
    }
    return Route(**fields | changes)


def a_plan(**changes: Any) -> RouteChanges:
    fields: dict[str, Any] = {
        "sub_step": SubStep.PROVISIONING,
        "rollout_specs": [],
        "promote_route_ids": [],
        "traffic_changes": [],
        "drain_route_ids": [],
        "reason": Reason("code", "message"),
    }
    return RouteChanges(**fields | changes)
