"""Asking whose fault a failure is: one deployment at a time, in the background, after the caller has its answer."""

from __future__ import annotations

import logging
from _thread import start_new_thread
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition

from pointsman.errors import PluginError
from pointsman.registry.blame import Verdict, Which, ask
from pointsman.registry.outcome import Outcome, outcome
from pointsman.registry.slot import Slot, Versions

_log = logging.getLogger("pointsman")

MOST = 32
"""Questions that wait. Each is a copy of a request, so this bounds memory; what finds no room is asked when the
deployment fails again."""


@dataclass(frozen=True)
class Question:
    """A failure, and all that is needed to ask whose fault it is."""

    slot: Slot
    versions: Versions
    deployment: str
    input: int
    """Fingerprint of the input."""
    outcome: Outcome
    """Outcome of the call that failed."""
    request: bytes
    """A JSON array of one request, as it was when it was called: callers may have changed their objects since."""

    def answer(self) -> None:
        """Asks, and draws the consequences."""
        if self.slot.is_current(self.versions):
            self.judge(ask(self._call))

    def judge(self, verdict: Verdict | None) -> None:
        """Draws the consequences of a verdict; None where nobody asked."""
        self.slot.judge(self.versions, self.deployment, self.input, verdict, self.outcome)

    def _call(self, which: Which) -> Outcome:
        plugin = self.versions.get(which).plugin.for_background()
        try:
            (decision,) = plugin.answers(self.request).decisions
        except PluginError as error:
            return outcome(error)
        return outcome(decision)


class Questions:
    """The questions of a registry. There is a thread while there are any."""

    def __init__(self) -> None:
        self._waiting: deque[Question] = deque()
        self._is_running = False
        self._changed = Condition()

    def ask(self, make: Callable[[], Question]) -> bool:
        """Asks in the background, if there is room; whether there is. The question is made only then."""
        with self._changed:
            if len(self._waiting) >= MOST:
                return False
            self._waiting.append(make())
            if not self._is_running:
                try:
                    # Not a `Thread`, which waits for its start and must not be interrupted meanwhile.
                    start_new_thread(self._run, ())
                except RuntimeError:
                    self._waiting.pop()
                    return False
                self._is_running = True
        return True

    def wait(self, longest: float | None = None) -> bool:
        """Waits until all are answered, or so many seconds; whether they are."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_running, longest)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._is_running = False
                    self._changed.notify_all()
                    return
                question = self._waiting.popleft()
            try:
                question.answer()
            except Exception:
                # The host could not, for example after a fork. The next failure leads to the questions again.
                _log.exception("`%s`: nobody could ask whose fault a failure is", question.slot.name)
                question.judge(None)
            del question
