"""Review of every plan before it is returned: the guard checks it, and then it is made tidy."""

from __future__ import annotations

from pointsman.contract.plan import RouteChanges
from pointsman.contract.policy import Guard
from pointsman.errors import BrokenContract, PlanRejected, PluginId
from pointsman.guard.checker import Checker, needs_check
from pointsman.guard.tidy import tidy
from pointsman.plugin.answers import Decision
from pointsman.plugin.sent import Requests
from pointsman.runtime.instances import Purpose


def review(
    plugin: PluginId, checker: Checker, guard: Guard, purpose: Purpose, decisions: list[Decision], requests: Requests
) -> dict[int, Decision]:
    """Puts an error in the place of each plan that the guard rejects, and tidies the others. What is another than
    before, by the places.

    Raises `BrokenContract` for a plan that cannot have been made from its request, and what `Checker.check` raises.
    """
    changed: dict[int, Decision] = {}
    doubtful: list[tuple[int, RouteChanges, int]] = []
    for i, plan in enumerate(decisions):
        if type(plan) is RouteChanges:
            now = requests.now(i)
            if now is None:
                _check_that_it_asks_for_nothing(plugin, plan)
                now = 0
            elif needs_check(plan, guard, now):
                # It is tidied after the guard has seen it as it is.
                doubtful.append((i, plan, now))
                continue
            if tidy(plan, now):
                changed[i] = plan
    if doubtful:
        plans = [(requests.sent(i), plan) for i, plan, _ in doubtful]
        verdicts = checker.check(plugin, guard, plans, purpose)
        for (i, plan, now), violations in zip(doubtful, verdicts, strict=True):
            is_other = tidy(plan, now)
            if violations:
                changed[i] = decisions[i] = PlanRejected(plugin, plan, violations)
            elif is_other:
                changed[i] = plan
    return changed


def _check_that_it_asks_for_nothing(plugin: PluginId, plan: RouteChanges) -> None:
    """Raises `BrokenContract` for a plan for what is no request, unless nothing can be wrong with it: this host reads
    requests less far than the plugin does.
    """
    fields = vars(plan)
    asks = fields["next_evaluation_at"] is not None or fields["memo"] is not None
    if asks or not plan.is_empty or plan.sub_step.is_over:
        raise BrokenContract(plugin, "it has a plan for what is no request")
