"""Counts the instances that there are, and says for what there may be another.

Calls have `Limits.instances` for themselves. What a host does besides, loading a plugin or checking a new version, has
a few of its own: it may wait for them, and no call ever fails for its sake.

Places are taken and given back only where no signal's handler runs; see `lanes.py`.
"""

from __future__ import annotations

from enum import Enum
from threading import Condition

BACKGROUND = 2
"""Instances for everything but calls."""


class Purpose(Enum):
    """Purpose of an instance."""

    CALL = "call"
    """A caller waits for it."""
    BACKGROUND = "background"
    """Nobody waits for it."""


class Instances:
    """The places that there are. Safe to use from several threads."""

    def __init__(self, calls: int) -> None:
        self._most = {Purpose.CALL: calls, Purpose.BACKGROUND: BACKGROUND}
        self._taken = dict.fromkeys(Purpose, 0)
        self._changed = Condition()

    def take(self, purpose: Purpose) -> bool:
        """Takes a place, which must be given back. For a call it is taken at once, or not because the limit is reached;
        for the background it is waited for.
        """
        with self._changed:
            while self._taken[purpose] >= self._most[purpose]:
                if purpose is Purpose.CALL:
                    return False
                self._changed.wait()
            self._taken[purpose] += 1
            return True

    def give_back(self, purpose: Purpose) -> None:
        """Gives a place back."""
        with self._changed:
            self._taken[purpose] -= 1
            self._changed.notify()

    def taken(self, purpose: Purpose) -> int:
        """Counts the places that are taken."""
        return self._taken[purpose]
