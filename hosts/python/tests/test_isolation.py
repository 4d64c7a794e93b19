"""Isolation: a call leaves nothing for the next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from pointsman import PlanRejected, Plugin, RouteChanges
from support import given, misdeed, ready_routes


def remembered(plugin: Plugin) -> str:
    return plugin.evaluate_cycle([], misdeed("remember")).reason.message


def test_every_call_has_a_fresh_instance(hostile: Plugin) -> None:
    assert [remembered(hostile) for _ in range(3)] == ["1 calls"] * 3


def test_the_deployments_of_a_batch_share_one(hostile: Plugin) -> None:
    decisions = hostile.evaluate_cycles([([], misdeed("remember"))] * 3)

    messages = [decision.reason.message for decision in decisions if isinstance(decision, RouteChanges)]
    assert messages == ["1 calls", "2 calls", "3 calls"]
    assert remembered(hostile) == "1 calls"


def test_ids_do_not_leak_from_one_deployment_into_another(hostile: Plugin) -> None:
    # A fresh instance has nothing to leak.
    assert hostile.evaluate_cycle(given(), misdeed("leak_ids")).is_empty
    assert hostile.evaluate_cycle(ready_routes(2), misdeed("leak_ids")).is_empty

    # A batch has, and the guard finds it.
    other = [*ready_routes(8)][6:]
    first, second = hostile.evaluate_cycles([(given(), misdeed("leak_ids")), (other, misdeed("leak_ids"))])
    assert isinstance(first, RouteChanges)
    assert isinstance(second, PlanRejected)
    assert second.violations[0].code == "unknown-id"


def test_threads_share_a_plugin(hostile: Plugin) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(remembered, [hostile] * 40)) == ["1 calls"] * 40
