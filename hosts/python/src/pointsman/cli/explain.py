"""`explain`: a decision and why it was made, for people."""

from __future__ import annotations

from typing import Any

import orjson

from pointsman.cli.moment import absolute, duration, relative
from pointsman.cli.routes_table import stable, table, traffic
from pointsman.cli.text import wrapped
from pointsman.contract.bounds import Commitment
from pointsman.contract.plan import Progress, RouteChanges
from pointsman.contract.policy import IdsOnly, Policy
from pointsman.contract.words import plain
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
"""Difference up to which two capacities count as equal, in routes."""
_LABEL = 12
"""Width of labels, in columns."""


def run(plugin: Plugin, requests: list[str]) -> bool:
    """Prints what comes of each request; returns whether none was refused."""
    strategy = plugin.describe()
    print(f"{plain(strategy.name)} {plain(strategy.version)} {plugin.id}")
    is_fine = True
    for i, request in enumerate(requests):
        print()
        if len(requests) > 1:
            print(f"request {i + 1} of {len(requests)}")
        refusal = _explain(plugin, request)
        if refusal is not None:
            _line("refused", plain(refusal))
            is_fine = False
    return is_fine


def _line(label: str, text: str) -> None:
    print(label.ljust(_LABEL) + wrapped(text, _LABEL))


def _explain(plugin: Plugin, text: str) -> str | None:
    """Explains one request; returns what the plugin or the guard has against it."""
    (decision,) = plugin.answers(f"[{text}]").decisions
    if isinstance(decision, InvalidRequest):
        return f"invalid request: {decision.message}"
    request = orjson.loads(text)
    spec = request["spec"]
    print(wrapped(_spec(spec, text), 0))
    _line("limits", _limits(plugin, request))
    if isinstance(decision, EvaluationError) and not isinstance(decision, PlanRejected):
        return f"{_REFUSALS[type(decision)]}: {decision.message}"
    plan = decision.plan if isinstance(decision, PlanRejected) else decision
    routes = request["routes"]
    print(f"\n{table(routes, spec, plan)}\n" if routes else f"no routes; the target is {spec['target_replicas']}")
    _print_plan(plan, spec["now"])
    _print_capacity(routes, plan)
    if not isinstance(decision, PlanRejected):
        return None
    for violation in decision.violations:
        _line("violation", f"{violation.code}: {plain(violation.message)}")
    return "the guard rejects this plan; nothing of it may be applied"


def _spec(spec: dict[str, Any], text: str) -> str:
    # As it was written, on one line.
    config = (fields((fields(text) or {}).get("spec", "{}")) or {}).get("config", "{}")
    before = stable(spec)
    target, started_at = spec["target_replicas"], spec["started_at"]
    return (
        f"deploying {plain(spec['deploying_revision'])}{f' after {plain(before)}' if before else ''} "
        f"to {target} {'replica' if target == 1 else 'replicas'}, "
        f"{duration(max(0, spec['now'] - started_at))} after the start ({absolute(started_at)})"
        f"{_requests(spec.get('operator') or {})}, config {plain(' '.join(config.split()))}"
    )


def _requests(operator: dict[str, Any]) -> str:
    """Writes `, operator asks to pause and passed preview, promotion`."""
    words = [word for word in ("abort", "pause", "promote") if operator.get(word)]
    requests = [f"asks to {', '.join(words)}"] if words else []
    if operator.get("passed_gates"):
        requests.append(f"passed {plain(', '.join(operator['passed_gates']))}")
    return f", operator {' and '.join(requests)}" if requests else ""


def _limits(plugin: Plugin, request: dict[str, Any]) -> str:
    """Writes `at least 3 serve, at most 6 are live: the policy of the command line at this target`."""
    given = request["spec"].get("limits")
    if given is not None:
        return f"{_promise(Commitment(**given))}: those of the request"
    if isinstance(plugin.guard, IdsOnly):
        return "none"
    own = request.get("policy")
    policy = plugin.guard if own is None else Policy(**own)
    whose = "the policy of the command line" if own is None else "the request's policy"
    return f"{_promise(policy.resolve(request['spec']['target_replicas']))}: {whose} at this target"


