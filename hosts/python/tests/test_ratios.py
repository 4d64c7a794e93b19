"""Ratios of arbitrary bits come back to the bit, through every entry point."""

from __future__ import annotations

import json
import math
import random
import struct
from typing import Any

import pytest

from pointsman import InvalidRoutes, Plugin, Request, Route, RouteChanges, TrafficStatus
from support import as_json, misdeed, route


def from_bits(bits: int) -> float:
    (value,) = struct.unpack("<d", struct.pack("<Q", bits))
    return float(value)


def bits(value: Any) -> int:
    assert type(value) is float
    (found,) = struct.unpack("<Q", struct.pack("<d", value))
    return int(found)


ONE = bits(1.0)
SPECIAL = [
    0.0, -0.0, 1.0, 0.1, 1 / 3, 0.1 + 0.2, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-7, 1e-5,
    math.nextafter(1.0, 0.0), math.nextafter(0.1, 1.0), 7.038531e-26, 0.3 - 0.1,
]  # fmt: skip


def every_kind() -> list[float]:
    """Numbers from 0 to 1: those that writers and readers have got wrong, and as many of any bits."""
    chance = random.Random(11)
    # The bits of a number above 0 are in the order of the numbers.
    return SPECIAL + [from_bits(chance.randrange(ONE)) for _ in range(3000)] + [chance.random() for _ in range(3000)]


def routes(ratios: list[float]) -> list[Route]:
    found = []
    for i, ratio in enumerate(ratios):
        # Out of traffic, where ratios take nothing from one another; the one beside them is what serves.
        one = route(f"r-{i:05}", "v1", TrafficStatus.STANDBY)
        one.traffic_ratio = ratio
        found.append(one)
    return found


def test_to_the_bit(hostile: Plugin) -> None:
    ratios = every_kind()
    sent = [bits(ratio) for ratio in ratios]
    spec = misdeed("echo_traffic")
    spec.weight_steps = 0

    plan = hostile.evaluate_cycle(routes(ratios), spec)
    assert [bits(change.traffic_ratio) for change in plan.traffic_changes] == sent

    first, second = hostile.evaluate_cycles([(routes(ratios[:50]), spec), (routes(ratios[50:]), spec)])
    assert isinstance(first, RouteChanges)
    assert isinstance(second, RouteChanges)
    assert [bits(each.traffic_ratio) for each in first.traffic_changes + second.traffic_changes] == sent

    for text in (as_json(Request(routes(ratios), spec)), as_json(Request(routes(ratios), spec)).replace(" ", "")):
        (answer,) = json.loads(hostile.evaluate_cycles_json(text))
        assert [bits(change["traffic_ratio"]) for change in answer["ok"]["traffic_changes"]] == sent


@pytest.mark.parametrize("ratio", [math.nextafter(1.0, 2.0), math.nextafter(0.0, -1.0), 2.0, -1.0])
def test_a_ratio_that_is_no_more_than_a_bit_out_of_range(hostile: Plugin, ratio: float) -> None:
    with pytest.raises(InvalidRoutes, match="r-00000"):
        hostile.evaluate_cycle(routes([ratio]), misdeed("echo_traffic"))
