"""A version that is tried, and the queue of what it is to decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from pointsman.registry.backlog import Backlog
from pointsman.registry.record import Observed, Record
from pointsman.registry.trial import Comparison

QUEUE = 32
"""Calls that wait for the shadow, each of one request or of a batch."""
QUEUE_SIZE = 64 << 20
"""Bytes of the requests and decisions that wait, more or less. All of them are copies, so both bound memory."""


class Tried:
    """A version that is tried. What it is to decide waits for a thread of its own."""

    def __init__(self, record: Record, decide: Callable[[Sequence[Observed]], None]) -> None:
        """`decide` calls the version with what was observed of one call, and compares."""
        self.record = record
        self._decide = decide
        self._backlog = Backlog(QUEUE, self._work)
        self._size = 0
        self._lock = Lock()

    @property
    def is_running(self) -> bool:
        """The trial goes on."""
        return self.record.comparison is Comparison.RUNNING

    def observe(self, calls: Sequence[Sequence[int]], copy: Callable[[int], Observed]) -> None:
        """Hands over requests that were decided, given by their places, as many in each call as the shadow is called
        with. They are copied only where there is room; the others are counted. `copy` raises `TypeError` for what
        cannot be written.
        """
        if self.is_running and not self._backlog.add(lambda: self._copied(calls, copy)):
            self.record.skip(sum(map(len, calls)))

    def _copied(self, calls: Sequence[Sequence[int]], copy: Callable[[int], Observed]) -> list[list[Observed]]:
        copied, skipped = [], 0
        for call in calls:
            copies = []
            for i in call:
                if self._size >= QUEUE_SIZE:
                    skipped += 1
                    continue
                try:
                    copies.append(copy(i))
                except TypeError:
                    # It cannot be written as JSON, so that no plugin has seen it.
                    continue
                with self._lock:
                    self._size += copies[-1].size
            copied.append(copies)
        self.record.skip(skipped)
        return copied

    def _work(self, calls: list[list[Observed]]) -> None:
        try:
            for call in calls:
                if call and self.is_running:
                    self._decide(call)
        finally:
            size = sum(observed.size for call in calls for observed in call)
            with self._lock:
                self._size -= size
