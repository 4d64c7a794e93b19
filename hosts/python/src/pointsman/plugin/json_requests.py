"""Requests that somebody else wrote as JSON text, made ready for a plugin: policies and deployments are taken out, and
limits put in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from pointsman.contract.policy import Policy
from pointsman.contract.request import read_policy
from pointsman.plugin.json_text import elements, fields, joined
from pointsman.plugin.sent import Limiting, Sent

_NAMES = frozenset({"routes", "spec", "policy", "deployment"})


class Ready(NamedTuple):
    """A batch as the plugin is to see it."""

    text: bytes
    """A JSON array, of as many elements as were given."""
    requests: list[Sent | None]
    """The requests in it; None for what is none, which the plugin says."""
    refused: dict[int, str]
    """Objections of this host to requests, by their places: a policy that is none."""
    is_json: bool
    """True where all of it is known to be JSON. Else the plugin says what is not."""

    def now(self, i: int) -> int | None:
        """The moment of a request, in milliseconds; None for what is no request."""
        request = self.requests[i]
        return None if request is None else request.now

    def sent(self, i: int) -> Sent:
        """A request as it was sent."""
        request = self.requests[i]
        if request is None:
            raise LookupError(f"element {i} is no request")
        return request


class Element(NamedTuple):
    """One request as it was given."""

    value: Any
    """Value that was read from it; `UNREAD` for what cannot be read."""
    text: bytes
    parts: dict[str, bytes] | None
    """The texts of its fields, where it may be a request: it has no field but a request's, and none twice."""


UNREAD = object()
"""Value of what is no JSON, or JSON that this host does not read: half a surrogate pair, a nesting too deep."""


def parse(text: str, sent: bytes) -> list[Element]:
    """Takes a batch apart, given as text and as the same in bytes. Raises `ValueError` where it is no JSON array."""
    try:
        values = orjson.loads(sent)
        if not isinstance(values, list):
            raise ValueError(f"it is of type {type(values).__name__}")
    except orjson.JSONDecodeError:
        # One request must spoil no other.
        values = None
    given = None if values is None else _plain(values, text, sent)
    if given is None:
        parts = elements(text)
        given = list(map(_taken_apart, parts, map(_read, parts) if values is None else values))
    return given


def ready(given: Sequence[Element], limiting: Limiting) -> Ready:
    """Makes requests ready for a plugin."""
    texts, requests, refused = [], [], {}
    for i, element in enumerate(given):
        try:
            written, request = _request(element, limiting)
        except (TypeError, ValueError, RecursionError) as error:
            # A place among the others; its answer is the host's.
            written, request, refused[i] = b"null", None, str(error)
        texts.append(written)
        requests.append(request)
    is_json = not any(element.value is UNREAD for element in given)
    return Ready(b"[%b]" % b",".join(texts), requests, refused, is_json)


def _plain(values: list[Any], text: str, sent: bytes) -> list[Element] | None:
    """The elements of a text that is what a writer of JSON makes of them, and so has no field twice; None for any
    other. To write them again takes a fraction of taking the text apart.
    """
    try:
        given = [_written(value) for value in values]
        is_plain = b"[%b]" % b",".join([element.text for element in given]) == sent
        # With a space after each comma, as Python's own `json` writes it.
        return given if is_plain or json.dumps(values) == text else None
    except (TypeError, RecursionError):
        # Both writers nest less deep than `orjson` reads.
        return None


def _written(value: Any) -> Element:
    text, parts = orjson.dumps(value), None
    if _may_be_request(value):
        parts = {name: orjson.dumps(value[name]) for name in value if name != "routes"}
        # The routes are most of it, and are what the others leave.
        if "routes" in value:
            sizes = [len(name) + len(b'"":,') + len(parts.get(name, b"")) for name in value]
            place = [*value].index("routes")
            start = len(b"{") + sum(sizes[:place]) + len(b'"routes":')
            parts["routes"] = text[start : -len(b"}") - sum(sizes[place + 1 :])]
    return Element(value, text, parts)


def _read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return UNREAD


def _taken_apart(text: str, value: Any) -> Element:
    parts = fields(text) if _may_be_request(value) else None
    encoded = None if parts is None else {name: part.encode() for name, part in parts.items()}
    return Element(value, text.encode(), encoded)


def _may_be_request(value: Any) -> bool:
    return type(value) is dict and "spec" in value and value.keys() <= _NAMES


def _request(element: Element, limiting: Limiting) -> tuple[bytes, Sent | None]:
    """The text of a request for the plugin, and what is in it. Raises `ValueError` or `TypeError` for a policy that
    is none.
    """
    value, text, parts = element
    if parts is None:
        return _without_deployment(value, text), None
    # A null is no policy either: who writes one wants something of it.
    policy = read_policy(value["policy"]) if "policy" in value else None
    spec, routes, now = value["spec"], value.get("routes"), None
    if type(spec) is dict:
        now = spec.get("now")
        limited = _limited(spec, parts["spec"], policy, limiting)
        if len(parts) > 2 or limited is not parts["spec"]:
            given = b'"routes":%b,' % parts["routes"] if "routes" in parts else b""
            text = b'{%b"spec":%b}' % (given, limited)
        if type(routes) is list and type(now) is int:
            return text, Sent(parts["routes"], len(routes), limited, now, policy)
    return text, None


def _without_deployment(value: Any, text: bytes) -> bytes:
    """What is no request, but for the host's own field: the plugin says what is wrong with the others."""
    if type(value) is dict and "deployment" in value:
        named = fields(text.decode())
        if named is not None:
            del named["deployment"]
            return joined(named).encode()
    return text


def _limited(spec: dict[str, Any], text: bytes, policy: Policy | None, limiting: Limiting) -> bytes:
    """The text of a spec with limits, if it has none of its own."""
    if spec.get("limits") is not None:
        return text
    limits = limiting.field(spec.get("target_replicas"), policy)
    if limits is None:
        return text
    if "limits" in spec:
        named = fields(text.decode())
        if named is None:
            # The plugin says which field is there twice.
            return text
        del named["limits"]
        text = joined(named).encode()
    return text[:-1] + limits
