"""Terms and state of a trial: a new version beside the current one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Terms of a trial: how long a new version is tried in the shadow of the current one, and what comes of it. It has
    either `evaluations` or a `time`. Raises `ValueError` for what cannot be.
    """

    evaluations: int | None = None
    """It ends after so many requests that both versions have decided; at least 1."""
    time: timedelta | None = None
    """It ends with the first request that both have decided after this time, more than 0: a trial without any says
    nothing."""
    most_differences: int = 0
    """Most requests that it may decide differently and still pass; at least 0, default 0. One with which it fails, by
    trap, timeout, limit or a rejected plan, and the current version does not, never passes."""
    auto_promote: bool = False
    """A version that passes becomes the current one by itself; default False: it waits for `Registry.promote`."""

    def __post_init__(self) -> None:
        if (self.evaluations is None) is (self.time is None):
            raise ValueError("a trial has either `evaluations` or a `time`")
        if self.evaluations is not None and self.evaluations < 1:
            raise ValueError(f"`evaluations` is {self.evaluations}; it must be at least 1")
        if self.time is not None and self.time <= timedelta(0):
            raise ValueError(f"`time` is {self.time}; it must be more than 0")
        if self.most_differences < 0:
            raise ValueError(f"`most_differences` is {self.most_differences}; it must be at least 0")


class Comparison(StrEnum):
    """State of the comparison that a trial is."""

    RUNNING = "running"
    """It goes on."""
    PASSED = "passed"
    """It is over; the version may be promoted."""
    FAILED = "failed"
    """It is over; the version failed, or decided differently too often. It can still be promoted by hand."""
    PROMOTED = "promoted"
    """The version is the current one, or was since."""
    DISCARDED = "discarded"
    """It ended without a result: by hand, or because another trial took its place."""
