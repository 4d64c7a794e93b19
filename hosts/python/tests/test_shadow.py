"""A new version in the shadow of the current one: what is kept, and what reaches the caller."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, current_thread, main_thread

import pytest

from pointsman import Comparison, Host, InvalidRoutes, Limits, Options, Outcome, PluginError, Policy, Registry, Request
from pointsman.registry import calls
from pointsman.registry.tried import QUEUE
from registries import Clock, status
from shadowing import (
    BATCHES,
    LONG,
    evaluate,
    evaluate_objects,
    evaluate_text,
    harmless,
    last,
    ready,
    requests,
    trial,
    trying,
)
from support import Folder, as_json, hostile_version, misdeed


def test_what_is_decided_differently_is_kept_and_the_current_answer_counts(
    host: Host, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    registry, shadow = trying(host, folder, "cautious", trial(2))

    with caplog.at_level(logging.INFO, "pointsman"):
        evaluate(registry, "d\n1")
        registry.evaluate_cycle("hostile", "d-2", *harmless())
        assert shadow.wait(LONG) is Comparison.FAILED

    (difference,) = shadow.differences()
    assert as_json(Request.from_json(difference.request)) == as_json(Request(ready(), misdeed("good")))
    assert json.loads(difference.decided)["ok"]["promote_route_ids"] == ["r-1"]
    assert json.loads(difference.shadow)["ok"]["reason"]["code"] == "cautious"
    assert (difference.current.name, difference.deployment) == ("honest.wasm", "d\n1")
    assert [str(field) for field in difference.fields] == [
        'reason.code: "hostile" or "cautious"',
        'promote_route_ids: ["r-1"] or []',
    ]
    tried = shadow.status()
    assert (tried.evaluations, tried.differences, tried.skipped) == (2, 1, 0)
    assert (tried.outcomes, tried.violations, tried.version.plugin.name) == ({Outcome.OK: 2}, {}, "new.wasm")
    assert tried.latency.max > timedelta(0)
    now = status(registry)
    assert now.shadow == tried
    assert now.outcomes == {Outcome.OK: 2}, "the shadow's calls are not the strategy's"
    assert now.current.plugin.name == "honest.wasm"
    told = "\n".join(caplog.messages)
    assert "for deployment `d\\n1`: reason.code: " in told
    assert "of `hostile` decides differently from `honest.wasm` (sha256:" in told
    assert "over: failed; 2 requests, 1 decided differently, 0 skipped" in told


@pytest.mark.parametrize("evaluate", BATCHES)
def test_each_request_of_a_batch_is_compared(host: Host, folder: Folder, evaluate: Callable[[Registry], None]) -> None:
    registry, shadow = trying(host, folder, "cautious", trial(4))

    evaluate(registry)
    evaluate(registry)

    assert shadow.wait(LONG) is Comparison.FAILED
    differences = shadow.differences()
    assert (shadow.status().evaluations, len(differences)) == (4, 2)
    request = Request.from_json(differences[0].request)._replace(deployment="good")
    assert as_json(request) == as_json(*requests("good"))
    assert [difference.deployment for difference in differences] == ["good", "good"]


def test_the_policy_of_a_deployment_counts_in_the_shadow_too(host: Host, folder: Folder) -> None:
    registry, shadow = trying(host, folder, "cautious", trial(3))
    policy = Policy(max_surge=1)

    registry.evaluate_cycle("hostile", "a", ready(), misdeed("good"), policy)
    registry.evaluate_cycles("hostile", [Request(ready(), misdeed("good"), policy, "b")])
    given = json.loads(as_json(Request(ready(), misdeed("good"), None, "c")))
    given[0]["policy"] = {"max_surge": 1}
    registry.evaluate_cycles_json("hostile", json.dumps(given))

    assert shadow.wait(LONG) is Comparison.FAILED
    for difference in shadow.differences():
        assert Request.from_json(difference.request).policy == policy
        promises = [json.loads(text)["ok"]["commitment"] for text in (difference.decided, difference.shadow)]
        assert promises == [{"least_serving": 2, "most_live": 4}] * 2


def test_what_callers_change_afterwards_changes_no_difference(host: Host, folder: Folder) -> None:
    gate = Event()
    registry, shadow = trying(host, folder, "cautious", trial(1), Options(clock=waiting_for(gate)))
    routes = ready()

    plan = registry.evaluate_cycle("hostile", "d-1", routes, misdeed("good")).value
    routes[0].id = "other"
    plan.promote_route_ids.append("other")
    gate.set()

    assert shadow.wait(LONG) is Comparison.FAILED
    (difference,) = shadow.differences()
    assert "other" not in difference.request + difference.decided + difference.shadow


@pytest.mark.parametrize(("allowed", "result"), [(2, Comparison.PASSED), (1, Comparison.FAILED)])
def test_differences_up_to_the_number_allowed_do_not_matter(
    host: Host, folder: Folder, allowed: int, result: Comparison
) -> None:
    registry, shadow = trying(host, folder, "cautious", replace(trial(2), most_differences=allowed))
    evaluate(registry)
    evaluate(registry)
    assert shadow.wait(LONG) is result


@pytest.mark.parametrize("evaluate", [evaluate, evaluate_objects, evaluate_text])
@pytest.mark.parametrize(
    ("mode", "outcome"),
    [("broken", Outcome.TRAP), ("endless", Outcome.TIMEOUT), ("harmful", Outcome.REJECTED)],
)
def test_what_fails_in_the_shadow_fails_nowhere_else(
    cache: Path, folder: Folder, mode: str, outcome: Outcome, evaluate: Callable[[Registry], None]
) -> None:
    host = Host(Limits(time=timedelta(milliseconds=100), instances=1), cache)
    registry, shadow = trying(host, folder, mode, replace(trial(100), most_differences=100))

    for _ in range(3):
        evaluate(registry)

    assert shadow.wait(LONG) is Comparison.FAILED, "three failures are enough"
    assert shadow.status().outcomes[outcome] == 3
    assert len(shadow.differences()) == 3
    now = status(registry)
    assert [*now.outcomes] == [Outcome.OK]
    assert (now.reverts, now.current.plugin.name) == (0, "honest.wasm")


def test_a_request_that_both_fail_is_no_failure_of_the_shadow(host: Host, folder: Folder) -> None:
    registry, shadow = trying(host, folder, "other", trial(2))

    for deployment in ("a", "b"):
        with pytest.raises(PluginError):
            registry.evaluate_cycle("hostile", deployment, ready(), misdeed("trap"))

    assert shadow.wait(LONG) is Comparison.PASSED
    assert (shadow.status().differences, shadow.status().outcomes) == (0, {Outcome.TRAP: 2})


def test_what_json_cannot_say_is_not_compared(host: Host, folder: Folder) -> None:
    registry, shadow = trying(host, folder, "other", trial(1))
    routes = ready()
    routes[0].traffic_ratio = math.nan

    with pytest.raises(InvalidRoutes):
        registry.evaluate_cycle("hostile", "d-1", routes, misdeed("good"))
    registry.evaluate_cycles("hostile", [Request(routes, misdeed("good"), None, "d-1")])
    evaluate(registry)

    assert shadow.wait(LONG) is Comparison.PASSED
    assert shadow.status().evaluations == 1


def test_one_failure_is_enough_not_to_pass(host: Host, folder: Folder) -> None:
    registry, shadow = trying(host, folder, "broken", replace(trial(2), most_differences=100, auto_promote=True))

    evaluate(registry)
    registry.evaluate_cycle("hostile", "d-1", *harmless())

    assert shadow.wait(LONG) is Comparison.FAILED
    assert status(registry).current.plugin.name == "honest.wasm"


def waiting_for(gate: Event) -> Callable[[], float]:
    """A clock that the thread of a shadow waits for."""

    def clock() -> float:
        if current_thread() is not main_thread():
            assert gate.wait(LONG.total_seconds())
        return 0.0

    return clock


def test_a_shadow_that_is_too_slow_skips_what_is_not_even_copied(
    host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Event()
    registry, shadow = trying(host, folder, "other", trial(1000), Options(clock=waiting_for(gate)))
    written = []
    write = calls.as_json

    def counted(request: Request) -> bytes:
        written.append(request)
        return write(request)

    monkeypatch.setattr(calls, "as_json", counted)

    for _ in range(100):
        evaluate(registry)

    # One is being decided, if its thread has come to it; the others wait.
    skipped = shadow.status().skipped
    assert skipped in (100 - QUEUE, 100 - QUEUE - 1)
    assert len(written) == 100 - skipped
    assert shadow.status().evaluations == 0
    gate.set()
    registry.discard_shadow("hostile")
    assert shadow.comparison is Comparison.DISCARDED


def test_what_waits_is_bounded_in_bytes_too(host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.registry.tried.QUEUE_SIZE", 1)
    registry, shadow = trying(host, folder, "cautious", trial(1))

    registry.evaluate_cycles("hostile", requests("good", "none", "good"))

    assert shadow.wait(LONG) is Comparison.FAILED
    assert (shadow.status().evaluations, shadow.status().skipped) == (1, 2)


def test_room_is_given_back(host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.registry.tried.QUEUE_SIZE", 1)
    clock = Clock()
    registry, shadow = trying(host, folder, "other", trial(3), Options(clock=clock))
    while shadow.comparison is Comparison.RUNNING:
        # Each but the first finds room as soon as the one before was decided, and not earlier.
        evaluate(registry)
    assert shadow.comparison is Comparison.PASSED
    assert shadow.status().evaluations == 3


def test_a_trial_outlives_a_swap_and_names_who_answered(host: Host, folder: Folder) -> None:
    registry, shadow = trying(host, folder, "cautious", trial(2))
    evaluate(registry)
    registry.swap("hostile", folder.write("second.wasm", hostile_version("second")))
    registry.evaluate_cycle("hostile", "d-1", ready(), misdeed("good"))

    assert shadow.wait(LONG) is Comparison.FAILED
    assert [difference.current.name for difference in shadow.differences()] == ["honest.wasm", "second.wasm"]
    assert last(registry).comparison is Comparison.FAILED
