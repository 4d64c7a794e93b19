"""Checking plans before they are returned; the rules are in `wit/guard/guard.wit`.

The guard is a component too, `guard.wasm`, the same code for every host. It runs as plugins do: in the sandbox, under
the limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from pointsman.contract.plan import RouteChanges, SubStep
from pointsman.contract.policy import Guard, IdsOnly, Policy
from pointsman.contract.violation import Violation
from pointsman.errors import (
    BrokenContract,
    Limit,
    PlanNotChecked,
    PluginError,
    PluginId,
    PluginLimit,
    PluginNotRun,
)
from pointsman.plugin.batches import batches
from pointsman.plugin.sent import Sent
from pointsman.runtime.instances import Purpose
from pointsman.runtime.runtime import Loaded

_ID_CODES = frozenset({"invalid-routes", "unknown-id", "duplicate-id", "conflicting-changes"})
"""Violations under any guard."""
_COMPLETED, _ROLLED_BACK = SubStep.COMPLETED, SubStep.ROLLED_BACK
_LONGEST_MEMO = 4096
"""Most bytes of a memo."""


class Checker:
    """The guard component."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._function = f"pointsman:guard/guard-json@{loaded.version}#check-plans"

    def check(
        self, plugin: PluginId, guard: Guard, plans: Sequence[tuple[Sent, RouteChanges]], purpose: Purpose
    ) -> list[list[Violation]]:
        """Checks the plans of a plugin: all that is wrong with each, by the request that it was made from.

        Raises `PlanNotChecked` where the guard cannot say, and `BrokenContract` where a plan was made for what is no
        request.
        """
        policy = orjson.dumps(guard if isinstance(guard, Policy) else Policy())
        requests, sizes = [], []
        for sent, plan in plans:
            # To check a plan that changes and ends nothing, the routes need not be read.
            routes, size = (sent.routes, sent.size) if needs_routes(plan) else (b"[]", 0)
            own = policy if sent.policy is None else orjson.dumps(sent.policy)
            parts = (routes, sent.spec, orjson.dumps(plan), own)
            # What was sent is not written anew.
            requests.append(b'{"routes":%b,"spec":%b,"plan":%b,"policy":%b}' % parts)
            sizes.append(size)
        texts = [b"[%b]" % b",".join(requests[first:end]) for first, end in batches(sizes)]
        try:
            given = self._loaded.run(purpose, lambda call: [call.text(self._function, text) for text in texts])
        except PluginNotRun as error:
            raise PluginNotRun(plugin, str(error)) from error
        except PluginError as error:
            if isinstance(error, PluginLimit) and error.limit is Limit.INSTANCES:
                # Too many calls at once say nothing against the plan.
                raise PluginLimit(plugin, error.limit, error.most) from error
            raise PlanNotChecked(plugin, str(error)) from error
        verdicts: list[dict[str, Any]] = []
        for is_ok, answer in given:
            if not is_ok:
                raise PlanNotChecked(plugin, f"the guard does not read it: {answer}")
            verdicts += orjson.loads(answer)
        if len(verdicts) != len(plans):
            raise PlanNotChecked(plugin, f"the guard gave {len(verdicts)} verdicts on {len(plans)} plans")
        return [self._violations(plugin, guard, verdict) for verdict in verdicts]

    def _violations(self, plugin: PluginId, guard: Guard, verdict: dict[str, Any]) -> list[Violation]:
        found = verdict.get("violations")
        if found is None:
            raise BrokenContract(plugin, f"it has a plan for what is no request: {verdict['error']}")
        violations = [Violation(each["code"], tuple(each["route_ids"]), each["message"]) for each in found]
        if isinstance(guard, IdsOnly):
            return [violation for violation in violations if violation.code in _ID_CODES]
        return violations


def needs_routes(plan: RouteChanges) -> bool:
    """Tells that a plan has to be shown its routes to be checked."""
    return not plan.is_empty or plan.sub_step.is_over


def needs_check(plan: RouteChanges, guard: Guard, now: int) -> bool:
    """Tells that something can be wrong with a plan. With one that changes and ends nothing it can only be its memo, or
    that it wants to be evaluated again at once, which are no matters of ids. `now` is in milliseconds.
    """
    # In the form in which they are kept, because every plan of a fleet comes by here.
    fields = plan.__dict__
    if (
        fields["rollout_specs"]
        or fields["promote_route_ids"]
        or fields["traffic_changes"]
        or fields["drain_route_ids"]
    ):  # fmt: skip
        return True
    if not isinstance(guard, Policy):
        return False
    step, at, memo = fields["sub_step"], fields["next_evaluation_at"], fields["memo"]
    return (
        step is _COMPLETED
        or step is _ROLLED_BACK
        or (at is not None and at <= now)
        or (memo is not None and not _is_memo(memo))
    )


def _is_memo(memo: str) -> bool:
    # Of most memos the number of characters tells that they are short enough.
    return "\0" not in memo and (4 * len(memo) <= _LONGEST_MEMO or len(memo.encode()) <= _LONGEST_MEMO)
