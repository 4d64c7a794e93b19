"""The table of outcomes that every host replays, `tests/blame/outcomes.json`, played on the state machine alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from pointsman import Options, Outcome, PluginError, PluginId
from pointsman.registry.blame import Blame, Consequence, Open, Ticket, Which, ask
from pointsman.registry.halves import Failed, Halving, NotReached, Stop, groups
from registries import Clock
from support import ROOT

TABLE = json.loads((ROOT / "tests" / "blame" / "outcomes.json").read_text())
SINGLE = ("ok", "refused", "rejected")
"""Outcomes that are one request's in a batch."""


class Gave(PluginError):
    """A call that fails as a whole."""

    def __init__(self, word: str) -> None:
        super().__init__(PluginId("N", "sha256:"), word)


def gives(request: dict[str, Any], which: Which, times: int) -> str:
    """What a version gives for a request when it is called once, again, and a third time."""
    if which is Which.PREVIOUS:
        return str(request.get("p", "ok"))
    first = request.get("n", "ok")
    again = request.get("again", first)
    return str((first, again, request.get("third", again))[times])


class Strategy:
    """A registry's strategy, but for its plugins and threads."""

    def __init__(self, case: dict[str, Any], clock: Clock, **options: Any) -> None:
        terms = TABLE["options"] | options
        back_offs: dict[str, Any] = {
            name: timedelta(milliseconds=terms.pop(name)) for name in ("first_back_off", "longest_back_off")
        }
        self.options = Options(**terms, **back_offs, clock=clock, random=lambda: 0.0)
        self.versions = list(case["versions"])
        self.seen = set(case.get("seen", ["x", "y", "z"]))
        self.quarantined: list[str] = []
        self.under_way: dict[str, tuple[dict[str, Any], Ticket]] = {}
        self.called: list[str] = []
        self.verdicts: dict[str, str] = {}
        self.blame = self._fresh()

    def _fresh(self) -> Blame:
        return Blame(self.options, has_previous=len(self.versions) > 1)

    def take(self, step: dict[str, Any]) -> dict[str, str]:
        """Takes a step; the answers by deployment."""
        self.called, self.verdicts = [], {}
        if "swap" in step:
            before = self.versions[1:2] if self.blame.is_bad else self.versions[:1]
            self.versions = [step["swap"], *before]
            self.blame = self._fresh()
            return {}
        if "batch" in step:
            return self._batch(step["batch"], step.get("most_calls", 1000))
        if "returns" in step:
            request, ticket = self.under_way.pop(step["deployment"])
            self._question(request, self._finish(request, ticket, step["returns"]))
            return {step["deployment"]: step["returns"]}
        return self._call(step)

    def _call(self, step: dict[str, Any]) -> dict[str, str]:
        ticket = self._admit(step)
        if isinstance(ticket, Open):
            return {step["deployment"]: "circuit-open"}
        self.called.append(self._name(ticket.which))
        if not step.get("ends", True):
            self.under_way[step["deployment"]] = step, ticket
            return {}
        given = gives(step, ticket.which, 0)
        self._question(step, self._finish(step, ticket, given))
        return {step["deployment"]: given}

    def _batch(self, requests: list[dict[str, Any]], most_calls: int) -> dict[str, str]:
        answers: dict[str, str] = {}
        tickets: dict[int, Ticket] = {}
        for i, request in enumerate(requests):
            ticket = self._admit(request)
            if isinstance(ticket, Open):
                answers[request["deployment"]] = "circuit-open"
            else:
                tickets[i] = ticket
        questions = []
        for which, group in groups(list(tickets.items())):

            def call(places: Sequence[int], which: Which = which) -> list[str]:
                if len(self.called) == most_calls:
                    raise Stop("time is over")
                self.called.append(" ".join([self._name(which), *(requests[i]["deployment"] for i in places)]))
                given = [gives(requests[i], which, 0) for i in places]
                for word in given:
                    if word not in SINGLE:
                        raise Gave(word)
                return given

            halving = Halving(call)
            halving.take(group)
            for i, result in halving.results.items():
                given = str(result.error) if isinstance(result, Failed) else result
                word = "unavailable" if isinstance(given, NotReached) else given
                questions.append((requests[i], self._finish(requests[i], tickets[i], word)))
                answers[requests[i]["deployment"]] = word
        called, self.called = self.called, []
        for request, consequence in questions:
            asked, self.called = self.called, []
            self._question(request, consequence)
            self.called = asked + [f"{name} {request['deployment']}" for name in self.called]
        self.called = called + self.called
        return answers

    def _admit(self, request: dict[str, Any]) -> Ticket | Open:
        self.seen.add(request["deployment"])
        return self.blame.admit(request["deployment"], lambda: hash(request.get("spec", "1")))

    def _finish(self, request: dict[str, Any], ticket: Ticket, word: str) -> Consequence:
        return self.blame.finish(request["deployment"], lambda: hash(request.get("spec", "1")), ticket, Outcome(word))

    def _question(self, request: dict[str, Any], consequence: Consequence) -> None:
        if not consequence.ask or len(self.versions) < 2:
            return
        times = 0

        def call(which: Which) -> Outcome:
            nonlocal times
            times += which is Which.CURRENT
            self.called.append(self._name(which))
            return Outcome(gives(request, which, times))

        verdict = ask(call)
        if verdict is not None:
            self.verdicts[request["deployment"]] = verdict.value
        input = hash(request.get("spec", "1"))
        if self.blame.judge(request["deployment"], input, verdict, len(self.seen)).revert:
            self.quarantined.append(self.versions.pop(0))
            self.blame = self._fresh()

    def _name(self, which: Which) -> str:
        return str(self.versions[which is Which.PREVIOUS])

    def state(self) -> dict[str, Any]:
        """The whole state, as the table has it."""
        standings = self.blame.standings()
        return {
            "versions": self.versions,
            "pinned": [each.deployment for each in standings if each.is_pinned],
            "open": {each.deployment: round(each.open * 1000) for each in standings if each.open is not None},
            "version_open": round((self.blame.open_for_all() or 0) * 1000),
            "quarantined": self.quarantined,
        }


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["name"])
def test_the_table_of_outcomes(case: dict[str, Any]) -> None:
    clock = Clock(0.0)
    strategy = Strategy(case, clock)
    for i, step in enumerate(case["steps"]):
        what = f"step {i}"
        clock.now = step["at"] / 1000 if "at" in step else clock.now
        versions = list(strategy.versions)

        answers = strategy.take(step)

        assert strategy.called == step.get("called", []), what
        expected = {step["deployment"]: step["answer"]} if "answer" in step else step.get("answers", {})
        assert answers == expected, what
        assert strategy.verdicts == step.get("verdicts", {}), what
        empty = {"versions": versions, "pinned": [], "open": {}, "version_open": 0, "quarantined": []}
        assert strategy.state() == empty | step["after"], what


