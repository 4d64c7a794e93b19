"""`explain`: a decision and why it was made, for people."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson

from pointsman.cli.text import absolute, duration, plain, relative
from pointsman.contract.bounds import Commitment
from pointsman.contract.plan import RouteChanges
from pointsman.errors import (
    EvaluationError,
    InvalidConfig,
    InvalidRequest,
    InvalidRoutes,
    InvalidSpec,
    PlanRejected,
)
from pointsman.guard.plugin import Plugin
from pointsman.plugin.json_text import fields

_REFUSALS = {
    InvalidConfig: "invalid config",
    InvalidSpec: "invalid spec",
    InvalidRoutes: "invalid routes",
    InvalidRequest: "invalid request",
}
_TOLERANCE = 1e-9
"""By how much two capacities may differ and count as equal, in routes."""
_HEADINGS = ("ROUTE", "REVISION", "STATUS", "HEALTH", "TRAFFIC", "CHANGED", "CLASS", "PLAN")


def run(plugin: Plugin, requests: list[str]) -> bool:
    """Prints what comes of each request; whether none was refused."""
    strategy = plugin.describe()
    print(f"{plain(strategy.name)} {plain(strategy.version)} {plugin.id}")
    is_fine = True
    for i, request in enumerate(requests):
        print()
        if len(requests) > 1:
            print(f"request {i + 1} of {len(requests)}")
        refusal = _explain(plugin, request)
        if refusal is not None:
            print(f"refused     {plain(refusal)}")
            is_fine = False
    return is_fine


def _explain(plugin: Plugin, text: str) -> str | None:
    """Explains one request; what the plugin or the guard has against it."""
    (decision,) = plugin.answers(f"[{text}]").decisions
    if isinstance(decision, InvalidRequest):
        return f"invalid request: {decision.message}"
    request = orjson.loads(text)
    spec = request["spec"]
    print(_spec(spec, text))
    if isinstance(decision, EvaluationError) and not isinstance(decision, PlanRejected):
        return f"{_REFUSALS[type(decision)]}: {decision.message}"
    plan = decision.plan if isinstance(decision, PlanRejected) else decision
    routes = request["routes"]
    print(f"\n{_table(routes, spec, plan)}\n" if routes else f"no routes, {spec['target_replicas']} wanted")
    _print_plan(plan, spec["now"])
    _print_capacity(routes, plan)
    if not isinstance(decision, PlanRejected):
        return None
    for violation in decision.violations:
        print(f"violation   {violation.code}: {plain(violation.message)}")
    return "the guard rejects this plan; nothing of it may be applied"


def _spec(spec: dict[str, Any], text: str) -> str:
    # As it was written, on one line.
    config = (fields((fields(text) or {}).get("spec", "{}")) or {}).get("config", "{}")
    stable = _stable(spec)
    target, started_at = spec["target_replicas"], spec["started_at"]
    return (
        f"deploying {plain(spec['deploying_revision'])}{f' after {plain(stable)}' if stable else ''} "
        f"to {target} {'replica' if target == 1 else 'replicas'}, "
        f"{duration(max(0, spec['now'] - started_at))} after the start ({absolute(started_at)})"
        f"{_wishes(spec.get('operator') or {})}, config {plain(' '.join(config.split()))}"
    )


def _stable(spec: dict[str, Any]) -> str | None:
    """The revision that is returned to, if there is one."""
    stable = spec.get("stable_revision")
    return stable if stable and stable != spec["deploying_revision"] else None


def _wishes(operator: dict[str, Any]) -> str:
    """`, operator asks to pause and passed preview, promotion`."""
    asked = [word for word in ("abort", "pause", "promote") if operator.get(word)]
    wishes = [f"asks to {', '.join(asked)}"] if asked else []
    if operator.get("passed_gates"):
        wishes.append(f"passed {plain(', '.join(operator['passed_gates']))}")
    return f", operator {' and '.join(wishes)}" if wishes else ""


def _table(routes: list[dict[str, Any]], spec: dict[str, Any], plan: RouteChanges) -> str:
    """All routes: what each is, how that classifies it, and what the plan does with it."""
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
                _traffic(route["traffic_status"], route["traffic_ratio"]),
                "-" if changed is None else relative(changed, spec["now"]),
                _class(route, spec),
                " ".join(actions[route["id"]]),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _class(route: dict[str, Any], spec: dict[str, Any]) -> str:
    """`green live ready serving`."""
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
    elif _stable(spec) is None:
        name = "blue"
    else:
        name = "stable" if route["revision"] == _stable(spec) else "leftover"
    told = [name, *(word for word, is_so in words.items() if is_so)]
    if end and not words["failed"]:
        told.append(end)
    if is_green and is_history:
        told.append("history")
    return " ".join(told)


def _actions(plan: RouteChanges) -> defaultdict[str, list[str]]:
    """What the plan does with each route that it names."""
    actions: defaultdict[str, list[str]] = defaultdict(list)
    for id in plan.promote_route_ids:
        actions[id].append("promote")
    for change in plan.traffic_changes:
        actions[change.route_id].append(f"traffic {_traffic(change.traffic_status, change.traffic_ratio)}")
    for id in plan.drain_route_ids:
        actions[id].append("drain")
    for id in plan.reason.blocking_route_ids:
        actions[id].append("blocks")
    return actions


def _print_plan(plan: RouteChanges, now: int) -> None:
    print(f"decision    {plan.sub_step.words}: {plain(plan.reason.code)}")
    print(f"because     {plain(plan.reason.message)}")
    print(f"changes     {_changes(plan)}")
    if plan.gate is not None:
        print(f"gate        {plain(plan.gate)}")
    if plan.reason.blocking_route_ids:
        print(f"blocked by  {plain(', '.join(plan.reason.blocking_route_ids))}")
    at = vars(plan)["next_evaluation_at"]
    if at is not None:
        print(f"look again  {relative(at, now)} ({absolute(at)}), or when something changes")
    elif plan.sub_step.is_over:
        print("look again  no need: the rollout is over")
    else:
        print("look again  when something changes")
    print(f"promises    {_promise(plan.commitment)}")
    if plan.memo is not None:
        print(f"memo        {plain(plan.memo)}")


def _promise(commitment: Commitment) -> str:
    """`at least 3 serve, at most 6 are live`."""
    least, most = commitment.least_serving, commitment.most_live
    return f"at least {least} serve" + ("" if most == (1 << 32) - 1 else f", at most {most} are live")


def _print_capacity(routes: list[dict[str, Any]], plan: RouteChanges) -> None:
    """Serving capacity before the plan and after it, where that is another or is not the number of serving routes."""
    traffic = {route["id"]: (route["traffic_status"], route["traffic_ratio"]) for route in routes}
    ready = sorted(route["id"] for route in routes if route["status"] == "running" and route["health"] == "healthy")
    before = [ratio for status, ratio in map(traffic.__getitem__, ready) if status == "active" and ratio > 0]
    traffic |= dict.fromkeys(plan.promote_route_ids, ("active", 1.0))
    traffic |= {change.route_id: (change.traffic_status.value, change.traffic_ratio) for change in plan.traffic_changes}
    traffic |= dict.fromkeys(plan.drain_route_ids, ("inactive", 0.0))
    after = [ratio for status, ratio in map(traffic.__getitem__, ready) if status == "active" and ratio > 0]
    carried, left = _capacity(before), _capacity(after)
    if abs(carried - left) > _TOLERANCE:
        print(f"capacity    {_number(carried)} before the plan, {_number(left)} after it")
    elif abs(carried - len(before)) > _TOLERANCE:
        print(f"capacity    {_number(carried)} of {len(before)} serving routes")


def _capacity(ratios: list[float]) -> float:
    return sum(ratios) / max(ratios) if ratios else 0.0


def _number(capacity: float) -> str:
    """With at most three decimals."""
    return f"{capacity:.3f}".rstrip("0").rstrip(".")


def _changes(plan: RouteChanges) -> str:
    """`create 3 of v2 (inactive), then promote 2, then drain 3`."""
    parts = [
        f"create {spec.count} of {plain(spec.revision)} ({_traffic(spec.traffic_status, spec.traffic_ratio)})"
        for spec in plan.rollout_specs
    ]
    counts = {
        "promote": len(plan.promote_route_ids),
        "change traffic of": len(plan.traffic_changes),
        "drain": len(plan.drain_route_ids),
    }
    parts += [f"{verb} {count}" for verb, count in counts.items() if count]
    return ", then ".join(parts) or "none"


def _traffic(status: str, ratio: float) -> str:
    """`active 1.0`, `inactive`, and a ratio that nobody gets: `inactive 0.5`."""
    return "inactive" if status == "inactive" and ratio == 0 else f"{status} {float(ratio)}"


def _word(word: str) -> str:
    """As the contract writes it: `failed-to-start`."""
    return word.replace("_", "-")
