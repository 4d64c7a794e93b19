"""Options of a registry."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pointsman.contract.policy import Guard, Policy


@dataclass(frozen=True)
class Options:
    """Options of a registry."""

    guard: Guard = Policy()
    """The guard of every plugin that has none of its own in `guards`."""
    guards: Mapping[str, Guard] = field(default_factory=dict)
    """The guards of single strategies, by name: a rolling update with little room for a surge, beside a blue-green
    that needs twice the target."""
    revert_after: int = 3
    """Failures in a row after which a version is reverted to the one before it; at least 1, default 3."""
    first_back_off: timedelta = timedelta(seconds=1)
    """Time for which a circuit is open at first, once a version has failed so often and there is none to revert to;
    default 1 s. It doubles with every further failure."""
    longest_back_off: timedelta = timedelta(minutes=1)
    """The longest that it is open; default 1 minute."""
    clock: Callable[[], float] = time.monotonic
    """The clock of circuits, in seconds; default `time.monotonic`."""

    def __post_init__(self) -> None:
        if self.revert_after < 1:
            raise ValueError(f"`revert_after` is {self.revert_after}; it must be at least 1")
