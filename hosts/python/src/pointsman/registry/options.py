"""Options of a registry."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pointsman.contract.policy import Guard, Policy


@dataclass(frozen=True)
class Options:
    """Options of a registry. Raises `ValueError` for what cannot be."""

    guard: Guard = Policy()
    """The guard of every plugin that has none of its own in `guards`."""
    guards: Mapping[str, Guard] = field(default_factory=dict)
    """The guards of single strategies, by name: a rolling update with little room for a surge, beside a blue-green
    that needs twice the target."""
    revert_after: int = 3
    """Deployments after which a version is reverted: so many that it fails where the version before it does not. Where
    there is none before it, its circuit opens for all when so many have failed and none has succeeded since; at least
    1, default 3."""
    open_after: int = 3
    """Failures of one deployment in a row after which its circuit opens; at least 1, default 3."""
    first_back_off: timedelta = timedelta(seconds=1)
    """Time for which a circuit is open at first; more than 0, default 1 s. It doubles each time that a probe fails."""
    longest_back_off: timedelta = timedelta(minutes=1)
    """The longest that it is open; at least `first_back_off`, default 1 minute. Twice as long without a call, and
    nothing is known of a deployment any more."""
    jitter: float = 0.5
    """Share by which each back-off is lengthened at most, at random, so that what opened together is not tried
    together; 0.0 to 1.0, default 0.5."""
    batch_time: timedelta = timedelta(seconds=30)
    """Time that the calls of one batch may take together, each within `Limits.time`; more than 0, default 30 s."""
    most_entries: int = 65_536
    """Failing deployments that are remembered of each strategy; at least 1, default 65,536. The one longest unheard of
    makes way."""
    state: str | Path | None = None
    """Folder that keeps the quarantine, and the last good component of each strategy, over restarts; made where it is
    not there. Default None: nothing is kept."""
    clock: Callable[[], float] = time.monotonic
    """The clock of circuits and batches, in seconds; default `time.monotonic`."""
    random: Callable[[], float] = random.random
    """Source of the jitter: a number from 0.0 to below 1.0; default `random.random`."""

    def __post_init__(self) -> None:
        for name in ("revert_after", "open_after", "most_entries"):
            value = getattr(self, name)
            if value < 1:
                raise ValueError(f"`{name}` is {value}; it must be at least 1")
        for name in ("first_back_off", "batch_time"):
            value = getattr(self, name)
            if value <= timedelta(0):
                raise ValueError(f"`{name}` is {value}; it must be more than 0")
        if self.longest_back_off < self.first_back_off:
            raise ValueError(f"`longest_back_off` is {self.longest_back_off}; it must be at least `first_back_off`")
        if not 0.0 <= self.jitter <= 1.0:
            raise ValueError(f"`jitter` is {self.jitter}; it must be 0.0 to 1.0")
