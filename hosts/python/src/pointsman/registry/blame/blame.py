"""The state of one version: which of its deployments fail, and what follows from that."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from pointsman.registry.blame.circuit import Circuit
from pointsman.registry.blame.entry import Entry
from pointsman.registry.blame.question import Verdict, Which
from pointsman.registry.blame.terms import CURRENT, NOTHING, Consequence, Open, Sentence, Standing, Ticket
from pointsman.registry.options import Options
from pointsman.registry.outcome import Outcome


class Blame:
    """What is known of the deployments of one version. Safe to use from several threads."""

    def __init__(self, options: Options, *, has_previous: bool) -> None:
        """Nothing is known yet of a version, which has one before it or not."""
        self._options = options
        self._has_previous = has_previous
        self._lock = Lock()
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        """In the order in which they were heard of."""
        self._against: set[str] = set()
        """Deployments that were pinned at any time: each has spoken against the version."""
        self._failed: set[str] = set()
        """Where there is no version before: deployments that failed since one succeeded."""
        self._circuit = Circuit()
        """The version's circuit."""

    @property
    def is_quiet(self) -> bool:
        """Nothing is known, as nearly always. Read without a lock, for every call asks it."""
        return not self._entries and not self._failed and self._circuit.is_closed

    def admit(self, deployment: str, input: Callable[[], int]) -> Ticket | Open:
        """Says which version to call for a deployment, or that its circuit is open. The fingerprint of its input is
        made where it matters.
        """
        if self.is_quiet:
            return CURRENT
        with self._lock:
            now = self._options.clock()
            self._forget_faded(now)
            entry = self._entries.get(deployment)
            if entry is not None and entry.input != input():
                del self._entries[deployment]
                entry = None
            refused = self._circuit.refuses(now, self._options)
            if refused is not None:
                return Open(is_for_all=True, failures=len(self._failed), remaining=refused)
            ticket = CURRENT if entry is None else self._heard(deployment, entry, now)
            if isinstance(ticket, Ticket) and not self._circuit.is_closed:
                self._circuit.probe(now)
                return Ticket(ticket.which, ticket.is_suspect, ticket.is_probe, is_version_probe=True)
            return ticket

    def _heard(self, deployment: str, entry: Entry, now: float) -> Ticket | Open:
        entry.heard = now
        self._entries.move_to_end(deployment)
        refused = entry.circuit.refuses(now, self._options)
        if refused is not None:
            return Open(is_for_all=False, failures=entry.failures, remaining=refused)
        is_probe = not entry.circuit.is_closed
        if is_probe:
            entry.circuit.probe(now)
        which = Which.PREVIOUS if entry.is_pinned else Which.CURRENT
        return Ticket(which, is_suspect=entry.failures > 0, is_probe=is_probe)

    def finish(self, deployment: str, input: Callable[[], int], ticket: Ticket, outcome: Outcome) -> Consequence:
        """Notes how a call ended."""
        if outcome is Outcome.OK and self.is_quiet:
            return NOTHING
        with self._lock:
            if outcome is Outcome.OK:
                self._succeed(deployment, ticket.which)
                return NOTHING
            self._release(deployment, ticket)
            is_asked = self._has_previous and ticket.which is Which.CURRENT
            if outcome.is_nobodys or not (outcome.is_failure or is_asked):
                return NOTHING
            return self._count(deployment, input(), ticket, is_failure=outcome.is_failure, is_asked=is_asked)

    def _count(self, deployment: str, input: int, ticket: Ticket, *, is_failure: bool, is_asked: bool) -> Consequence:
        options, consequence = self._options, Consequence()
        now = options.clock()
        entry = self._entry(deployment, input, now)
        if is_asked and not entry.is_judged and not entry.is_asked:
            entry.is_asked = consequence.ask = True
        if not is_failure:
            return consequence
        entry.failures += 1
        if ticket.is_probe or (entry.failures >= options.open_after and entry.circuit.is_closed):
            consequence.opened = entry.circuit.open(now, options)
        if not self._has_previous:
            if len(self._failed) < options.revert_after:
                self._failed.add(deployment)
            is_enough = len(self._failed) >= options.revert_after
            if ticket.is_version_probe or (is_enough and self._circuit.is_closed):
                consequence.opened_for_all = self._circuit.open(now, options)
        return consequence

    def judge(self, deployment: str, input: int, verdict: Verdict | None, seen: int) -> Sentence:
        """Draws the consequences of a verdict; None where nobody could ask, so that the next failure leads to it again.
        `seen` is how many deployments the strategy was ever called for, as far as that matters.
        """
        with self._lock:
            entry = self._entries.get(deployment)
            if entry is not None and entry.input != input:
                entry = None
            if verdict is Verdict.VERSION:
                return self._judge_version(deployment, entry, seen)
            if entry is None:
                return Sentence()
            if verdict is Verdict.NOBODY:
                del self._entries[deployment]
            else:
                entry.is_asked, entry.is_judged = False, verdict is Verdict.INPUT
            return Sentence()

    def _judge_version(self, deployment: str, entry: Entry | None, seen: int) -> Sentence:
        if entry is not None:
            self._entries[deployment] = Entry(entry.input, entry.heard, is_pinned=True)
        self._against.add(deployment)
        is_enough = len(self._against) >= max(1, min(seen, self._options.revert_after))
        return Sentence(entry is not None, tuple(sorted(self._against)) if is_enough else ())

    @property
    def is_bad(self) -> bool:
        """The version is none to return to: a deployment was pinned, or its circuit is open for all."""
        return bool(self._against) or not self._circuit.is_closed

    def open_for_all(self) -> float | None:
        """Seconds for which the version's circuit is open; None where it is not."""
        with self._lock:
            return self._circuit.remaining(self._options.clock())

    def standings(self) -> list[Standing]:
        """Lists the deployments whose circuit is open, or that are pinned, in the order of their keys."""
        with self._lock:
            now = self._options.clock()
            self._forget_faded(now)
            standings = [
                Standing(deployment, entry.failures, entry.circuit.remaining(now), entry.is_pinned)
                for deployment, entry in self._entries.items()
            ]
        shown = [standing for standing in standings if standing.open is not None or standing.is_pinned]
        return sorted(shown, key=lambda standing: standing.deployment)

    def _entry(self, deployment: str, input: int, now: float) -> Entry:
        """The entry of a deployment with this input; a new one where there is none."""
        entry = self._entries.get(deployment)
        if entry is None or entry.input != input:
            entry = self._entries[deployment] = Entry(input, now)
        entry.heard = now
        self._entries.move_to_end(deployment)
        if len(self._entries) > self._options.most_entries:
            self._entries.popitem(last=False)
        return entry

    def _succeed(self, deployment: str, which: Which) -> None:
        entry = self._entries.get(deployment)
        if entry is not None and entry.is_pinned:
            self._entries[deployment] = Entry(entry.input, entry.heard, is_pinned=True)
        elif entry is not None:
            del self._entries[deployment]
        if which is Which.CURRENT:
            self._failed.clear()
            self._circuit = Circuit()

    def _release(self, deployment: str, ticket: Ticket) -> None:
        """Lets another probe go where this was one."""
        if ticket.is_version_probe:
            self._circuit.release()
        entry = self._entries.get(deployment)
        if entry is not None and ticket.is_probe:
            entry.circuit.release()

    def _forget_faded(self, now: float) -> None:
        # The one longest unheard of is the first.
        while self._entries and next(iter(self._entries.values())).has_faded(now, self._options):
            self._entries.popitem(last=False)
