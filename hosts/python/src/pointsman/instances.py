"""How many instances there may be at once, and for what.

Calls have `Limits.instances` for themselves. What a host does besides, loading a plugin or checking a new version, has
a few of its own: it may wait for them, and no call ever fails for its sake.

Python runs signal handlers between any two instructions of the main thread, and they may raise: `KeyboardInterrupt`
does. So a place is never given back by code that must come to run, but by the end of the object that stands for it.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator
from enum import Enum
from functools import partial
from threading import RLock
from typing import Any

UPKEEP = 2
"""Instances for everything but calls."""

_WAIT = 0.005
"""How long upkeep waits before it asks again, in seconds."""


class Purpose(Enum):
    """What an instance is for."""

    CALL = "call"
    """A caller waits for it."""
    UPKEEP = "upkeep"
    """Nobody waits for it."""


_Taken = dict[object, tuple[weakref.ref[Any], ...]]
"""The places that are taken, each with what is to be done at its end."""


class Place:
    """The right to have one instance, as long as this object lives or until it is given back."""

    __slots__ = ("__weakref__", "_key", "_taken")

    def __init__(self, taken: _Taken) -> None:
        self._taken = taken
        self._key = object()

    def take(self, most: int) -> bool:
        """Takes it, if fewer than so many are taken."""
        if len(self._taken) >= most:
            return False
        # What is called at the end of this object is no Python code, so nothing comes in between.
        self._taken[self._key] = (weakref.ref(self, partial(self._taken.pop, self._key)),)
        return True

    def before(self, step: Iterator[object]) -> None:
        """Has the next step taken before the place is given back by the end of this object."""
        # The callbacks of younger references come first.
        self._taken[self._key] += (weakref.ref(self, partial(next, step)),)

    def give_back(self) -> None:
        """May be called again."""
        self._taken.pop(self._key, None)


class Instances:
    """The places that there are."""

    def __init__(self, calls: int) -> None:
        self._most = {Purpose.CALL: calls, Purpose.UPKEEP: UPKEEP}
        self._taken: dict[Purpose, _Taken] = {purpose: {} for purpose in Purpose}
        # Taken and given back by instructions that nothing interrupts, as a `Semaphore` is not. A signal's handler may
        # evaluate too, so the same thread may take it again.
        self._lock = RLock()

    def place(self, purpose: Purpose) -> Place | None:
        """A place. For a call it is given at once, or not because the limit is reached; for upkeep it is waited for."""
        place = Place(self._taken[purpose])
        while not self._take(place, purpose):
            if purpose is Purpose.CALL:
                return None
            # Who waits for a condition may be interrupted while he holds its lock.
            time.sleep(_WAIT)
        return place

    def _take(self, place: Place, purpose: Purpose) -> bool:
        with self._lock:
            return place.take(self._most[purpose])
