"""How much a plan may do: the operator's policy, in Kubernetes' terms."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pointsman.bounds import Commitment

Amount = int | str
"""A number of routes, or a percentage of the target with at most three decimals: `2`, `"25%"`, `"12.5%"`."""

_PERCENTAGE = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,3}))?%", re.ASCII)
_MOST = (1 << 32) - 1
_WHOLE = 100_000
"""Thousandths of a percent in the whole."""


@dataclass(frozen=True)
class Policy:
    """The operator's policy; per strategy or per deployment, never the plugin's own.

    It is resolved into `Spec.limits`, so that a strategy knows what it may do. That a plan's ids are right is checked
    besides.
    """

    max_unavailable: Amount = "25%"
    """How many routes fewer than the target may serve. A percentage is rounded down, but from a target of 2 on at least
    1; below 100% it is 0 at a target of 1. At most the target."""
    max_surge: Amount = "100%"
    """How many live routes of all revisions there may be above the target; rounded up, at least 1."""
    complete_at: Amount = "100%"
    """How much serving capacity of the deploying revision completes a rollout; rounded up, at least 1, at most the
    target."""

    def __post_init__(self) -> None:
        # What the guard cannot read would count against the plugin.
        for name, value in vars(self).items():
            check_amount(name, value)

    def resolve(self, target_replicas: int) -> Commitment:
        """What the policy comes to at a target: what goes into `Spec.limits`. Nothing at target 0."""
        target = target_replicas
        if target == 0:
            return Commitment(0, 0)
        unavailable = min(self._rounded(self.max_unavailable, target, up=False), target)
        is_some = isinstance(self.max_unavailable, str) and _millipercent(self.max_unavailable) > 0
        if unavailable == 0 and is_some and target >= 2:
            unavailable = 1
        surge = max(1, self._rounded(self.max_surge, target, up=True))
        return Commitment(target - unavailable, min(target + surge, _MOST))

    @staticmethod
    def _rounded(amount: Amount, target: int, *, up: bool) -> int:
        if isinstance(amount, int):
            return amount
        return -(-_millipercent(amount) * target // _WHOLE) if up else _millipercent(amount) * target // _WHOLE


def check_amount(name: str, value: Amount) -> None:
    """Raises `TypeError` or `ValueError` for what is no amount, naming the field."""
    right = "a number of routes from 0 to 2^32 - 1, or a percentage with at most three decimals such as '12.5%'"
    if type(value) is not int and type(value) is not str:
        raise TypeError(f"policy `{name}` is {value!r}; it must be {right}")
    if not 0 <= (_millipercent(value) if isinstance(value, str) else value) <= _MOST:
        raise ValueError(f"policy `{name}` is {value!r}; it must be {right}")


def _millipercent(percentage: str) -> int:
    """Thousandths of a percent; -1 for what is no percentage."""
    match = _PERCENTAGE.fullmatch(percentage)
    if match is None:
        return -1
    whole, decimals = match.groups(default="")
    return int(whole) * 1000 + int(decimals.ljust(3, "0"))
