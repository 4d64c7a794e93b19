"""The circuit of a version: counts its failures in a row, and keeps calls from it for a while once it is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from pointsman.errors import BackingOff
from pointsman.registry.options import Options
from pointsman.registry.version import Version


@dataclass(frozen=True)
class _State:
    failures: int = 0
    """Failures in a row."""
    until: float | None = None
    """The moment at which it is half-open; None where it was never open since the last good call."""
    length: timedelta = timedelta(0)
    """Time for which it was open last."""


class Circuit:
    """A version, and how it did last. Safe to use from several threads."""

    def __init__(self, version: Version, options: Options) -> None:
        self.version = version
        self._options = options
        self._state = _State()
        """Changed as a whole, with the lock held; read without."""
        self._lock = Lock()

    @property
    def is_failing(self) -> bool:
        """True once it failed as often as a version may."""
        return self._state.failures >= self._options.revert_after

    @property
    def remaining(self) -> timedelta | None:
        """Time for which it is still open; None where it is not."""
        until = self._state.until
        if until is None:
            return None
        remaining = timedelta(seconds=until - self._options.clock())
        return remaining if remaining > timedelta(0) else None

    def check(self) -> None:
        """Checks that it is not open.

        # Errors
        `BackingOff`.
        """
        remaining = self.remaining
        if remaining is not None:
            raise BackingOff(self.version.plugin.id, self._state.failures, remaining)

    def reset(self) -> None:
        """Forgets the failures: after a good call, or when it is reverted to."""
        if self._state != _State():
            with self._lock:
                self._state = _State()

    def count_failure(self) -> int:
        """Counts a failure; the number of those in a row."""
        with self._lock:
            state = self._state
            self._state = _State(state.failures + 1, state.until, state.length)
            return self._state.failures

    def open(self) -> timedelta:
        """Opens it, for twice as long as the last time."""
        options = self._options
        with self._lock:
            state = self._state
            length = options.first_back_off if state.until is None else state.length * 2
            length = min(length, options.longest_back_off)
            self._state = _State(state.failures, options.clock() + length.total_seconds(), length)
            return length
