"""How many instances there may be at once, and for what.

Calls have `Limits.instances` for themselves. What a host does besides, loading a plugin or checking a new version, has
a few of its own: it may wait for them, and no call ever fails for its sake.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from threading import Semaphore

UPKEEP = 2
"""Instances for everything but calls."""


class Purpose(Enum):
    """What an instance is for."""

    CALL = "call"
    """A caller waits for it."""
    UPKEEP = "upkeep"
    """Nobody waits for it."""


class Instances:
    """The right to have instances."""

    def __init__(self, calls: int) -> None:
        self._semaphores = {Purpose.CALL: Semaphore(calls), Purpose.UPKEEP: Semaphore(UPKEEP)}

    @contextmanager
    def permit(self, purpose: Purpose) -> Iterator[bool]:
        """The right to have one, as long as the block lasts. For a call it is given at once, or not because the limit
        is reached, which the value says; for upkeep it is waited for.
        """
        semaphore = self._semaphores[purpose]
        is_given = semaphore.acquire(blocking=purpose is Purpose.UPKEEP)
        try:
            yield is_given
        finally:
            if is_given:
                semaphore.release()
