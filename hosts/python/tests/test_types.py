"""Routes and specs: what is kept, read and sent."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import orjson
import pytest

from pointsman import (
    Check,
    CheckOutcome,
    Commitment,
    HealthStatus,
    Operator,
    Plugin,
    RouteEnd,
    RouteStatus,
    Spec,
    TrafficStatus,
)
from samples import ID, a_plan, a_route
from support import START, given, misdeed, route, spec


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
    a_spec = spec()
    assert (a_spec.memo, a_spec.stable_revision, a_spec.limits, a_spec.free_places) == (None, None, None, None)
    assert (a_spec.weight_steps, a_spec.labels, a_route().end, a_route().labels) == (1, {}, None, {})


def test_an_ended_route_with_labels() -> None:
    ended = a_route(end=RouteEnd.EVICTED, labels={"zone": "b", "spot": "yes"}, traffic_status=TrafficStatus.STANDBY)

    sent = orjson.loads(orjson.dumps(ended))
    assert (sent["end"], sent["traffic_status"]) == ("evicted", "standby")
    assert list(sent["labels"].items()) == [("spot", "yes"), ("zone", "b")]
    ended.end = None
    ended.labels = {"b": "2", "a": "1"}
    assert orjson.dumps(ended).endswith(b'"end":null,"labels":{"a":"1","b":"2"}}')


def test_labels_can_be_put_in_one_by_one() -> None:
    one, other, a_spec = a_route(), a_route(), spec()
    one.labels["zone"] = "a"
    a_spec.labels["tenant"] = "acme"

    assert orjson.loads(orjson.dumps(one))["labels"] == {"zone": "a"}
    assert orjson.loads(orjson.dumps(a_spec))["labels"] == {"tenant": "acme"}
    assert (other.labels, spec().labels) == ({}, {})
    given = {"zone": "b"}
    copied = a_route(labels=given)
    given["zone"] = "c"
    assert copied.labels == {"zone": "b"}


def test_a_stable_revision_may_be_a_uuid_and_none() -> None:
    a_spec = spec()
    assert a_spec.stable_revision is None
    a_spec.stable_revision = ID
    assert a_spec.stable_revision == str(ID)
    assert orjson.loads(orjson.dumps(a_spec))["stable_revision"] == str(ID)
    a_spec.stable_revision = None
    assert a_spec.stable_revision is None
    assert "stable_revision" not in orjson.loads(orjson.dumps(a_spec))
    with pytest.raises(TypeError, match="`stable_revision` is 7, neither a string nor a UUID"):
        a_spec.stable_revision = 7  # type: ignore[assignment]


def test_the_requests_of_one_spec_are_its_own() -> None:
    one, other = spec(), spec()
    one.operator.abort = True
    one.operator.passed_gates.append("promotion")

    assert (other.operator.abort, other.operator.passed_gates) == (False, [])


@pytest.mark.parametrize("limits", [None, Commitment(2, 4)])
def test_limits_that_were_set_later_are_sent_once(hostile: Plugin, limits: Commitment | None) -> None:
    a_spec = misdeed("none")
    a_spec.limits = Commitment(0, 3)
    a_spec.limits = limits

    assert hostile.evaluate_cycle(given(), a_spec).commitment == (limits or Commitment(2, 6))
    assert a_spec.limits == limits


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
    assert spec(' {"progress_deadline_seconds":  5} ').config == ' {"progress_deadline_seconds":  5} '
    for number in (float("inf"), float("nan")):
        with pytest.raises(TypeError, match=r"`config` is .*, neither JSON text nor a mapping"):
            spec({"progress_deadline_seconds": number})
    assert spec({"progress_deadline_seconds": None}).config == '{"progress_deadline_seconds":null}'
    with pytest.raises(TypeError, match=r"`config` is .*, neither JSON text nor a mapping"):
        spec({"a": object()})


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
