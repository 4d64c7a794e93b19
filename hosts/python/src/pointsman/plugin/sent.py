"""Requests as plugins are sent them, kept for the guard.

A plan is checked against the bytes that the plugin was given, whatever has become of the caller's objects since. The
guard is sent the very same bytes: what was written once is not written again.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import orjson

from pointsman.contract.policy import Guard, Policy
from pointsman.contract.refusals import Refusal, count, float_text
from pointsman.contract.request import Request
from pointsman.contract.route import Route
from pointsman.contract.spec import Spec
from pointsman.plugin.batches import batches

_MOST_TARGET = (1 << 32) - 1


class Sent(NamedTuple):
    """One request as it was sent."""

    routes: bytes
    """A JSON array."""
    size: int
    """Number of these routes."""
    spec: bytes
    """A JSON object, with the limits that a policy came to."""
    now: int
    """The moment of the request, in milliseconds."""
    policy: Policy | None
    """The deployment's, where it has one of its own."""


class Requests(Protocol):
    """The requests of a call, whoever wrote them."""

    def now(self, i: int) -> int | None:
        """The moment of a request, in milliseconds; None for what is no request."""

    def sent(self, i: int) -> Sent:
        """A request as it was sent."""


class Limiting:
    """Limits for the specs of one call that have no limits of their own: the guard's policy, or that of the
    deployment, resolved at its target.
    """

    def __init__(self, guard: Guard) -> None:
        self._policy = guard if isinstance(guard, Policy) else None
        # Most deployments of a fleet have the guard's policy, and few different targets.
        self._texts: dict[int, bytes] = {}

    def field(self, target_replicas: Any, own: Policy | None) -> bytes | None:
        """A field to put at the end of a spec; None where only ids are checked, and for a target that is none, which
        the plugin refuses.
        """
        if type(target_replicas) is not int:
            return None
        text = self._texts.get(target_replicas)
        if text is not None and own is None:
            return text
        if self._policy is None or not 0 <= target_replicas <= _MOST_TARGET:
            return None
        text = b',"limits":%b}' % orjson.dumps((own or self._policy).resolve(target_replicas))
        if own is None:
            self._texts[target_replicas] = text
        return text


