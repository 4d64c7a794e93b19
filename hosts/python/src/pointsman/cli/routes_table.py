"""The table of routes: what each is, how that classifies it, and what a plan does with it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pointsman.cli.moment import relative
from pointsman.contract.plan import RouteChanges
from pointsman.contract.words import plain

_HEADINGS = ("ROUTE", "REVISION", "STATUS", "HEALTH", "TRAFFIC", "CHANGED", "CLASS", "PLAN")


def table(routes: list[dict[str, Any]], spec: dict[str, Any], plan: RouteChanges) -> str:
    """Makes the table of all routes, in the order of their ids."""
    actions = _actions(plan)
    rows = [_HEADINGS]
    for route in sorted(routes, key=lambda route: str(route["id"])):
        changed = route.get("status_updated_at")
        rows.append(
            (
                plain(route["id"]),
                plain(route["revision"]),
                _word(route["status"]),
                _word(route["health"]),
                traffic(route["traffic_status"], route["traffic_ratio"]),
                "-" if changed is None else relative(changed, spec["now"]),
                _class(route, spec),
                " ".join(actions[route["id"]]),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _class(route: dict[str, Any], spec: dict[str, Any]) -> str:
    """Classifies a route: `green live ready serving`."""
    is_green = route["revision"] == spec["deploying_revision"]
    is_live = route["status"] in ("provisioning", "running")
    is_ready = route["status"] == "running" and route["health"] == "healthy"
    is_serving = is_ready and route["traffic_status"] == "active" and route["traffic_ratio"] > 0
    end = route.get("end")
    now, started_at = spec["now"], spec["started_at"]
    beginning = started_at if now >= started_at else max(0, 2 * now - started_at)
    stamp = route.get("status_updated_at") if end else None
    is_history = not is_live and (route["created_at"] if stamp is None else stamp) < beginning
    has_failed = end == "crashed" if end else route["status"] != "terminating"
    words = {
        "live": is_live,
        "ready": is_ready,
        "serving": is_serving,
        "failed": is_green and not is_live and not is_history and has_failed,
    }
    if is_green:
        name = "green"
    elif stable(spec) is None:
        name = "blue"
    else:
        name = "stable" if route["revision"] == stable(spec) else "leftover"
    told = [name, *(word for word, is_so in words.items() if is_so)]
    if end and not words["failed"]:
        told.append(end)
    if is_green and is_history:
        told.append("history")
    return " ".join(told)


def _actions(plan: RouteChanges) -> defaultdict[str, list[str]]:
    """Lists what the plan does with each route that it names."""
    actions: defaultdict[str, list[str]] = defaultdict(list)
    for id in plan.promote_route_ids:
        actions[id].append("promote")
    for change in plan.traffic_changes:
        actions[change.route_id].append(f"traffic {traffic(change.traffic_status, change.traffic_ratio)}")
    for id in plan.drain_route_ids:
        actions[id].append("drain")
    for id in plan.reason.blocking_route_ids:
        actions[id].append("blocks")
    return actions


def stable(spec: dict[str, Any]) -> str | None:
    """Finds the revision that is returned to; None where there is none."""
    stable = spec.get("stable_revision")
    return stable if stable and stable != spec["deploying_revision"] else None


def traffic(status: str, ratio: float) -> str:
    """Writes `active 1.0`, `inactive`, and a ratio that nobody gets: `inactive 0.5`."""
    return "inactive" if status == "inactive" and ratio == 0 else f"{status} {float(ratio)}"


def _word(word: str) -> str:
    """Writes a word as the contract does: `failed-to-start`."""
    return word.replace("_", "-")
