"""Differences between two decisions about the same request, each as the JSON of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from pointsman.contract.words import shown
from pointsman.errors import PluginId

_UNORDERED = ("rollout_specs", "promote_route_ids", "traffic_changes", "drain_route_ids")
"""Fields of a plan that are lists without an order: ids, creations, traffic changes."""
_ORDERED = ("gate", "next_evaluation_at", "memo", "commitment", "labels")
"""The other fields that decide something, besides the sub-step and the reason's code."""
_FAILURES = ("plugin_failed", "plan_rejected")
_LONGEST = 120
"""Most characters of a value on a line with others."""


@dataclass(frozen=True)
class FieldDifference:
    """One thing in which two decisions differ."""

    field: str
    """A field of `RouteChanges`; `reason.code`; or `outcome`, where only one of them is a plan or they are other
    errors."""
    first: str
    """The first decision's value, as JSON."""
    second: str
    """The second's."""

    def __str__(self) -> str:
        """`drain_route_ids: ["r-1"] or []`, shortened where it is long."""
        return f"{self.field}: {shown(self.first, _LONGEST)} or {shown(self.second, _LONGEST)}"


@dataclass(frozen=True)
class Difference:
    """A request that the shadow decided differently."""

    current: PluginId
    """The plugin whose decision counted."""
    deployment: str
    """The deployment whose request it was."""
    request: str
    """The request, as `Request.from_json` reads it: with the deployment's policy, where it has one of its own."""
    decided: str
    """The decision that counted, as an answer of `evaluate_cycles_json`: `plugin_failed` where there was none."""
    shadow: str
    """The shadow's."""
    fields: tuple[FieldDifference, ...]
    """The fields in which they differ."""

    @property
    def size(self) -> int:
        """Number of characters of its texts."""
        fields = sum(len(field.first) + len(field.second) for field in self.fields)
        return len(self.request) + len(self.decided) + len(self.shadow) + fields


def differences(first: str, second: str) -> tuple[FieldDifference, ...]:
    """Lists the fields in which two answers differ; empty where a host would do the same for both. The order of ids and
    the words of a message decide nothing; nor do the routes named as blocking and the progress, which are for people.
    """
    if first == second:
        return ()
    one, other = orjson.loads(first), orjson.loads(second)
    if "ok" in one and "ok" in other:
        return tuple(_of_plans(one["ok"], other["ok"]))
    return () if _kind(one) == _kind(other) else (FieldDifference("outcome", first, second),)


def has_failed(answer: str) -> bool:
    """Tells that an answer stands for a plugin that failed: by trap, timeout or limit, or with a plan that the guard
    rejected.
    """
    return _kind(orjson.loads(answer)) in _FAILURES


def _kind(answer: dict[str, Any]) -> str:
    return "ok" if "ok" in answer else str(answer["error"]["code"])


def _of_plans(one: dict[str, Any], other: dict[str, Any]) -> Iterator[FieldDifference]:
    values = [("sub_step", one["sub_step"], other["sub_step"])]
    values += [("reason.code", one["reason"]["code"], other["reason"]["code"])]
    values += [(field, _sorted(one[field]), _sorted(other[field])) for field in _UNORDERED]
    values += [(field, one[field], other[field]) for field in _ORDERED]
    for field, first, second in values:
        if first != second:
            yield FieldDifference(field, orjson.dumps(first).decode(), orjson.dumps(second).decode())


def _sorted(elements: list[Any]) -> list[Any]:
    """Sorts a list by nothing but what is in it."""
    return sorted(elements, key=lambda element: orjson.dumps(element, option=orjson.OPT_SORT_KEYS))