def _print_plan(plan: RouteChanges, now: int) -> None:
    _line("decision", f"{plan.sub_step.words}: {plain(plan.reason.code)}")
    _line("because", plain(plan.reason.message))
    _line("changes", _changes(plan))
    if plan.progress is not None:
        _line("progress", _progress(plan.progress))
    if plan.gate is not None:
        _line("gate", plain(plan.gate))
    if plan.reason.blocking_route_ids:
        _line("blocked by", plain(", ".join(plan.reason.blocking_route_ids)))
    _line("look again", _look_again(plan, now))
    _line("promises", _promise(plan.commitment))
    if plan.memo is not None:
        _line("memo", plain(plan.memo))


def _look_again(plan: RouteChanges, now: int) -> str:
    at = vars(plan)["next_evaluation_at"]
    if at is not None:
        return f"{relative(at, now)} ({absolute(at)}), or when something changes"
    return "no need: the rollout is over" if plan.sub_step.is_over else "when something changes"


def _progress(progress: Progress) -> str:
    """Writes `step 2 of 5, 12.5% of the traffic for the new revision`."""
    share = _number(progress.share * 100)
    return f"step {progress.step} of {progress.steps}, {share}% of the traffic for the new revision"


def _promise(commitment: Commitment) -> str:
    """Writes `at least 3 serve, at most 6 are live`."""
    least, most = commitment.least_serving, commitment.most_live
    return f"at least {least} serve" + ("" if most == (1 << 32) - 1 else f", at most {most} are live")


def _changes(plan: RouteChanges) -> str:
    """Writes `create 3 of v2 (inactive), then promote 2, then drain 3`."""
    parts = [
        f"create {spec.count} of {plain(spec.revision)} ({traffic(spec.traffic_status, spec.traffic_ratio)})"
        for spec in plan.rollout_specs
    ]
    counts = {
        "promote": len(plan.promote_route_ids),
        "change traffic of": len(plan.traffic_changes),
        "drain": len(plan.drain_route_ids),
    }
    parts += [f"{verb} {count}" for verb, count in counts.items() if count]
    return ", then ".join(parts) or "none"


def _print_capacity(routes: list[dict[str, Any]], plan: RouteChanges) -> None:
    """Tells the serving capacity before and after the plan, where it changes or is not the number of serving routes."""
    traffic = {route["id"]: (route["traffic_status"], route["traffic_ratio"]) for route in routes}
    ready = sorted(route["id"] for route in routes if route["status"] == "running" and route["health"] == "healthy")
    before = [ratio for status, ratio in map(traffic.__getitem__, ready) if status == "active" and ratio > 0]
    traffic |= dict.fromkeys(plan.promote_route_ids, ("active", 1.0))
    traffic |= {change.route_id: (change.traffic_status.value, change.traffic_ratio) for change in plan.traffic_changes}
    traffic |= dict.fromkeys(plan.drain_route_ids, ("inactive", 0.0))
    after = [ratio for status, ratio in map(traffic.__getitem__, ready) if status == "active" and ratio > 0]
    carried, left = _capacity(before), _capacity(after)
    if abs(carried - left) > _TOLERANCE:
        _line("capacity", f"{_number(carried)} before the plan, {_number(left)} after it")
    elif abs(carried - len(before)) > _TOLERANCE:
        _line("capacity", f"{_number(carried)} of {len(before)} serving routes")


def _capacity(ratios: list[float]) -> float:
    return sum(ratios) / max(ratios) if ratios else 0.0


def _number(capacity: float) -> str:
    """Writes a number with at most three decimals."""
    return f"{capacity:.3f}".rstrip("0").rstrip(".")