class Fleet:
    """The requests of one call, written in batches."""

    def __init__(self, requests: Iterable[Request | tuple[Sequence[Route], Spec]], guard: Guard) -> None:
        """Writes them. What cannot be written is left out, `null` in its place, and `refused` for that."""
        self.refused: dict[int, str] = {}
        self._specs: list[bytes | None] = []
        self._nows: list[int] = []
        self._sizes: list[int] = []
        self._policies: list[Policy | None] = []
        self._given: list[list[Route]] = []
        """The routes as they were given, to say what is wrong with them where they cannot be read."""
        limits = Limiting(guard).field
        written: list[dict[str, Any] | None] = []
        # Every deployment of a fleet comes by here: the fewer steps the better.
        for request in requests:
            routes, spec = request[0], request[1]
            policy = request[2] if len(request) > 2 else None
            routes = routes if type(routes) is list else list(routes)
            fields = spec.__dict__
            self._nows.append(fields["now"])
            self._sizes.append(len(routes))
            self._policies.append(policy)
            self._given.append(routes)
            try:
                limit = limits(fields["target_replicas"], policy) if fields.get("limits") is None else None
                text = orjson.dumps(spec) if limit is None else _limited(spec, limit)
                self._specs.append(text)
                written.append({"routes": routes, "spec": orjson.Fragment(text)})
            except TypeError as error:
                self._refuse(len(written), _objection(spec) or error)
                self._specs.append(None)
                written.append(None)
        self.batches = list(batches(self._sizes))
        """The places of each batch's first and of that after its last."""
        self._firsts = [first for first, _ in self.batches]
        self.texts = [self._written(written[first:end], first) for first, end in self.batches]
        """The batches, as JSON arrays."""
        self._routes: tuple[int, list[bytes]] = -1, []

    def now(self, i: int) -> int | None:
        """The moment of a request, in milliseconds; None where it was left out."""
        return None if self._specs[i] is None else self._nows[i]

    def sent(self, i: int) -> Sent:
        """A request as it was sent."""
        spec = self._specs[i]
        if spec is None:
            raise LookupError(f"request {i} was not sent")
        number = bisect_right(self._firsts, i) - 1
        if self._routes[0] != number:
            # One batch at a time: plans are looked up in their order.
            self._routes = number, self._found(number)
        routes = self._routes[1][i - self.batches[number][0]]
        return Sent(routes, self._sizes[i], spec, self._nows[i], self._policies[i])

    def _written(self, requests: list[dict[str, Any] | None], first: int) -> bytes:
        try:
            return orjson.dumps(requests)
        except TypeError:
            texts = []
            for i, request in enumerate(requests, first):
                try:
                    texts.append(orjson.dumps(request))
                except TypeError as error:
                    texts.append(b"null")
                    self._refuse(i, error)
                    self._specs[i] = None
            return b"[%b]" % b",".join(texts)

    def wrong_ratio(self, i: int) -> str | None:
        """Says which route of a request has a ratio that JSON cannot say, as `NaN`; None where none has. Of several it
        is the one whose id comes first.
        """
        wrong = [route for route in self._given[i] if _cannot_be_said(route.traffic_ratio)]
        if not wrong:
            return None
        route = min(wrong, key=lambda route: route.id)
        try:
            ratio = float_text(float(route.traffic_ratio))
        except OverflowError:
            ratio = "inf"
        return f"route `{route.id}`: traffic ratio {ratio} is not in 0.0 to 1.0"

    def _refuse(self, i: int, why: TypeError | Refusal) -> None:
        self.refused[i] = str(why) if isinstance(why, Refusal) else f"it cannot be written as JSON: {why}"

    def _found(self, number: int) -> list[bytes]:
        """The routes of a batch's requests, found in its text: to write them all by themselves would take half as much
        time again, and few plans have to be checked.
        """
        text = self.texts[number]
        first, end = self.batches[number]
        found = []
        at = len(b"[")
        for spec in self._specs[first:end]:
            if spec is None:
                found.append(b"")
                at += len(b"null,")
                continue
            start = at + len(_ROUTES)
            rest = b'],"spec":%b}' % spec
            # The first bracket is nearly always the one that ends the routes: there is no other but in ids and such.
            stop = text.find(b"]", start)
            while stop >= 0 and not text.startswith(rest, stop):
                stop = text.find(b"]", stop + 1)
            if stop < 0 or text[at:start] != _ROUTES:
                # Somebody's labels are not of texts, and look like a request's end.
                return [orjson.dumps(request["routes"]) if request else b"" for request in orjson.loads(text)]
            found.append(text[start : stop + 1])
            at = stop + len(rest) + len(b",")
        return found


_ROUTES = b'{"routes":'


def _cannot_be_said(ratio: float) -> bool:
    if type(ratio) is float:
        return not math.isfinite(ratio)
    return type(ratio) is int and not -(1 << 63) <= ratio < 1 << 64


def _objection(spec: Spec) -> Refusal | None:
    """What is wrong with the counts of a spec that cannot be written; None where that is something else."""
    limits = spec.limits
    counts = [("target_replicas", spec.target_replicas)]
    if limits is not None:
        counts += [("limits.least_serving", limits.least_serving), ("limits.most_live", limits.most_live)]
    counts += [("free_places", 0 if spec.free_places is None else spec.free_places)]
    for name, value in (*counts, ("weight_steps", spec.weight_steps)):
        try:
            count(f"spec.{name}", value)
        except Refusal as refusal:
            return refusal
    return None


def _limited(spec: Spec, limits: bytes) -> bytes:
    """A spec with limits, which has none of its own. Raises `TypeError` for what cannot be written as JSON."""
    fields = spec.__dict__
    if "limits" in fields:
        # It was set to None, and would be there twice.
        shown = {name: value for name, value in fields.items() if name != "limits" and not name.startswith("_")}
        return orjson.dumps(shown)[:-1] + limits
    return orjson.dumps(spec)[:-1] + limits
