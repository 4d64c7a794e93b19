"""`explain`: a decision and why it was made, for people."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson

from pointsman.cli.text import absolute, duration, plain, relative
from pointsman.errors import EvaluationError, InvalidConfig, InvalidRequest, InvalidRoutes, PlanRejected
from pointsman.plan import RouteChanges, SubStep
from pointsman.plugin import Plugin

_REFUSALS = {InvalidConfig: "invalid config", InvalidRoutes: "invalid routes", InvalidRequest: "invalid request"}
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
    print(_spec(spec))
    if isinstance(decision, EvaluationError) and not isinstance(decision, PlanRejected):
        return f"{_REFUSALS[type(decision)]}: {decision.message}"
    plan = decision.plan if isinstance(decision, PlanRejected) else decision
    routes = request["routes"]
    print(f"\n{_table(routes, spec, plan)}\n" if routes else f"no routes, {spec['target_replicas']} wanted")
    _print_plan(plan, spec["now"])
    if not isinstance(decision, PlanRejected):
        return None
    for violation in decision.violations:
        print(f"violation   {violation.code}: {plain(violation.message)}")
    return "the guard rejects this plan; nothing of it may be applied"


def _spec(spec: dict[str, Any]) -> str:
    asked = spec.get("operator_request")
    target, started_at = spec["target_replicas"], spec["started_at"]
    return (
        f"deploying {plain(spec['deploying_revision'])} to {target} {'replica' if target == 1 else 'replicas'}, "
        f"{duration(max(0, spec['now'] - started_at))} after the start ({absolute(started_at)})"
        f"{f', operator asks to {asked}' if asked else ''}, config {plain(_one_line(spec.get('config', {})))}"
    )


def _one_line(config: Any) -> str:
    """A configuration with a space after each comma and colon, as people write it."""
    if isinstance(config, dict):
        return "{" + ", ".join(f"{_one_line(key)}: {_one_line(value)}" for key, value in config.items()) + "}"
    if isinstance(config, list):
        return "[" + ", ".join(map(_one_line, config)) + "]"
    return orjson.dumps(config).decode()


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
    is_serving = is_ready and route["traffic_status"] == "active"
    is_history = is_green and not is_live and route["created_at"] < spec["started_at"]
    words = {
        "live": is_live,
        "ready": is_ready,
        "serving": is_serving,
        "failed": is_green and not is_live and not is_history,
        "history": is_history,
    }
    return " ".join(["green" if is_green else "blue", *(word for word, is_so in words.items() if is_so)])


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
    if plan.reason.blocking_route_ids:
        print(f"blocked by  {plain(', '.join(plan.reason.blocking_route_ids))}")
    at = vars(plan)["next_evaluation_at"]
    if at is not None:
        print(f"look again  {relative(at, now)} ({absolute(at)}), or when something changes")
    elif plan.sub_step is SubStep.COMPLETED:
        print("look again  no need: the rollout is over")
    else:
        print("look again  when something changes")
    if plan.memo is not None:
        print(f"memo        {plain(plan.memo)}")


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
