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
from pointsman.limits import TICK

_TICK = TICK.total_seconds()


class Epoch(Protocol):
    """What is moved on: an engine."""

    def increment_epoch(self) -> None: ...


class Ticker:
    """Moves an engine's epoch on until the engine is gone."""

    def __init__(self, engine: Epoch, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = clock()
        self._engine = weakref.ref(engine)
        self._ticks = 0
        self._over: list[bool] = []
        # Also called when the interpreter exits: after that the thread touches nothing any more. It takes no lock: in a
        # forked process nobody might give it back.
        weakref.finalize(engine, self._over.append, True)

    def start(self) -> Ticker:
        """Starts the thread. Nothing waits for its end: it keeps neither the engine nor the interpreter.

        Raises `HostError`.
        """
        self.thread = threading.Thread(target=self._run, name="pointsman-ticker", daemon=True)
        try:
            self.thread.start()
        except RuntimeError as error:
            raise HostError(f"the thread that stops endless loops does not start: {error}") from error
        return self

    def deadline(self, ticks: int) -> int:
        """How many ticks from the engine's epoch a deadline is that is so many ticks from now."""
        return self._due() - self._ticks + ticks

    def tick(self) -> bool:
        """Brings the epoch up to the clock; False where the engine is gone."""
        engine = self._engine()
        if engine is None:
            return False
        for _ in range(self._due() - self._ticks):
            engine.increment_epoch()
            # After the epoch: who reads it in between adds one tick too many, never one too few.
            self._ticks += 1
        return True

    def _due(self) -> int:
        return int((self._clock() - self._start) / _TICK)

    def _run(self) -> None:
        while True:
            time.sleep(_TICK)
            if self._over or not self.tick():
                return
