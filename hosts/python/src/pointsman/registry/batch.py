"""Calls of a strategy for many deployments at once.

One request that makes the call fail costs no other its plan: the batch is halved (see `halves.py`) until that request
stands alone, and from then on its deployment is called alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from pointsman.contract.plan import RouteChanges
from pointsman.errors import CircuitOpen, EvaluationError, InvalidRequest, PluginId
from pointsman.guard.plugin import Plugin
from pointsman.plugin.answers import Decision
from pointsman.registry.blame import CURRENT, Ticket
from pointsman.registry.calls import settle
from pointsman.registry.halves import Halving, NotReached, groups
from pointsman.registry.options import Options
from pointsman.registry.outcome import Outcome, outcome
from pointsman.registry.questions import Questions
from pointsman.registry.record import Observed
from pointsman.registry.slot import Slot
from pointsman.registry.sources import Answer, Source
from pointsman.registry.timed import Timed, without_plan

_LOGGED = 10
"""Requests without a plan of one batch that are logged one by one."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class EvaluatedBatch(Generic[_T]):
    """Results of a batch, and which plugin gave each."""

    plugins: list[PluginId | None]
    """The plugins that were called, in the order of the requests; None for a request that was not handed to one."""
    value: _T
    """The results."""


class Batch:
    """A batch under way."""

    def __init__(self, slot: Slot, source: Source, questions: Questions, options: Options) -> None:
        self._slot, self._source, self._questions = slot, source, questions
        self._versions = slot.versions
        self._keys: list[str] = []
        """The deployments, by the requests' places; empty where there is none."""
        self._logged = 0
        self._timed = Timed(options, slot.counts)

    def evaluate(self) -> tuple[list[Answer], list[PluginId | None]]:
        """Decides all requests: the answers, and who was called for each."""
        size = self._source.size
        blame, proof, counts = self._versions.blame, self._versions.proof, self._slot.counts
        answers: dict[int, Answer] = {}
        tickets = self._admitted(answers)
        plugins: list[PluginId | None] = [None] * size
        for which, group in groups(tickets):
            version = self._versions.get(which)
            halving = Halving(partial(self._called, version.plugin))
            for chunk in self._source.chunks(group):
                halving.take(chunk)
            id, places, succeeded = version.plugin.id, dict(tickets), 0
            # What nothing is known of, and succeeds, has no consequences: most of a fleet, as nearly always.
            is_plain = blame.is_quiet and proof.is_done
            for i, result in halving.results.items():
                if is_plain and type(result) is Answer and type(result[0]) is RouteChanges and places[i] is CURRENT:
                    answers[i], plugins[i] = result, id
                    succeeded += 1
                    continue
                answer = result if isinstance(result, Answer) else Answer(without_plan(id, result))
                answers[i] = answer
                if not isinstance(result, NotReached):
                    plugins[i] = id
                self._finish(i, places[i], answer.decision)
            counts.record(Outcome.OK, succeeded)
        if self._logged > _LOGGED:
            self._slot.report_more(self._logged - _LOGGED)
        self._observe(answers, plugins)
        return [answers[i] for i in range(size)], plugins

    def _admitted(self, answers: dict[int, Answer]) -> list[tuple[int, Ticket]]:
        """The places of those that may be called; the others are answered."""
        slot, source, blame = self._slot, self._source, self._versions.blame
        current = self._versions.current.plugin.id
        tickets: list[tuple[int, Ticket]] = []
        is_quiet = blame.is_quiet and slot.seen.is_enough
        for i in range(source.size):
            key = source.deployment(i)
            if type(key) is str and is_quiet:
                # As nearly always.
                self._keys.append(key)
                tickets.append((i, CURRENT))
                continue
            if isinstance(key, Exception):
                self._keys.append("")
                slot.counts.record(Outcome.REFUSED)
                answers[i] = Answer(InvalidRequest(current, str(key)))
                continue
            self._keys.append(key)
            ticket = slot.admit(self._versions, key, partial(source.input, i))
            if isinstance(ticket, CircuitOpen):
                answers[i] = Answer(ticket)
            else:
                tickets.append((i, ticket))
        return tickets

    def _called(self, plugin: Plugin, places: Sequence[int]) -> Sequence[Answer]:
        return self._timed.call(lambda: self._source.call(plugin, places))

    def _observe(self, answers: dict[int, Answer], plugins: Sequence[PluginId | None]) -> None:
        """Tells the shadow what was decided, where there is one."""
        tried, source, keys = self._versions.tried, self._source, self._keys
        if tried is None or not tried.is_running:
            return
        called = {
            i: plugin
            for i, plugin in enumerate(plugins)
            if plugin is not None and not outcome(answers[i].decision).is_nobodys
        }
        tried.observe(
            source.calls(list(called)), lambda i: Observed.of(called[i], keys[i], source.kept(i), answers[i].decision)
        )

    def _finish(self, i: int, ticket: Ticket, decision: Decision) -> None:
        """Draws the consequences of one request's outcome."""
        key = self._keys[i]
        if isinstance(decision, EvaluationError) and outcome(decision) is not Outcome.REFUSED:
            self._logged += 1
            if self._logged <= _LOGGED:
                self._slot.report(key, decision)
        input, kept = partial(self._source.input, i), partial(self._source.kept, i)
        settle(self._slot, self._versions, self._questions, key, input, kept, ticket, decision)
