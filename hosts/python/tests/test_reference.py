"""The benchmark's own implementation decides as the strategy does, so that comparing their times means something."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

import reference
from pointsman import Request, TrafficStatus
from support import ROOT, typed


def config(given: dict[str, Any]) -> reference.Config | None:
    """The corpus' configuration; None for options that it does not know."""
    keys = {"auto_promote": bool, "promote_delay_seconds": int, "max_replacements": int}
    if any(type(value) is not keys.get(key) for key, value in given.items()):
        return None
    return reference.Config(
        given.get("auto_promote", False),
        timedelta(seconds=given.get("promote_delay_seconds", 0)),
        given.get("max_replacements", 0),
    )


def is_plain(request: Request) -> bool:
    """Whether a request is about nothing that the reference does not know."""
    spec, routes = request.spec, request.routes
    is_known = all(route.end is None and route.traffic_status != TrafficStatus.STANDBY for route in routes)
    operator = spec.operator
    bounds = (spec.stable_revision, spec.limits, spec.free_places)
    has_labels = spec.labels or any(route.labels for route in routes)
    is_late = spec.now < spec.started_at
    stamps = [route.status_updated_at or route.created_at for route in routes if route.is_ready]
    is_first = not any(route.is_live and route.revision != spec.deploying_revision for route in routes)
    in_or_out = all(
        route.traffic_ratio == float(route.traffic_status == TrafficStatus.ACTIVE) or not route.is_ready
        for route in routes
    )
    return (
        is_known
        and bounds == (None, None, None)
        and not (operator.pause or has_labels or is_late or is_first)
        and all(stamp <= spec.now for stamp in stamps)
        and spec.deploying_revision != ""
        and all(route.id for route in routes)
        and in_or_out
    )


def test_the_corpus_where_its_options_allow() -> None:
    compared = 0
    for file in sorted((ROOT / "tests" / "vectors" / "blue-green").glob("*.json")):
        vector = json.loads(file.read_text())
        request = typed(vector["request"])
        error = vector["response"].get("error", {})
        if request is None or request.spec.checks or request.spec.memo or error.get("code") == "invalid_config":
            continue
        if not is_plain(request) or "no_room" in request.spec.config:
            continue
        options = config(json.loads(request.spec.config))
        if options is None:
            continue
        routes = [
            reference.Route(**{name: getattr(route, name) for name in reference.Route.__dataclass_fields__})
            for route in request.routes
        ]
        spec = request.spec
        a_spec = reference.Spec(
            spec.deploying_revision, spec.target_replicas, spec.started_at, spec.now, spec.operator, options
        )
        expected = vector["response"].get("ok")
        if expected is None:
            with pytest.raises(reference.InvalidRoutes):
                reference.evaluate(routes, a_spec)
        else:
            plan = reference.evaluate(routes, a_spec)
            decided = (plan.sub_step, plan.code, plan.create, list(plan.promote), list(plan.drain), list(plan.blocking))
            assert decided == (
                expected["sub_step"],
                expected["reason"]["code"],
                sum(each["count"] for each in expected["rollout_specs"]),
                expected["promote_route_ids"],
                expected["drain_route_ids"],
                expected["reason"]["blocking_route_ids"],
            ), file.stem
        compared += 1
    assert compared > 30
