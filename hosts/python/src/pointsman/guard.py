"""Checking plans before they are returned; the rules are in `wit/guard/guard.wit`.

The guard is a component too, `guard.wasm`, the same code for every host. It runs as plugins do: in the sandbox, under
the limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from pointsman.batches import batches
from pointsman.errors import (
    BrokenContract,
    Limit,
    PlanNotChecked,
    PluginError,
    PluginId,
    PluginLimit,
    PluginNotRun,
)
from pointsman.instances import Purpose
from pointsman.loaded import Loaded
from pointsman.plan import RouteChanges
from pointsman.policy import Policy


@dataclass(frozen=True)
class IdsOnly:
    """Only that the ids are right: given, once, and not in conflict. A plan may then take the service down. For a host
    that checks plans itself.
    """


Guard = Policy | IdsOnly
"""How plans are checked before they are returned. The default is `Policy()`."""


@dataclass(frozen=True)
class Violation:
    """One thing that a plan does and must not do."""

    code: str
    """A stable kebab-case word: `unknown-id`, `capacity-lowered`; all of them are in `wit/guard/guard.wit`."""
    route_ids: tuple[str, ...]
    """The routes it is about, in the order of their ids."""
    message: str
    """One sentence with the numbers in it."""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Decided(NamedTuple):
    """A plan and what it was made from: what was sent, not what has become of it since. Routes and spec are whatever
    `orjson` writes as a request's fields.
    """

    routes: Any
    spec: Any
    plan: RouteChanges
    size: int
    """How many routes these are."""
    policy: Policy | None
    """The deployment's, where it has one of its own."""


_ID_CODES = frozenset({"invalid-routes", "unknown-id", "duplicate-id", "conflicting-changes"})
"""What a plan must not do under any guard."""


class Checker:
    """The guard component."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._door = f"pointsman:guard/guard-json@{loaded.version}#check-plans"

    def check(
        self, plugin: PluginId, guard: Guard, plans: Sequence[Decided], purpose: Purpose
    ) -> list[list[Violation]]:
        """All that is wrong with each plan of a plugin.

        Raises `PlanNotChecked` where the guard cannot say, and `BrokenContract` where a plan was made for what is no
        request.
        """
        policy = guard if isinstance(guard, Policy) else Policy()
        requests = [
            # To check a plan that changes and ends nothing, the routes need not be read.
            {"routes": routes if needs_routes(plan) else (), "spec": spec, "plan": plan, "policy": own or policy}
            for routes, spec, plan, _, own in plans
        ]
        sizes = (size if needs_routes(plan) else 0 for _, _, plan, size, _ in plans)
        texts = [orjson.dumps(requests[first:end]) for first, end in batches(sizes)]
        verdicts: list[dict[str, Any]] = []
        try:
            with self._loaded.call(purpose) as call:
                for request in texts:
                    is_ok, text = call.text(self._door, request)
                    if not is_ok:
                        raise PlanNotChecked(plugin, f"the guard does not read it: {text}")
                    verdicts += orjson.loads(text)
        except PlanNotChecked:
            raise
        except PluginNotRun as error:
            raise PluginNotRun(plugin, str(error)) from error
        except PluginError as error:
            if isinstance(error, PluginLimit) and error.limit is Limit.INSTANCES:
                # Too many calls at once say nothing against the plan.
                raise PluginLimit(plugin, error.limit, error.most) from error
            raise PlanNotChecked(plugin, str(error)) from error
        if len(verdicts) != len(plans):
            raise PlanNotChecked(plugin, f"the guard gave {len(verdicts)} verdicts on {len(plans)} plans")
        return [self._violations(plugin, guard, verdict) for verdict in verdicts]

    def _violations(self, plugin: PluginId, guard: Guard, verdict: dict[str, Any]) -> list[Violation]:
        if "error" in verdict:
            raise BrokenContract(plugin, f"it has a plan for what is no request: {verdict['error']}")
        violations = [
            Violation(each["code"], tuple(each["route_ids"]), each["message"]) for each in verdict["violations"]
        ]
        if isinstance(guard, IdsOnly):
            return [violation for violation in violations if violation.code in _ID_CODES]
        return violations


def needs_routes(plan: RouteChanges) -> bool:
    """Whether a plan has to be shown its routes to be checked."""
    return not plan.is_empty or plan.sub_step.is_over


def needs_check(plan: RouteChanges, guard: Guard) -> bool:
    """Whether anything can be wrong with a plan. With one that changes and ends nothing it can only be its memo, or that
    it wants to be evaluated again at once, which are no matters of ids.
    """
    if not plan.is_empty:
        return True
    if not isinstance(guard, Policy):
        return False
    # In the form in which they are kept, because every plan of a fleet comes by here.
    fields = vars(plan)
    return plan.sub_step.is_over or fields["next_evaluation_at"] is not None or fields["memo"] is not None
