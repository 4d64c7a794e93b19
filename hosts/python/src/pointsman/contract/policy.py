"""Policies for checking plans: the operator's policy, in Kubernetes' terms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pointsman.contract.bounds import Commitment
from pointsman.contract.words import brief, shown

Amount = int | str
"""A number of routes, or a percentage of the target with at most three decimals: `2`, `"25%"`, `"12.5%"`."""

_MOST = (1 << 32) - 1
_WHOLE = 100_000
"""Thousandths of a percent in the whole."""

_COUNT = re.compile(r"0*([0-9]{1,10})", re.ASCII)
_PERCENTAGE = re.compile(r"0*([0-9]{1,7})(?:\.([0-9]{1,3}))?%", re.ASCII)
_RIGHT = f"a number of routes from 0 to {_MOST}, or a percentage with at most three decimals such as `25%` or `12.5%`"


@dataclass(frozen=True)
class Policy:
    """The operator's policy; per strategy or per deployment, never the plugin's own.

    It is resolved into `Spec.limits`, so that a strategy knows what it may do. That a plan's ids are right is checked
    besides. A percentage is kept as it is written shortest: `"12.5%"` for `"12.50%"`.

    Raises `TypeError` or `ValueError`, which name the field, for what is no amount.
    """

    max_unavailable: Amount = "25%"
    """Routes that may be missing from the target. A percentage is rounded down, but from a target of 2 on at least
    1; below 100% it is 0 at a target of 1. At most the target."""
    max_surge: Amount = "100%"
    """Live routes of all revisions that there may be above the target; rounded up, at least 1."""
    complete_at: Amount = "100%"
    """Serving capacity of the deploying revision that completes a rollout; rounded up, at least 1, at most the
    target."""

    def __post_init__(self) -> None:
        # What the guard cannot read would count against the plugin.
        for name, value in vars(self).items():
            object.__setattr__(self, name, _checked(name, value))

    def resolve(self, target_replicas: int) -> Commitment:
        """Resolves the policy at a target: what goes into `Spec.limits`. Nothing at target 0.

        Raises `TypeError` or `ValueError` for a target that is none.
        """
        target = check_target(target_replicas)
        if target == 0:
            return Commitment(0, 0)
        unavailable = min(_rounded(self.max_unavailable, target, up=False), target)
        if unavailable == 0 and target >= 2 and self.max_unavailable not in (0, "0%"):
            unavailable = 1
        surge = max(1, _rounded(self.max_surge, target, up=True))
        return Commitment(target - unavailable, min(target + surge, _MOST))


@dataclass(frozen=True)
class IdsOnly:
    """Checks of the ids only: given, once, and not in conflict. A plan may then take the service down, and no
    limits are resolved. For a host that checks plans itself.
    """


Guard = Policy | IdsOnly
"""Checks of plans before they are returned. The default is `Policy()`."""


def parse_amount(text: str) -> Amount:
    """The amount that a text says, as a command line or a settings file has it: `"3"` is 3 routes.

    Raises `ValueError`, which says what would be right.
    """
    count = _COUNT.fullmatch(text)
    if count is not None and int(count[1]) <= _MOST:
        return int(count[1])
    part = _millipercent(text)
    if part is None:
        raise ValueError(f"`{shown(text, 100)}` is no amount: it should be {_RIGHT}")
    return _shortest(part)


def check_target(target_replicas: int) -> int:
    """Raises `TypeError` or `ValueError` for what is no number of replicas."""
    if type(target_replicas) is not int:
        raise TypeError(f"`target_replicas` is {brief(target_replicas)}; it must be an int")
    if not 0 <= target_replicas <= _MOST:
        raise ValueError(f"`target_replicas` is {brief(target_replicas)}; it must be 0 to {_MOST}")
    return target_replicas


def _checked(name: str, value: Amount) -> Amount:
    """A policy's amount, a percentage as it is written shortest."""
    if type(value) is int:
        if 0 <= value <= _MOST:
            return value
    elif isinstance(value, str):
        part = _millipercent(value)
        if part is not None:
            return _shortest(part)
    else:
        raise TypeError(f"policy `{name}` is {brief(value)}; it must be {_RIGHT}")
    raise ValueError(f"policy `{name}` is {brief(value)}; it must be {_RIGHT}")


@lru_cache(maxsize=256)
def _millipercent(percentage: str) -> int | None:
    """Thousandths of a percent; None for what is no percentage."""
    match = _PERCENTAGE.fullmatch(percentage)
    if match is None:
        return None
    whole, decimals = match.groups(default="")
    part = int(whole) * 1000 + int(decimals.ljust(3, "0"))
    return part if part <= _MOST else None


def _shortest(part: int) -> str:
    whole, decimals = divmod(part, 1000)
    return f"{whole}.{decimals:03}".rstrip("0").rstrip(".") + "%"


def _rounded(amount: Amount, target: int, *, up: bool) -> int:
    """Computes a share of so many routes in whole numbers: as a float, 7% of 100 is a little more than 7."""
    if isinstance(amount, int):
        return amount
    product = (_millipercent(amount) or 0) * target
    return -(-product // _WHOLE) if up else product // _WHOLE
