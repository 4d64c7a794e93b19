"""The clock that stops endless loops: it always runs, whatever the limits are.

An engine's epoch is a number that compiled code compares with a deadline in every loop and function. A thread moves it
on. The epoch is that of the system's monotonic clock, in ticks, and may lag behind it where the thread was kept
waiting; whoever sets a deadline adds what it lags, so that catching up stops nobody early.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from typing import Protocol

from pointsman.errors import HostError
from pointsman.runtime.limits import TICK

_TICK = TICK.total_seconds()


class Epoch(Protocol):
    """An engine, which has an epoch that is moved on."""

    def increment_epoch(self) -> None: ...


class _Hand:
    """State of the thread: the engine, and its epoch."""

    def __init__(self, engine: Epoch, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._start = clock()
        self.ticks = 0
        self.is_over = False

    def stop(self) -> None:
        self.is_over = True

    def due(self) -> int:
        return int((self._clock() - self._start) / _TICK)

    def tick(self) -> None:
        for _ in range(self.due() - self.ticks):
            self._engine.increment_epoch()
            # After the epoch: who reads it in between adds one tick too many, never one too few.
            self.ticks += 1

    def run(self) -> None:
        while not self.is_over:
            self.tick()
            time.sleep(_TICK)


class Ticker:
    """Moves an engine's epoch on until the ticker is gone.

    Its thread holds the engine, and lets go of it within a tick. A weak reference would not do: while an object is
    being deleted it can still be had through one, and the engine's memory would be given back under the thread.
    """

    def __init__(self, engine: Epoch, clock: Callable[[], float] = time.monotonic) -> None:
        self._hand = _Hand(engine, clock)
        # Also called when the interpreter exits: after that the thread touches nothing any more. It takes no lock: in a
        # forked process nobody might give it back.
        weakref.finalize(self, self._hand.stop)

    def start(self) -> Ticker:
        """Starts the thread. Nothing waits for its end: it keeps neither the ticker nor the interpreter.

        Raises `HostError`.
        """
        self.thread = threading.Thread(target=self._hand.run, name="pointsman-ticker", daemon=True)
        try:
            self.thread.start()
        except RuntimeError as error:
            raise HostError(f"the thread that stops endless loops does not start: {error}") from error
        return self

    def deadline(self, ticks: int) -> int:
        """Counts from the engine's epoch to a deadline that is so many ticks from now."""
        return self._hand.due() - self._hand.ticks + ticks

    def tick(self) -> None:
        """Brings the epoch up to the clock."""
        self._hand.tick()
