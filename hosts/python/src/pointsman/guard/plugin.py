"""A loaded strategy whose plans the guard has checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from pointsman.contract.bounds import Commitment
from pointsman.contract.plan import Description, RouteChanges
from pointsman.contract.policy import Guard, Policy, check_target
from pointsman.contract.request import Request
from pointsman.contract.route import Route
from pointsman.contract.spec import Spec
from pointsman.contract.wire import config_text, inline
from pointsman.errors import (
    BrokenContract,
    EvaluationError,
    InvalidConfig,
    InvalidRequest,
    InvalidRequests,
    InvalidRoutes,
    PluginId,
)
from pointsman.guard.checker import Checker
from pointsman.guard.review import review
from pointsman.plugin import answers
from pointsman.plugin.answers import Decision
from pointsman.plugin.json_requests import Element, parse, ready
from pointsman.plugin.sent import Fleet, Limiting, Requests
from pointsman.plugin.strategy import Strategy
from pointsman.runtime.threads import in_thread

_HALVES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Answers:
    """Answers of the JSON entry point, and what the guard found in them."""

    text: str
    decisions: list[Decision]


@dataclass(frozen=True, repr=False)
class Plugin:
    """A loaded strategy. Safe to use from several threads at once. Every call has an instance of its own, so nothing
    leaks from one call to another; the deployments of one batch share an instance.
    """

    _strategy: Strategy
    _checker: Checker
    guard: Guard = Policy()
    """The guard that its plans pass."""

    def __repr__(self) -> str:
        return f"Plugin({self.id.name} {self.id.digest})"

    @property
    def id(self) -> PluginId:
        """Its name and digest."""
        return self._strategy.id

    @property
    def contract_version(self) -> str:
        """The contract version that it is called by."""
        return self._strategy.loaded.version

    @property
    def size(self) -> int:
        """Size of the component in bytes."""
        return self._strategy.loaded.size

    @property
    def exports(self) -> list[str]:
        """The names of what it exports. What it imports needs no list: nothing but types is admitted."""
        return list(self._strategy.loaded.exports)

    def with_guard(self, guard: Guard) -> Plugin:
        """The same plugin under another guard. Plans are guarded by default; see `Policy` and `IdsOnly` for what can be
        changed. Where only ids are checked no policy has a say, nor those of requests.
        """
        return replace(self, guard=guard)

    def under(self, policy: Policy) -> Plugin:
        """The same plugin under the policy of one deployment."""
        return self.with_guard(policy)

    def for_background(self) -> Plugin:
        """The same plugin with the instances that are not for callers."""
        return replace(self, _strategy=self._strategy.for_background())

    def evaluate_cycle(self, routes: Sequence[Route], spec: Spec, policy: Policy | None = None) -> RouteChanges:
        """Decides one cycle of one rollout. The plan has passed the guard, and is tidy; it is not applied. Where the
        spec has no limits, the policy is resolved into them: that of the deployment, if it has one of its own.

        Raises `EvaluationError`, the plugin's answer that the input is not right or a plan that the guard rejected, and
        any other `PluginError` for a failed call.
        """
        (decision,) = self.evaluate_cycles([Request(routes, spec, policy)])
        if isinstance(decision, EvaluationError):
            raise decision
        return decision

    def evaluate_cycles(self, requests: Iterable[Request | tuple[Sequence[Route], Spec]]) -> list[Decision]:
        """Decides cycles of many rollouts in one call: a list of plans of the same length and order. In the place of a
        plan that there is not stands an `EvaluationError`; one bad request never spoils the others.

        Raises `PluginError` where the call failed, so that there is no answer at all.
        """
        fleet = Fleet(requests, self.guard)
        # What the host itself does before and after is not counted against the plugin's time.
        given = self._strategy.ask(fleet.texts)
        decisions: list[Decision] = []
        for (first, end), text in zip(fleet.batches, given, strict=True):
            decisions += answers.read(self.id, text, end - first)
        for i, why in fleet.refused.items():
            decisions[i] = InvalidRequest(self.id, why)
        for i in [i for i, decision in enumerate(decisions) if type(decision) is InvalidRequest]:
            # What JSON cannot say reaches the plugin as null.
            why_not = fleet.wrong_ratio(i)
            if why_not is not None:
                decisions[i] = InvalidRoutes(self.id, why_not)
        self._review(decisions, fleet)
        return decisions

    def _review(self, decisions: list[Decision], requests: Requests) -> dict[int, Decision]:
        return review(self.id, self._checker, self.guard, self._strategy.purpose, decisions, requests)

    def evaluate_cycles_json(self, requests: str | bytes) -> str:
        """Decides as `evaluate_cycles`, on text: a JSON array of requests in, an array of answers of the same length
        and order out, as `wit/strategy.wit` has them. In the place of a plan that the guard rejects stands an error
        with the code `plan_rejected` and the violations.

        Raises `InvalidRequests` where the text is not a JSON array, and any other `PluginError` for a failed call.
        """
        return self.answers(requests).text

    def answers(self, requests: str | bytes) -> Answers:
        """Decides as `evaluate_cycles_json`; returns the decisions, too."""
        return self.answer(self.elements(requests))

    def elements(self, requests: str | bytes) -> list[Element]:
        """Takes the text of a batch apart. Raises as `evaluate_cycles_json` does where it is none."""
        try:
            text = requests if isinstance(requests, str) else requests.decode()
            if isinstance(requests, str):
                # Halves of surrogate pairs as JSON escapes them: it is one request's fault, not all of theirs.
                text = _HALVES.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
            sent = text.encode()
        except UnicodeError as error:
            # Whatever the plugin would make of it, it is not its fault.
            raise InvalidRequests(self.id, f"not UTF-8: {error}") from None
        try:
            return parse(text, sent)
        except ValueError as error:
            self._strategy.ask([sent], is_array=False)
            raise BrokenContract(self.id, f"it answers what is not a JSON array: {error}") from None

    def answer(self, elements: Sequence[Element]) -> Answers:
        """Decides requests that were taken apart already."""
        batch = ready(elements, Limiting(self.guard))
        (given,) = self._strategy.ask([batch.text], is_array=batch.is_json)
        decisions = answers.read(self.id, given, len(batch.requests), is_passed_on=True)
        replaced: dict[int, Decision] = {i: InvalidRequest(self.id, why) for i, why in batch.refused.items()}
        for i, refusal in replaced.items():
            decisions[i] = refusal
        replaced |= self._review(decisions, batch)
        return Answers(answers.written(given, replaced) if replaced else given, decisions)

    def describe(self) -> Description:
        """Asks the plugin what it is. Raises `PluginError`."""
        return self._strategy.describe()

    def check_config(
        self, config: str | Mapping[str, Any], target_replicas: int, policy: Policy | None = None
    ) -> Commitment:
        """Asks what a plan with this configuration, one JSON object, would promise at this target, within the limits
        that the policy comes to there: that of the deployment, if it has one of its own.

        Raises `InvalidConfig`, the plugin's answer what is wrong with it or that no move is left within the limits, and
        any other `PluginError` for a failed call; `TypeError` and `ValueError` for arguments that cannot be.
        """
        text = config_text("config", config)
        limits = (policy or self.guard).resolve(target_replicas) if isinstance(self.guard, Policy) else None
        given = {"config": inline(text), "target_replicas": check_target(target_replicas), "limits": limits}
        try:
            written = orjson.dumps(given)
        except TypeError as error:
            # Half a surrogate pair in the text: no plugin is sent that.
            raise InvalidConfig(self.id, f"it cannot be written as JSON: {error}") from None
        return self._strategy.check_config(written)

    async def evaluate_cycle_async(
        self, routes: Sequence[Route], spec: Spec, policy: Policy | None = None
    ) -> RouteChanges:
        """Decides as `evaluate_cycle`, on one of the host's own threads: the event loop goes on.

        A cancelled call is not waited for; in its thread it goes on to its end, which the time limit sets, and its plan
        is lost.
        """
        return await in_thread(self._strategy.threads, self.evaluate_cycle, routes, spec, policy)

    async def evaluate_cycles_async(self, requests: Iterable[Request | tuple[Sequence[Route], Spec]]) -> list[Decision]:
        """Decides as `evaluate_cycles`, on one of the host's own threads; see `evaluate_cycle_async`."""
        return await in_thread(self._strategy.threads, self.evaluate_cycles, requests)
