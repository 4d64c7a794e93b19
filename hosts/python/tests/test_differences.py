"""Differences between decisions, and how many of them are kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pointsman import BLUE_GREEN, Comparison, Host, Options, PlanRejected, PluginTrap, Registry, Trial
from pointsman.plugin.answers import write
from pointsman.registry.differences import differences, has_failed
from pointsman.registry.record import KEPT, KEPT_SIZE, Observed, Record
from samples import a_plan


def ok(**changed: Any) -> str:
    """The answer with a plan, in which something is otherwise."""
    plan: dict[str, Any] = json.loads(write(a_plan()))["ok"]
    return json.dumps({"ok": plan | changed})


def refused(code: str, message: str = "") -> str:
    return json.dumps({"error": {"code": code, "message": message}})


REASON = {"code": "a", "message": "one", "blocking_route_ids": ["r-1"]}


@pytest.mark.parametrize(
    ("first", "second", "fields"),
    [
        (ok(), ok(), []),
        (ok(promote_route_ids=["a", "b"]), ok(promote_route_ids=["b", "a"]), []),
        (ok(promote_route_ids=["a"]), ok(promote_route_ids=["a", "a"]), ["promote_route_ids"]),
        (ok(reason=REASON), ok(reason=REASON | {"message": "two", "blocking_route_ids": []}), []),
        (ok(reason=REASON), ok(reason=REASON | {"code": "b"}), ["reason.code"]),
        (ok(progress=None), ok(progress={"step": 1, "steps": 2, "share": 0.5}), []),
        (ok(memo="a"), ok(memo=None), ["memo"]),
        (ok(gate="a"), ok(gate="b"), ["gate"]),
        (ok(labels={}), ok(labels={"a": "b"}), ["labels"]),
        (ok(next_evaluation_at=1), ok(next_evaluation_at=2), ["next_evaluation_at"]),
        (ok(sub_step="completed", drain_route_ids=[]), ok(drain_route_ids=["z"]), ["sub_step", "drain_route_ids"]),
        (ok(), refused("plugin_failed"), ["outcome"]),
        (refused("invalid_config", "one"), refused("invalid_config", "two"), []),
        (refused("invalid_config"), refused("invalid_spec"), ["outcome"]),
    ],
)
def test_the_fields_that_decide_something_are_compared(first: str, second: str, fields: list[str]) -> None:
    assert [difference.field for difference in differences(first, second)] == fields
    assert [difference.field for difference in differences(second, first)] == fields


def test_the_order_of_creations_and_of_their_fields_decides_nothing() -> None:
    one = {"count": 1, "revision": "v2", "traffic_status": "inactive", "traffic_ratio": 0.0, "labels": {}}
    other = dict(reversed((one | {"count": 2}).items()))
    assert differences(ok(rollout_specs=[one, other]), ok(rollout_specs=[other, one])) == ()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok(), False),
        (refused("invalid_routes"), False),
        (refused("plan_rejected"), True),
        (refused("plugin_failed"), True),
    ],
)
def test_failures(answer: str, expected: bool) -> None:
    assert has_failed(answer) is expected


def test_a_long_value_is_shortened_on_a_line() -> None:
    (difference,) = differences(ok(memo="\n" * 5000), ok(memo=None))
    assert len(difference.first) > 5000
    assert len(str(difference)) < 400


def record(host: Host, most_differences: int = 0) -> Record:
    """The record of a trial that goes on."""
    registry = Registry(host)
    registry.swap("blue-green", BLUE_GREEN)
    version = registry._slots.find("blue-green").current
    return Record("blue-green", version, Trial(evaluations=1000, most_differences=most_differences), Options())


def observed(host: Host, size: int) -> Observed:
    current = host.load(BLUE_GREEN).id
    return Observed.of(current, "d-1", b"x" * size, PluginTrap(current, "it trapped"))


def test_so_many_differences_are_kept(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    trial = record(host)
    seen = observed(host, 10)
    for _ in range(KEPT + 50):
        trial.compare(seen, a_plan())

    assert len(trial.kept()) == KEPT
    assert trial.status().differences == KEPT + 50
    assert len(caplog.messages) == KEPT, "nor are more told one by one"


def test_no_more_is_kept_than_fits(host: Host) -> None:
    trial = record(host)
    for size in (KEPT_SIZE // 2, KEPT_SIZE // 2, KEPT_SIZE // 4, 10):
        trial.compare(observed(host, size), a_plan())

    assert [len(each.request) for each in trial.kept()] == [KEPT_SIZE // 2, KEPT_SIZE // 4, 10]
    assert sum(each.size for each in trial.kept()) <= KEPT_SIZE
    assert trial.status().differences == 4


def test_what_fails_in_both_is_no_failure_of_the_shadow(host: Host) -> None:
    trial = record(host, most_differences=1000)
    seen = observed(host, 1)
    assert (trial.result(), trial.wait(0)) == (None, Comparison.RUNNING)
    for number in range(1000):
        # It traps in one and makes a harmful plan in the other, or fails in the current version only.
        trial.compare(seen, PlanRejected(seen.current, a_plan(), []) if number % 2 else a_plan())
    assert trial.status().differences == 1000
    assert trial.result() is Comparison.PASSED
