"""Threads on which no signal's handler runs, for the calls of the main thread.

Python runs signal handlers between any two instructions of the main thread, and they may raise: `KeyboardInterrupt`
does. wasmtime's objects are made and deleted in several instructions, and what is interrupted between them is lost, or
deleted twice, which ends the process. So whatever the main thread wants done with them is done by another thread, for
which the main thread waits; no handler interrupts that one. It costs two changes of threads, some 20 µs.
"""

from __future__ import annotations

import threading
import weakref
from _thread import start_new_thread
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any, Generic, TypeVar, cast

from pointsman.errors import HostError

_STEP = 0.1
"""Seconds for which a signal's handler may have to wait."""

_T = TypeVar("_T")


class _Job(Generic[_T]):
    """Something to be done once, and what came of it."""

    __slots__ = ("_claim", "_done", "_error", "_value", "_work", "is_over")

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self._claim = [True]
        self._done = threading.Lock()
        self._done.acquire()
        self.is_over = False
        self._value: _T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Does it, unless it was called off."""
        if not self._is_claimed():
            return
        try:
            self._value = self._work()
        except BaseException as error:
            self._error = error
        finally:
            self.is_over = True
            self._done.release()

    def wait(self) -> None:
        """Waits for the end; once."""
        # In steps: a signal that comes just before the wait does not end it, and its handler runs after it.
        while not self._done.acquire(timeout=_STEP):
            pass

    def call_off(self) -> None:
        """Makes sure that it is not under way any more: it never begins, or its end is waited for."""
        if self._is_claimed():
            self.is_over = True
        elif not self.is_over:
            self._done.acquire()

    def result(self) -> _T:
        """Returns or raises what came of it."""
        error, self._error = self._error, None
        if error is None:
            return cast("_T", self._value)
        try:
            raise error
        finally:
            # The error has a reference to this frame.
            del error

    def _is_claimed(self) -> bool:
        try:
            # One instruction, so that only one thread succeeds.
            return self._claim.pop()
        except IndexError:
            return False


class _Lane:
    """A thread that does one job after another, until this is gone."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        # What is called at the end of this object is no Python code, so nothing comes in between.
        end = weakref.ref(self, partial(self._jobs.put, None))
        try:
            # One instruction: a `Thread` that starts waits for itself, and must not be interrupted meanwhile. Nothing
            # waits for the thread's end either.
            start_new_thread(_work, (self._jobs, end))
        except RuntimeError as error:
            raise HostError(f"the thread that works for the main thread does not start: {error}") from error

    def do(self, job: _Job[Any]) -> None:
        """Has a job done, and waits for its end. Raises what a signal's handler raises meanwhile."""
        self._jobs.put(job)
        job.wait()


def _work(jobs: SimpleQueue[_Job[Any] | None], _end: object) -> None:
    while (job := jobs.get()) is not None:
        job.run()
        # Not kept until there is another.
        del job


class Lanes:
    """The threads that work for the main thread: as many as it has calls at once, which is one, and one more for each
    call within a call that a signal's handler makes.
    """

    def __init__(self) -> None:
        self._idle: list[_Lane] = []

    def run(self, work: Callable[[], _T], stop: Callable[[], None] | None = None) -> _T:
        """Does something where no signal's handler runs, and waits for it.

        Raises what that raises, and what a handler raises meanwhile. In that case it waits for the end all the same:
        nothing is under way any more once this returns, unless another handler raises. `stop` is called then, if there
        is one, so that the end comes soon.

        # Errors
        `HostError` where there is no thread.
        """
        if threading.current_thread() is not threading.main_thread():
            return work()
        try:
            lane = self._idle.pop()
        except IndexError:
            lane = _Lane()
        job = _Job(work)
        try:
            lane.do(job)
        except BaseException:
            if stop is not None:
                stop()
            job.call_off()
            raise
        finally:
            # Not one that is busy, because `call_off` was interrupted too: its thread ends once that is over.
            if job.is_over:
                self._idle.append(lane)
        return job.result()
