"""Requests as JSON text, made ready for a plugin: policies are taken out and limits put in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import orjson

from pointsman.answers import elements, is_plain
from pointsman.asked import parsed
from pointsman.bounds import Commitment
from pointsman.guard import Guard
from pointsman.policy import Policy


@dataclass(frozen=True)
class Limited:
    """Requests as the plugin is to see them."""

    text: str
    """A JSON array."""
    requests: list[Any]
    """What was read from it."""
    policies: list[Policy | None]
    """The policies of those deployments that have one of their own."""
    refused: dict[int, str]
    """What this host has against requests, by their places: a policy that is none."""


def limited(text: str, guard: Guard) -> Limited:
    """The requests in a text. Raises `ValueError` where it is no JSON array."""
    sent = text.encode()
    requests = parsed(sent)
    policies: list[Policy | None] = [None] * len(requests)
    refused: dict[int, str] = {}
    is_clear = is_plain(requests, sent)
    texts = None if is_clear else elements(text)
    for i, request in enumerate(requests):
        if not isinstance(request, dict) or not request.keys() <= {"routes", "spec", "policy"}:
            # The plugin says what is wrong with it.
            continue
        if "policy" in request:
            if texts is not None and (stripped := _without_policy(texts[i])) is not None:
                texts[i] = stripped
            try:
                policies[i] = _policy(request.pop("policy"))
            except (TypeError, ValueError) as error:
                refused[i] = str(error)
                requests[i] = None
                if texts is not None:
                    texts[i] = "null"
                continue
        limits = _limits(request.get("spec"), policies[i], guard)
        if limits is None:
            continue
        if texts is not None:
            texts[i] = _with_limits(texts[i], limits)
        request["spec"]["limits"] = vars(limits)
    written = orjson.dumps(requests).decode() if texts is None else f"[{','.join(texts)}]"
    return Limited(written, requests, policies, refused)


def _policy(given: Any) -> Policy:
    if not isinstance(given, dict):
        raise TypeError(f"`policy` is {given!r}; it must be a JSON object")
    unknown = given.keys() - {"max_unavailable", "max_surge", "complete_at"}
    if unknown:
        raise ValueError(f"`policy` has the unknown field `{min(unknown)}`")
    return Policy(**given)


def _limits(spec: Any, policy: Policy | None, guard: Guard) -> Commitment | None:
    """What is to be put into a spec, if anything is."""
    if not isinstance(guard, Policy) or not isinstance(spec, dict) or spec.get("limits") is not None:
        return None
    target = spec.get("target_replicas")
    if type(target) is not int or not 0 <= target < 1 << 32:
        return None
    return (policy or guard).resolve(target)


def _fields(text: str) -> dict[str, str] | None:
    """The texts of an object's fields; None where one is there twice, which the plugin refuses."""
    parts = elements(text)
    names = [json.loads(name) for name in parts[::2]]
    return dict(zip(names, parts[1::2], strict=True)) if len(set(names)) == len(names) else None


def _object(fields: dict[str, str]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items()) + "}"


def _without_policy(text: str) -> str | None:
    fields = _fields(text)
    if fields is None:
        return None
    fields.pop("policy", None)
    return _object(fields)


def _with_limits(text: str, limits: Commitment) -> str:
    """A request's text with limits in its spec; as it is, where a field is there twice."""
    fields = _fields(text)
    spec = _fields(fields["spec"]) if fields is not None else None
    if fields is None or spec is None:
        return text
    spec["limits"] = orjson.dumps(limits).decode()
    fields["spec"] = _object(spec)
    return _object(fields)
