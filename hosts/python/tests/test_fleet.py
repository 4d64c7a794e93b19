"""Fleets: answers in the order of the requests, whatever is wrong with some."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pointsman import (
    Host,
    InvalidConfig,
    InvalidRequest,
    Limits,
    Plugin,
    RouteChanges,
    Spec,
)
from samples import a_route
from support import START, component, given, ready_routes, route, spec


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
