"""What plugins were asked, looked up again for the guard.

A plan is checked against the bytes that the plugin was given: the caller's objects may have changed since. Most plans
change nothing and need no check, so nothing is read again before somebody asks for it.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, Protocol

import orjson

from pointsman.answers import elements, is_plain
from pointsman.errors import BrokenContract, PluginId
from pointsman.guard import Decided
from pointsman.plan import RouteChanges
from pointsman.policy import Policy


class Asked(Protocol):
    """The requests of a call."""

    def decided(self, i: int, plan: RouteChanges) -> Decided:
        """A plan with the request that it was made from."""

    def now(self, i: int) -> int:
        """The moment of a request, in milliseconds."""


class Sent:
    """Requests that this host wrote, in batches."""

    def __init__(
        self, split: Sequence[tuple[int, int]], texts: Sequence[bytes], policies: Sequence[Policy | None]
    ) -> None:
        """The places of each batch in the fleet, its text, and the policy of each deployment."""
        self._policies = policies
        self._firsts = [first for first, _ in split]
        self._texts = texts
        self._read: dict[int, list[dict[str, Any]]] = {}

    def decided(self, i: int, plan: RouteChanges) -> Decided:
        request = self._request(i)
        return Decided(request["routes"], request["spec"], plan, len(request["routes"]), self._policies[i])

    def now(self, i: int) -> int:
        return int(self._request(i)["spec"]["now"])

    def _request(self, i: int) -> dict[str, Any]:
        batch = bisect_right(self._firsts, i) - 1
        if batch not in self._read:
            # One at a time: plans are looked up in their order.
            self._read = {batch: orjson.loads(self._texts[batch])}
        return self._read[batch][i - self._firsts[batch]]


class Given:
    """Requests that somebody else wrote."""

    def __init__(
        self, plugin: PluginId, text: str, requests: list[Any], policies: Sequence[Policy | None] | None = None
    ) -> None:
        """Their text, what was read from it, and the policies of those deployments that have one of their own."""
        self._policies = policies
        self._plugin = plugin
        self._text = text
        self._requests = requests
        self._elements: list[str] | None = None

    def decided(self, i: int, plan: RouteChanges) -> Decided:
        """Raises `BrokenContract` for a plan that cannot have been made from its request."""
        fields = self._requests[i]
        is_request = isinstance(fields, dict) and fields.keys() == {"routes", "spec"}
        if not is_request or not isinstance(fields["routes"], list):
            raise BrokenContract(self._plugin, "it has a plan for what is no request")
        size = len(fields["routes"])
        if self._elements is None:
            is_clear = is_plain(self._requests, self._text.encode())
            self._elements = [] if is_clear else elements(self._text)
        if self._elements:
            # The text itself: the guard reads it as strictly as the plugin should have, and takes no field twice.
            parts = elements(self._elements[i])
            if len(parts) != 2 * len(fields):
                raise BrokenContract(self._plugin, "it has a plan for what is no request: a field is there twice")
            names, values = parts[::2], parts[1::2]
            fields = {json.loads(name): orjson.Fragment(value) for name, value in zip(names, values, strict=True)}
        return Decided(fields["routes"], fields["spec"], plan, size, self._policies[i] if self._policies else None)

    def now(self, i: int) -> int:
        """Raises `BrokenContract` for a plan that cannot have been made from its request."""
        try:
            return int(self._requests[i]["spec"]["now"])
        except (KeyError, TypeError, ValueError):
            raise BrokenContract(self._plugin, "it has a plan for what is no request") from None


def parsed(requests: bytes) -> list[Any]:
    """The requests of a batch, each of which may be nonsense. Raises `ValueError` where it is no JSON array."""
    given: Any
    try:
        given = orjson.loads(requests)
    except orjson.JSONDecodeError:
        # Half a surrogate pair spoils for `orjson` all of a batch, and for a strategy one request.
        try:
            given = json.loads(requests.decode(), parse_constant=_refuse, parse_int=float)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
    if not isinstance(given, list):
        raise ValueError(f"it is of type {type(given).__name__}")
    return given


def _refuse(constant: str) -> None:
    raise ValueError(f"`{constant}` is no JSON")
