"""A loaded strategy."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, TypeVar

import orjson

from pointsman import answers
from pointsman.answers import Decision
from pointsman.asked import Asked, Given, Sent, parsed
from pointsman.batches import batches
from pointsman.bounds import Commitment
from pointsman.errors import (
    BrokenContract,
    EvaluationError,
    InvalidConfig,
    InvalidRequest,
    InvalidRequests,
    PlanRejected,
    PluginId,
)
from pointsman.guard import Checker, Guard, needs_check
from pointsman.instances import Purpose
from pointsman.limited import limited
from pointsman.loaded import Loaded
from pointsman.plan import Description, RouteChanges
from pointsman.policy import Policy
from pointsman.route import Route
from pointsman.sandbox import Call
from pointsman.spec import Request, Spec
from pointsman.tidy import tidy

_P = ParamSpec("_P")
_R = TypeVar("_R")


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
        changed.
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
        given_to = [request if isinstance(request, Request) else Request(*request) for request in requests]
        asked: list[dict[str, Any]] = [
            {"routes": routes if type(routes) is list else list(routes), "spec": self._limited(spec, policy)}
            for routes, spec, policy in given_to
        ]
        policies = [request.policy for request in given_to]
        split = list(batches(len(request["routes"]) for request in asked))
        refused: dict[int, InvalidRequest] = {}
        texts = [self._written(asked[first:end], first, refused) for first, end in split]
        # What the host itself does before and after is not counted against the plugin's time.
        with self._loaded.call(self._purpose) as call:
            given = [self._ask(call, text) for text in texts]
        decisions: list[Decision] = []
        for (first, end), text in zip(split, given, strict=True):
            decisions += answers.read(self.id, text, end - first)
        for i, refusal in refused.items():
            decisions[i] = refusal
        sent = Sent(split, texts, policies)
        for i, rejection in self._rejections(decisions, sent).items():
            decisions[i] = rejection
        self._tidy(decisions, sent)
        return decisions

    def _limited(self, spec: Spec, policy: Policy | None) -> Any:
        """A spec as it is sent: with the limits that a policy comes to, where it has none of its own."""
        if spec.limits is not None or not isinstance(self.guard, Policy):
            return spec
        fields = vars(spec).copy()
        # The text of the configuration, which is not sent.
        fields.pop("_config", None)
        target = fields["target_replicas"]
        if type(target) is int and 0 <= target < 1 << 32:
            fields["limits"] = (policy or self.guard).resolve(target)
        return fields

    @staticmethod
    def _tidy(decisions: Sequence[Decision], asked: Asked) -> dict[int, Decision]:
        """Makes plans fit to be returned; those that were not, by their places."""
        tidied: dict[int, Decision] = {}
        for i, plan in enumerate(decisions):
            if isinstance(plan, RouteChanges):
                at = vars(plan)["next_evaluation_at"]
                if tidy(plan, 0 if at is None else asked.now(i)):
                    tidied[i] = plan
        return tidied

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
            asked = requests if isinstance(requests, str) else requests.decode()
            sent = asked.encode()
        except UnicodeError as error:
            # Whatever the plugin would make of it, it is not its fault.
            raise InvalidRequests(self.id, f"not UTF-8: {error}") from None
        try:
            ready = limited(asked, self.guard)
        except ValueError as error:
            with self._loaded.call(self._purpose) as call:
                self._ask(call, sent)
            raise BrokenContract(self.id, f"it answers what is not a JSON array: {error}") from None
        with self._loaded.call(self._purpose) as call:
            text = self._ask(call, ready.text.encode())
        decisions = answers.read(self.id, text, len(ready.requests), is_passed_on=True)
        given = Given(self.id, ready.text, ready.requests, ready.policies)
        replaced: dict[int, Decision] = {i: InvalidRequest(self.id, why) for i, why in ready.refused.items()}
        replaced |= self._rejections(decisions, given)
        for i, decision in replaced.items():
            decisions[i] = decision
        replaced |= self._tidy(decisions, given)
        return Answers(answers.write(text, replaced) if replaced else text, decisions)

    def describe(self) -> Description:
        """What the plugin says of itself. Raises `PluginError`."""
        with self._loaded.call(self._purpose) as call:
            name, version, summary, schema = call.strings(self._function("strategy", "describe"), 4)
        return Description(name, version, summary, schema)

    def check_config(
        self, config: str | Mapping[str, Any], target_replicas: int, policy: Policy | None = None
    ) -> Commitment:
        """What a plan with this configuration, one JSON object, would promise at this target, within the limits that the
        policy comes to there: that of the deployment, if it has one of its own.

        Raises `InvalidConfig`, the plugin's answer what is wrong with it or that no move is left within the limits, and
        any other `PluginError` for a failed call.
        """
        text = config if isinstance(config, str) else orjson.dumps(dict(config)).decode()
        try:
            orjson.loads(text)
            inline: Any = orjson.Fragment(text)
        except orjson.JSONDecodeError:
            # The plugin says that it is no object.
            inline = text
        guard = policy or self.guard
        limits = guard.resolve(target_replicas) if isinstance(guard, Policy) else None
        request = orjson.dumps({"config": inline, "target_replicas": target_replicas, "limits": limits})
        with self._loaded.call(self._purpose) as call:
            is_ok, answer = call.text(self._function("strategy-json", "check-config"), request)
        if not is_ok:
            raise InvalidConfig(self.id, answer)
        try:
            admission = orjson.loads(answer)
            if "error" in admission:
                raise InvalidConfig(self.id, str(admission["error"]))
            return Commitment(admission["ok"]["least_serving"], admission["ok"]["most_live"])
        except (ValueError, KeyError, TypeError) as error:
            raise BrokenContract(self.id, f"it answers what is no admission: {error}") from None

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

    def _ask(self, call: Call, requests: bytes) -> str:
        """The plugin's answers. The guard has not seen them yet."""
        is_ok, text = call.text(self._function("strategy-json", "evaluate-cycles"), requests)
        if not is_ok:
            try:
                parsed(requests)
            except ValueError:
                raise InvalidRequests(self.id, text) from None
            # The contract has no other reason to answer none of them.
            raise BrokenContract(self.id, f"it answers no request of an array: {text}")
        return text

    def _rejections(self, decisions: list[Decision], asked: Asked) -> dict[int, PlanRejected]:
        """What the guard has against plans, by their places."""
        doubtful = [
            (i, plan)
            for i, plan in enumerate(decisions)
            if isinstance(plan, RouteChanges) and needs_check(plan, self.guard)
        ]
        if not doubtful:
            return {}
        plans = [asked.decided(i, plan) for i, plan in doubtful]
        verdicts = self._checker.check(self.id, self.guard, plans, self._purpose)
        return {
            i: PlanRejected(self.id, plan, violations)
            for (i, plan), violations in zip(doubtful, verdicts, strict=True)
            if violations
        }

    def _written(self, requests: list[dict[str, Any]], first: int, refused: dict[int, InvalidRequest]) -> bytes:
        """Requests as JSON, of which the first has this place in the fleet. What cannot be written is left out, `null`
        in its place, and `refused` for that.
        """
        try:
            return orjson.dumps(requests)
        except TypeError:
            pass
        texts = []
        for i, request in enumerate(requests, first):
            try:
                texts.append(orjson.dumps(request))
            except TypeError as error:
                texts.append(b"null")
                refused[i] = InvalidRequest(self.id, f"it cannot be written as JSON: {error}")
        return b"[" + b",".join(texts) + b"]"

    def _function(self, interface: str, name: str) -> str:
        return f"pointsman:strategy/{interface}@{self._loaded.version}#{name}"


async def in_thread(threads: Executor, function: Callable[_P, _R], *arguments: _P.args, **keywords: _P.kwargs) -> _R:
    """Calls a function on a thread, in the caller's context."""
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(threads, lambda: context.run(function, *arguments, **keywords))
