"""Routes, specs and plans as a caller sees them, and as they are sent."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from pointsman import (
    Check,
    CheckOutcome,
    Commitment,
    HealthStatus,
    Host,
    InvalidConfig,
    InvalidRequest,
    Limits,
    Operator,
    Plugin,
    Reason,
    RolloutSpec,
    Route,
    RouteChanges,
    RouteEnd,
    RouteStatus,
    Spec,
    SubStep,
    TrafficChange,
    TrafficStatus,
    UnknownRoute,
)
from pointsman.contract.wire import LAST_MOMENT
from support import START, component, given, misdeed, ready_routes, route, spec

ID = UUID("6d1a4b1c-55a5-4c2b-9a3e-0f9a5d7b1c2d")


def a_route(**changes: Any) -> Route:
    fields: dict[str, Any] = {
        "id": ID,
        "revision": "v2",
        "status": RouteStatus.FAILED_TO_START,
        "health": HealthStatus.NOT_CHECKED,
        "traffic_status": TrafficStatus.ACTIVE,
        "traffic_ratio": 0.5,
        "created_at": START,
        "status_updated_at": None,
    }
    return Route(**fields | changes)


def test_a_route_is_sent_as_the_contract_has_it() -> None:
    sent = orjson.loads(orjson.dumps(a_route(status_updated_at=START + timedelta(milliseconds=1))))

    assert sent == {
        "id": str(ID),
        "revision": "v2",
        "status": "failed_to_start",
        "health": "not_checked",
        "traffic_status": "active",
        "traffic_ratio": 0.5,
        "created_at": 1_760_000_000_000,
        "status_updated_at": 1_760_000_000_001,
    }


def test_what_has_its_default_is_not_sent() -> None:
    assert set(orjson.loads(orjson.dumps(a_route()))) == {
        "id", "revision", "status", "health", "traffic_status", "traffic_ratio", "created_at", "status_updated_at",
    }  # fmt: skip
    assert set(orjson.loads(orjson.dumps(spec()))) == {
        "deploying_revision", "target_replicas", "started_at", "now", "operator", "checks", "config",
    }  # fmt: skip
    wanted = spec()
    assert (wanted.memo, wanted.stable_revision, wanted.limits, wanted.free_places) == (None, None, None, None)
    assert (wanted.weight_steps, wanted.labels, a_route().end, a_route().labels) == (1, {}, None, {})


def test_an_ended_route_with_labels() -> None:
    ended = a_route(end=RouteEnd.EVICTED, labels={"zone": "b", "spot": "yes"}, traffic_status=TrafficStatus.STANDBY)

    sent = orjson.loads(orjson.dumps(ended))
    assert (sent["end"], sent["traffic_status"]) == ("evicted", "standby")
    assert list(sent["labels"].items()) == [("spot", "yes"), ("zone", "b")]
    ended.end = None
    ended.labels = {"b": "2", "a": "1"}
    assert orjson.dumps(ended).endswith(b'"end":null,"labels":{"a":"1","b":"2"}}')


def test_labels_can_be_put_in_one_by_one() -> None:
    one, other, wanted = a_route(), a_route(), spec()
    one.labels["zone"] = "a"
    wanted.labels["tenant"] = "acme"

    assert orjson.loads(orjson.dumps(one))["labels"] == {"zone": "a"}
    assert orjson.loads(orjson.dumps(wanted))["labels"] == {"tenant": "acme"}
    assert (other.labels, spec().labels) == ({}, {})
    given = {"zone": "b"}
    copied = a_route(labels=given)
    given["zone"] = "c"
    assert copied.labels == {"zone": "b"}


def test_a_stable_revision_may_be_a_uuid_and_none() -> None:
    wanted = spec()
    assert wanted.stable_revision is None
    wanted.stable_revision = ID
    assert wanted.stable_revision == str(ID)
    assert orjson.loads(orjson.dumps(wanted))["stable_revision"] == str(ID)
    wanted.stable_revision = None
    assert wanted.stable_revision is None
    assert "stable_revision" not in orjson.loads(orjson.dumps(wanted))
    with pytest.raises(TypeError, match="`stable_revision` is 7, neither a string nor a UUID"):
        wanted.stable_revision = 7  # type: ignore[assignment]


def test_the_wishes_of_one_spec_are_its_own() -> None:
    one, other = spec(), spec()
    one.operator.abort = True
    one.operator.passed_gates.append("promotion")

    assert (other.operator.abort, other.operator.passed_gates) == (False, [])


@pytest.mark.parametrize("limits", [None, Commitment(2, 4)])
def test_limits_that_were_set_later_are_sent_once(hostile: Plugin, limits: Commitment | None) -> None:
    wanted = misdeed("none")
    wanted.limits = Commitment(0, 3)
    wanted.limits = limits

    assert hostile.evaluate_cycle(given(), wanted).commitment == (limits or Commitment(2, 6))
    assert wanted.limits == limits


def test_what_is_read_is_what_was_given() -> None:
    east = timezone(timedelta(hours=9))
    given = a_route(created_at=START.astimezone(east), revision=ID)

    assert (given.id, given.revision) == (str(ID), str(ID))
    assert given.created_at == START
    assert given.created_at.tzinfo is UTC
    assert given.status_updated_at is None
    given.id, given.created_at, given.status_updated_at = "r-1", START + timedelta(days=1), START
    assert (given.id, given.created_at, given.status_updated_at) == ("r-1", START + timedelta(days=1), START)
    assert repr(given).startswith("Route(id='r-1', revision='6d1a4b1c-")


def test_milliseconds_are_rounded_down() -> None:
    assert a_route(created_at=START + timedelta(microseconds=1999)).created_at == START + timedelta(milliseconds=1)


@pytest.mark.parametrize("name", ["created_at", "status_updated_at"])
@pytest.mark.parametrize(
    ("moment", "error", "message"),
    [
        (datetime(2025, 1, 1), ValueError, "is naive; it must be an aware datetime"),
        (datetime(1969, 12, 31, tzinfo=UTC), ValueError, "it must be 1970 or later"),
        (1_760_000_000_000, TypeError, "not a datetime"),
    ],
)
def test_moments_that_cannot_be(name: str, moment: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"`{name}`.*{message}"):
        a_route(**{name: moment})
    whole = a_route()
    with pytest.raises(error, match=f"`{name}`.*{message}"):
        setattr(whole, name, moment)
    for moments in ({"started_at": moment, "now": START}, {"started_at": START, "now": moment}):
        with pytest.raises(error, match=message):
            Spec("v2", 3, **moments)


def test_ids_that_cannot_be() -> None:
    with pytest.raises(TypeError, match="`id` is 7, neither a string nor a UUID"):
        a_route(id=7)
    with pytest.raises(TypeError, match="`deploying_revision` is None"):
        Spec(None, 3, START, START)  # type: ignore[arg-type]


def test_routes_and_specs_are_compared_copied_and_pickled() -> None:
    whole = Spec(ID, 3, START, START, Operator(abort=True), [Check("a", CheckOutcome.PASSED)], {"a": 1}, "memo")
    whole.stable_revision, whole.limits, whole.free_places = "v1", Commitment(1, 4), 0
    whole.weight_steps, whole.labels = 0, {"b": "1", "a": "2"}
    ended = a_route(end=RouteEnd.CRASHED, labels={"zone": "a"})
    for value in (a_route(status_updated_at=START), a_route(), ended, spec(), whole, a_plan(memo="1", gate="a")):
        for other in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            assert other == value
            assert orjson.dumps(other) == orjson.dumps(value)
    assert a_route() != a_route(traffic_ratio=0.4)


def test_a_spec_is_sent_as_the_contract_has_it() -> None:
    whole = Spec(
        "v2",
        3,
        START,
        START,
        Operator(abort=True, passed_gates=["promotion"]),
        (Check("a", CheckOutcome.FAILED, START),),
        {"a": [1]},
        "memo",
        stable_revision="v1",
        limits=Commitment(2, 6),
        free_places=4,
        weight_steps=256,
        labels={"tenant": "acme"},
    )

    assert orjson.loads(orjson.dumps(whole)) == {
        "deploying_revision": "v2",
        "target_replicas": 3,
        "started_at": 1_760_000_000_000,
        "now": 1_760_000_000_000,
        "operator": {"abort": True, "pause": False, "promote": False, "passed_gates": ["promotion"]},
        "checks": [{"name": "a", "outcome": "failed", "observed_at": 1_760_000_000_000}],
        "config": {"a": [1]},
        "memo": "memo",
        "stable_revision": "v1",
        "limits": {"least_serving": 2, "most_live": 6},
        "free_places": 4,
        "weight_steps": 256,
        "labels": {"tenant": "acme"},
    }
    assert whole.config == '{"a":[1]}'
    assert spec(' {"deadline_seconds":  5} ').config == ' {"deadline_seconds":  5} '
    for number in (float("inf"), float("nan")):
        with pytest.raises(TypeError, match=r"`config` is .*, neither JSON text nor a mapping"):
            spec({"deadline_seconds": number})
    assert spec({"deadline_seconds": None}).config == '{"deadline_seconds":null}'
    with pytest.raises(TypeError, match=r"`config` is .*, neither JSON text nor a mapping"):
        spec({"a": object()})


def test_one_bad_request_never_spoils_the_others(blue_green: Plugin) -> None:
    bad = [
        ([], spec("{")),
        ([], spec("[]")),
        ([], spec(target=-1)),
        ([], Spec("\ud800", 3, START, START)),
        ([a_route(status="on fire")], spec()),
        ([route("r-1", "v1"), route("r-1", "v1")], spec()),
    ]

    decisions = blue_green.evaluate_cycles([each for one in bad for each in (one, (given(), spec()))])

    assert all(isinstance(decision, RouteChanges) for decision in decisions[1::2])
    assert [type(decision).__name__ for decision in decisions[::2]] == [
        "InvalidConfig",
        "InvalidConfig",
        "InvalidRequest",
        "InvalidRequest",
        "InvalidRequest",
        "InvalidRoutes",
    ]


def test_a_plan_at_a_moment_that_is_none_is_not_applied() -> None:
    routes = given()
    before = copy.deepcopy(routes)
    plan = RouteChanges(SubStep.FINALIZING, [], ["r-4"], [], ["r-1"], Reason("a", "b"))

    with pytest.raises(ValueError, match="`now` is naive"):
        plan.apply(routes, START.replace(tzinfo=None), lambda: "r-9")

    assert routes == before


def test_a_fleet_of_many_batches_is_answered_in_its_order(cache: Path) -> None:
    """Of very many routes, of none, and of one that cannot be written, far beyond the first batch."""
    # It takes most of a second where nothing else runs.
    blue_green = Host(Limits(time=timedelta(minutes=1)), cache).load(component("plugins/blue_green.wasm"))
    fleet = [(ready_routes(count), spec(target=count)) for count in (0, 3000, 1, 700, 700, 700, 5, 1000, 999)]
    fleet.insert(7, ([], Spec("\ud800", 3, START, START)))

    decisions = blue_green.evaluate_cycles(fleet)

    refused = decisions.pop(7)
    fleet.pop(7)
    assert isinstance(refused, InvalidRequest)
    assert decisions == [blue_green.evaluate_cycle(*request) for request in fleet]
    whole = fleet * 40
    assert blue_green.evaluate_cycles(whole) == decisions * 40
    assert len(decisions) == 9


def test_one_bad_request_alone_is_raised(blue_green: Plugin) -> None:
    with pytest.raises(InvalidConfig, match="expected a JSON object"):
        blue_green.evaluate_cycle([], spec("{"))
    with pytest.raises(InvalidRequest, match="target_replicas"):
        blue_green.evaluate_cycle([], spec(target=-1))
    with pytest.raises(InvalidRequest, match="cannot be written as JSON"):
        blue_green.evaluate_cycle([], Spec("\ud800", 3, START, START))


def a_plan(**changes: Any) -> RouteChanges:
    fields: dict[str, Any] = {
        "sub_step": SubStep.PROVISIONING,
        "rollout_specs": [],
        "promote_route_ids": [],
        "traffic_changes": [],
        "drain_route_ids": [],
        "reason": Reason("code", "message"),
    }
    return RouteChanges(**fields | changes)


def test_a_plan_is_applied_in_the_contracts_order() -> None:
    routes = given()
    plan = a_plan(
        rollout_specs=[RolloutSpec(2, "v2", TrafficStatus.INACTIVE, 0.0, {"zone": "a"})],
        promote_route_ids=["r-4", "r-5"],
        traffic_changes=[
            TrafficChange("r-3", TrafficStatus.STANDBY, 1.0),
            TrafficChange("r-2", TrafficStatus.ACTIVE, 0.5),
            TrafficChange("r-1", TrafficStatus.ACTIVE, 0.1),
        ],
        drain_route_ids=["r-1"],
    )
    now = START + timedelta(hours=1)
    ids: Iterator[str | UUID] = iter([ID, "r-8"])

    plan.apply(routes, now, lambda: next(ids))

    traffic = [(each.id, each.status, each.traffic_status, each.traffic_ratio) for each in routes]
    active, inactive = TrafficStatus.ACTIVE, TrafficStatus.INACTIVE
    assert traffic == [
        ("r-1", RouteStatus.TERMINATING, inactive, 0.0),
        ("r-2", RouteStatus.RUNNING, active, 0.5),
        ("r-3", RouteStatus.RUNNING, TrafficStatus.STANDBY, 1.0),
        ("r-4", RouteStatus.RUNNING, active, 1.0),
        ("r-5", RouteStatus.RUNNING, active, 1.0),
        ("r-6", RouteStatus.RUNNING, inactive, 0.0),
        (str(ID), RouteStatus.PROVISIONING, inactive, 0.0),
        ("r-8", RouteStatus.PROVISIONING, inactive, 0.0),
    ]
    assert (routes[0].status_updated_at, routes[0].end) == (now, RouteEnd.DRAINED)
    assert [each.end for each in routes[1:]] == [None] * 7
    assert [each.labels for each in routes] == [{}] * 6 + [{"zone": "a"}] * 2
    routes[6].labels["spot"] = "yes"
    assert (routes[7].labels, plan.rollout_specs[0].labels) == ({"zone": "a"}, {"zone": "a"})
    assert (routes[6].health, routes[6].created_at, routes[6].status_updated_at) == (HealthStatus.NOT_CHECKED, now, now)


@pytest.mark.parametrize(
    "change",
    [
        {"promote_route_ids": ["r-1", "nobody"]},
        {"drain_route_ids": ["nobody"]},
        {"traffic_changes": [TrafficChange("nobody", TrafficStatus.ACTIVE, 1.0)]},
    ],
)
def test_a_plan_is_applied_whole_or_not_at_all(change: dict[str, Any]) -> None:
    routes = ready_routes(2)
    plan = a_plan(rollout_specs=[RolloutSpec(1, "v2", TrafficStatus.INACTIVE, 0.0)], **change)

    with pytest.raises(UnknownRoute, match="the plan names the route `nobody`, which is not there"):
        plan.apply(routes, START, lambda: "r-3")

    assert routes == ready_routes(2)


def test_plans_that_change_something_are_not_empty() -> None:
    assert a_plan(next_evaluation_at=START).is_empty
    assert not a_plan(drain_route_ids=["r-1"]).is_empty
    assert a_plan().next_evaluation_at is None


def test_a_moment_beyond_the_calendar_is_its_last(blue_green: Plugin) -> None:
    wanted = spec('{"deadline_seconds": 4294967295}')
    wanted.started_at = wanted.now = LAST_MOMENT

    plan = blue_green.evaluate_cycle([], wanted)

    assert plan.next_evaluation_at == LAST_MOMENT


def test_what_a_route_is() -> None:
    serving = route("r-1", "v1", TrafficStatus.ACTIVE)
    assert (serving.is_live, serving.is_ready, serving.is_serving) == (True, True, True)
    serving.health = HealthStatus.DEGRADED
    assert (serving.is_live, serving.is_ready, serving.is_serving) == (True, False, False)
    serving.status = RouteStatus.TERMINATED
    assert not serving.is_live
    for change in (
        {"traffic_ratio": 0.0},
        {"traffic_status": TrafficStatus.STANDBY},
        {"health": HealthStatus.DEGRADED},
    ):
        other = route("r-1", "v1", TrafficStatus.ACTIVE)
        vars(other).update(change)
        assert not other.is_serving


def test_an_id_may_be_a_member_of_an_enum_of_strings() -> None:
    class Revision(str, Enum):  # noqa: UP042 - StrEnum has no such trap
        NEW = "v2"

    assert route("r-1", revision=Revision.NEW).revision == "v2"
