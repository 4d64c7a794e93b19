"""The corpus: every host gives these answers, byte for byte, through every entry point."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from pointsman import (
    EvaluationError,
    IdsOnly,
    InvalidConfig,
    InvalidRequest,
    InvalidRequests,
    InvalidRoutes,
    InvalidSpec,
    Plugin,
    Request,
    RouteChanges,
)
from pointsman.contract.wire import LAST_MOMENT
from support import ROOT, millis, typed


@dataclass
class Vector:
    name: str
    request: Any
    response: str


def corpus(strategy: str) -> list[Vector]:
    vectors = []
    for file in sorted((ROOT / "tests" / "vectors" / strategy).glob("*.json")):
        vector = json.loads(file.read_text())
        vectors.append(Vector(file.stem, vector["request"], compact(vector["response"])))
    return vectors


def compact(value: Any) -> str:
    # Python keeps the order of keys, and writes numbers as they were.
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def as_answer(decision: RouteChanges | EvaluationError, expected: str) -> str:
    """A decision as the corpus has it."""
    if isinstance(decision, EvaluationError):
        codes = {
            InvalidConfig: "invalid_config",
            InvalidSpec: "invalid_spec",
            InvalidRoutes: "invalid_routes",
            InvalidRequest: "invalid_request",
        }
        code = codes[type(decision)]
        return compact({"error": {"code": code, "message": decision.message}})
    at = decision.next_evaluation_at
    # The only thing that objects cannot say: a moment beyond the year 9999.
    beyond = json.loads(expected)["ok"]["next_evaluation_at"] if at == LAST_MOMENT else None
    plan = {
        "sub_step": decision.sub_step.value,
        "rollout_specs": [vars(each) for each in decision.rollout_specs],
        "promote_route_ids": decision.promote_route_ids,
        "traffic_changes": [vars(each) for each in decision.traffic_changes],
        "drain_route_ids": decision.drain_route_ids,
        "reason": vars(decision.reason),
        "gate": decision.gate,
        "next_evaluation_at": beyond or (None if at is None else millis(at)),
        "memo": decision.memo,
        "commitment": vars(decision.commitment),
        "progress": None if decision.progress is None else vars(decision.progress),
        "labels": decision.labels,
    }
    return compact({"ok": plan})


@pytest.fixture(params=["blue-green", "rolling-update"])
def strategy(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def plugin(strategy: str, blue_green: Plugin, rolling_update: Plugin) -> Plugin:
    # What a plugin itself answers, without the limits of a policy.
    return {"blue-green": blue_green, "rolling-update": rolling_update}[strategy].with_guard(IdsOnly())


def test_the_json_entry_point_one_by_one(strategy: str, plugin: Plugin) -> None:
    vectors = corpus(strategy)
    assert len(vectors) > 40
    for vector in vectors:
        assert plugin.evaluate_cycles_json(compact([vector.request])) == f"[{vector.response}]", vector.name


def test_the_json_entry_point_at_once(strategy: str, plugin: Plugin) -> None:
    vectors = corpus(strategy)

    answers = plugin.evaluate_cycles_json(compact([vector.request for vector in vectors]).encode())

    assert answers == "[" + ",".join(vector.response for vector in vectors) + "]"


def requests(strategy: str) -> list[tuple[Vector, Request]]:
    pairs = [(vector, typed(vector.request)) for vector in corpus(strategy)]
    found = [(vector, request) for vector, request in pairs if request is not None]
    assert len(found) > 40, f"only {len(found)} requests of the corpus can be typed"
    return found


def test_objects_one_by_one(strategy: str, plugin: Plugin) -> None:
    for vector, (routes, spec, *_) in requests(strategy):
        decision: RouteChanges | EvaluationError
        try:
            decision = plugin.evaluate_cycle(routes, spec)
        except EvaluationError as error:
            decision = error
        assert as_answer(decision, vector.response) == vector.response, vector.name


def test_objects_at_once(strategy: str, plugin: Plugin) -> None:
    pairs = requests(strategy)

    decisions = plugin.evaluate_cycles(request for _, request in pairs)

    for (vector, _), decision in zip(pairs, decisions, strict=True):
        assert as_answer(decision, vector.response) == vector.response, vector.name


@pytest.mark.parametrize("text", ["", "{}", "nonsense", "[1", "[NaN]", "\ud800".encode("utf-8", "surrogatepass")])
def test_what_is_no_array_of_requests(plugin: Plugin, text: str | bytes) -> None:
    with pytest.raises(InvalidRequests) as raised:
        plugin.evaluate_cycles_json(text)

    assert raised.value.plugin == plugin.id


def test_a_batch_of_nothing(plugin: Plugin) -> None:
    assert plugin.evaluate_cycles([]) == []
    assert plugin.evaluate_cycles_json("[]") == "[]"


def test_configs_and_description(strategy: str, plugin: Plugin) -> None:
    description = plugin.describe()

    assert (description.name, description.version) == (strategy, "0.2.0")
    assert json.loads(description.config_schema)["type"] == "object"
    plugin.check_config("{}", 3)
    for config in ["", "[]", '{"progress_deadline_seconds": 0}', '{"no_such_key": 1}']:
        with pytest.raises(EvaluationError) as raised:
            plugin.check_config(config, 3)
        assert str(raised.value).startswith(f"plugin {plugin.id}: invalid config: ")
