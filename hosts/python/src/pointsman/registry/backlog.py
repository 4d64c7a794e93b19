"""A bounded backlog of work, done one after the other in the background."""

from __future__ import annotations

import logging
from _thread import start_new_thread
from collections import deque
from collections.abc import Callable
from threading import Condition
from typing import Generic, TypeVar

_log = logging.getLogger("pointsman")

_T = TypeVar("_T")


class Backlog(Generic[_T]):
    """Work that waits. There is a thread while there is any. Safe to use from several threads."""

    def __init__(self, most: int, work: Callable[[_T], None]) -> None:
        """So much may wait at most."""
        self._most = most
        self._work = work
        self._waiting: deque[_T] = deque()
        self._taken = 0
        """Places that are taken, also by what is being made."""
        self._is_running = False
        self._changed = Condition()

    def add(self, make: Callable[[], _T]) -> bool:
        """Adds work if there is room; whether there is. It is made only then, and while nobody waits for that."""
        is_taken = False
        try:
            with self._changed:
                if self._taken >= self._most:
                    return False
                self._taken += 1
                is_taken = True
            made = make()
            with self._changed:
                if not self._is_running:
                    try:
                        # Not a `Thread`, which waits for its start and must not be interrupted meanwhile.
                        start_new_thread(self._run, ())
                    except RuntimeError:
                        return False
                    self._is_running = True
                self._waiting.append(made)
                is_taken = False
        finally:
            if is_taken:
                with self._changed:
                    self._taken -= 1
        return True

    def wait(self, longest: float | None = None) -> bool:
        """Waits until all is done, or so many seconds; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_running, longest)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._is_running = False
                    self._changed.notify_all()
                    return
                work = self._waiting.popleft()
                self._taken -= 1
            try:
                self._work(work)
            except Exception:
                # Whatever it is, it is about this: the rest goes on.
                _log.exception("work in the background failed")
            del work
