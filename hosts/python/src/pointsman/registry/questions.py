"""Asking whose fault a failure is: one deployment at a time, in the background, after the caller has its answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from pointsman.errors import PluginError
from pointsman.registry.backlog import Backlog
from pointsman.registry.blame import Verdict, Which, ask
from pointsman.registry.outcome import Outcome, outcome
from pointsman.registry.slot import Slot
from pointsman.registry.versions import Versions

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
    """A JSON object, the request as it was when it was called: callers may have changed their objects since."""

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
            (decision,) = plugin.answers(b"[%b]" % self.request).decisions
        except PluginError as error:
            return outcome(error)
        return outcome(decision)


class Questions:
    """The questions of a registry. There is a thread while there are any."""

    def __init__(self) -> None:
        self._backlog = Backlog(MOST, _answer)

    def ask(self, make: Callable[[], Question]) -> bool:
        """Asks in the background, if there is room; whether there is. The question is made only then."""
        return self._backlog.add(make)

    def wait(self, longest: float | None = None) -> bool:
        """Waits until all are answered, or so many seconds; whether they are."""
        return self._backlog.wait(longest)


def _answer(question: Question) -> None:
    try:
        question.answer()
    except Exception:
        # The host could not, for example after a fork. The next failure leads to the questions again.
        _log.exception("`%s`: nobody could ask whose fault a failure is", question.slot.name)
        question.judge(None)
