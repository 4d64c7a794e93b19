"""A loaded strategy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import orjson

from pointsman import answers
from pointsman.answers import Decision
from pointsman.bounds import Commitment
from pointsman.errors import (
    BrokenContract,
    EvaluationError,
    InvalidConfig,
    InvalidRequest,
    InvalidRequests,
    PluginId,
)
from pointsman.guard import Checker
from pointsman.instances import Purpose
from pointsman.json_requests import ready
from pointsman.loaded import Loaded
from pointsman.plan import Description, RouteChanges
from pointsman.policy import Guard, Policy, check_target
from pointsman.review import review
from pointsman.route import Route
from pointsman.sandbox import Call
from pointsman.sent import Fleet, Limiting, Requests
from pointsman.spec import Request, Spec
from pointsman.threads import in_thread
from pointsman.wire import config_text, inline


@dataclass(frozen=True)
class Answers:
    """What the JSON door gave, and what the guard found in it."""

    text: str
    decisions: list[Decision]


@dataclass(frozen=True, repr=False)
class Plugin:
    """A loaded strategy. Safe to use from several threads at once. Every call has an instance of its own, so nothing
    leaks from one call to another; the deployments of one batch share an instance.
    """

    _loaded: Loaded
    _checker: Checker
    guard: Guard = Policy()
    """The guard that its plans pass."""
    _purpose: Purpose = Purpose.CALL

    def __repr__(self) -> str:
        return f"Plugin({self.id.name} {self.id.digest})"

    @property
    def id(self) -> PluginId:
        """Its name and digest."""
        return self._loaded.id

    @property
    def contract_version(self) -> str:
        """The contract version that it is called by."""
        return self._loaded.version

    @property
    def size(self) -> int:
        """Size of the component in bytes."""
        return self._loaded.size

    @property
    def exports(self) -> list[str]:
        """The names of what it exports. What it imports needs no list: nothing but types is admitted."""
        return list(self._loaded.exports)

    def with_guard(self, guard: Guard) -> Plugin:
        """The same plugin under another guard. Plans are guarded by default; see `Policy` and `IdsOnly` for what can be
        changed. Where only ids are checked no policy has a say, nor those of requests.
        """
        return replace(self, guard=guard)

    def under(self, policy: Policy) -> Plugin:
        """The same plugin under the policy of one deployment."""
        return self.with_guard(policy)

    def for_upkeep(self) -> Plugin:
        """The same plugin with the instances that are not for callers."""
        return replace(self, _purpose=Purpose.UPKEEP)

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
        with self._loaded.call(self._purpose) as call:
            given = [self._ask(call, text) for text in fleet.texts]
        decisions: list[Decision] = []
        for (first, end), text in zip(fleet.batches, given, strict=True):
            decisions += answers.read(self.id, text, end - first)
        for i, why in fleet.refused.items():
            decisions[i] = InvalidRequest(self.id, why)
        self._review(decisions, fleet)
        return decisions

    def _review(self, decisions: list[Decision], requests: Requests) -> dict[int, Decision]:
        return review(self.id, self._checker, self.guard, self._purpose, decisions, requests)

    def evaluate_cycles_json(self, requests: str | bytes) -> str:
        """As `evaluate_cycles`, as text: a JSON array of requests in, an array of answers of the same length and order
        out, as `wit/strategy.wit` has them. In the place of a plan that the guard rejects stands an error with the code
        `plan_rejected` and the violations.

        Raises `InvalidRequests` where the text is not a JSON array, and any other `PluginError` for a failed call.
        """
        return self.answers(requests).text

    def answers(self, requests: str | bytes) -> Answers:
        """As `evaluate_cycles_json`, with what was decided."""
        try:
            text = requests if isinstance(requests, str) else requests.decode()
            sent = text.encode()
        except UnicodeError as error:
            # Whatever the plugin would make of it, it is not its fault.
            raise InvalidRequests(self.id, f"not UTF-8: {error}") from None
        try:
            asked = ready(text, sent, Limiting(self.guard))
        except ValueError as error:
            with self._loaded.call(self._purpose) as call:
                self._ask(call, sent, is_array=False)
            raise BrokenContract(self.id, f"it answers what is not a JSON array: {error}") from None
        with self._loaded.call(self._purpose) as call:
            given = self._ask(call, asked.text, is_array=asked.is_json)
        decisions = answers.read(self.id, given, len(asked.requests), is_passed_on=True)
        replaced: dict[int, Decision] = {i: InvalidRequest(self.id, why) for i, why in asked.refused.items()}
        for i, refusal in replaced.items():
            decisions[i] = refusal
        replaced |= self._review(decisions, asked)
        return Answers(answers.write(given, replaced) if replaced else given, decisions)

    def describe(self) -> Description:
        """What the plugin says of itself. Raises `PluginError`."""
        with self._loaded.call(self._purpose) as call:
            name, version, summary, schema = call.strings(self._function("strategy", "describe"), 4)
        return Description(name, version, summary, schema)

    def check_config(
        self, config: str | Mapping[str, Any], target_replicas: int, policy: Policy | None = None
    ) -> Commitment:
        """What a plan with this configuration, one JSON object, would promise at this target, within the limits that
        the policy comes to there: that of the deployment, if it has one of its own.

        Raises `InvalidConfig`, the plugin's answer what is wrong with it or that no move is left within the limits, and
        any other `PluginError` for a failed call; `TypeError` and `ValueError` for arguments that cannot be.
        """
        text = config_text("config", config)
        limits = (policy or self.guard).resolve(target_replicas) if isinstance(self.guard, Policy) else None
        asked = {"config": inline(text), "target_replicas": check_target(target_replicas), "limits": limits}
        with self._loaded.call(self._purpose) as call:
            is_ok, answer = call.text(self._function("strategy-json", "check-config"), orjson.dumps(asked))
        if not is_ok:
            raise InvalidConfig(self.id, answer)
        return answers.admission(self.id, answer)

    async def evaluate_cycle_async(
        self, routes: Sequence[Route], spec: Spec, policy: Policy | None = None
    ) -> RouteChanges:
        """As `evaluate_cycle`, on one of the host's own threads: the event loop goes on.

        A cancelled call is not waited for; in its thread it goes on to its end, which the time limit sets, and its plan
        is lost.
        """
        return await in_thread(self._threads, self.evaluate_cycle, routes, spec, policy)

    async def evaluate_cycles_async(self, requests: Iterable[Request | tuple[Sequence[Route], Spec]]) -> list[Decision]:
        """As `evaluate_cycles`, on one of the host's own threads; see `evaluate_cycle_async`."""
        return await in_thread(self._threads, self.evaluate_cycles, requests)

    @property
    def _threads(self) -> Executor:
        self._loaded.sandbox.check_process()
        return self._loaded.sandbox.threads

    def _ask(self, call: Call, requests: bytes, *, is_array: bool = True) -> str:
        """The plugin's answers, which nobody has looked at yet."""
        is_ok, text = call.text(self._function("strategy-json", "evaluate-cycles"), requests)
        if not is_ok:
            if not is_array:
                raise InvalidRequests(self.id, text)
            # The contract has no other reason to answer none of them.
            raise BrokenContract(self.id, f"it answers no request of an array: {text}")
        return text

    def _function(self, interface: str, name: str) -> str:
        return f"pointsman:strategy/{interface}@{self._loaded.version}#{name}"