def test_the_table_is_there() -> None:
    assert len(TABLE["cases"]) > 30


@pytest.mark.parametrize(("pause", "left"), [(0.001, ["d7", "d8", "d9"]), (9.0, ["d9"])])
def test_no_more_deployments_are_remembered_than_the_options_say(pause: float, left: list[str]) -> None:
    clock = Clock(0.0)
    strategy = Strategy({"versions": ["N"]}, clock, most_entries=3, revert_after=1000, open_after=1)
    for i in range(10):
        clock.now += pause
        strategy.take({"deployment": f"d{i}", "n": "trap"})
        assert len(strategy.blame._entries) <= 3

    assert [each.deployment for each in strategy.blame.standings()] == left


@pytest.mark.parametrize(("random", "lengths"), [(0.0, [1, 2, 4, 4]), (0.5, [1.25, 2.5, 5, 5])])
def test_each_back_off_is_lengthened_by_a_random_share(random: float, lengths: list[float]) -> None:
    clock = Clock(0.0)
    options = Options(
        longest_back_off=timedelta(seconds=4), jitter=0.5, clock=clock, random=lambda: random, open_after=1
    )
    blame = Blame(options, has_previous=True)
    for length in lengths:
        ticket = blame.admit("a", lambda: 0)
        assert isinstance(ticket, Ticket)
        assert blame.finish("a", lambda: 0, ticket, Outcome.TRAP).opened == length
        clock.now += length


def test_what_is_known_of_no_deployment_costs_no_lock() -> None:
    blame = Blame(Options(), has_previous=True)
    blame._lock.acquire()

    ticket = blame.admit("a", lambda: 0)

    assert isinstance(ticket, Ticket)
    blame.finish("a", lambda: 0, ticket, Outcome.OK)
