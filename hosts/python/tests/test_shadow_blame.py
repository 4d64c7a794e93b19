"""Trials beside blame: pins, reverts, circuits and batches that are halved."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from pointsman import (
    CircuitOpen,
    Comparison,
    Host,
    Options,
    Outcome,
    PlanNotChecked,
    PluginFailed,
    Registry,
    Request,
    RouteChanges,
)
from pointsman.guard.checker import Checker
from registries import Clock, fail, status
from shadowing import LONG, evaluate, last, ready, requests, trial, trying
from support import Folder, as_json, hostile_version, misdeed, numbered


def pinned(host: Host, folder: Folder) -> Registry:
    """A registry whose second version fails deployment `a`, which is pinned to the first."""
    registry = Registry(host)
    registry.swap("hostile", folder.write("1.wasm", hostile_version("meek")))
    registry.swap("hostile", folder.write("2.wasm", hostile_version("honest")))
    for deployment in ("x", "y", "z"):
        registry.evaluate_cycle("hostile", deployment, ready(), misdeed("none"))
    fail(registry, "trap", "a")
    assert status(registry).circuits.pinned == ("a",)
    return registry


def test_a_pinned_deployment_is_compared_with_the_version_that_decides_for_it(host: Host, folder: Folder) -> None:
    registry = pinned(host, folder)
    registry.shadow("hostile", folder.write("3.wasm", numbered(hostile_version("meek"), 3)), trial(4))

    registry.evaluate_cycle("hostile", "a", ready(), misdeed("trap"))
    registry.evaluate_cycle("hostile", "b", ready(), misdeed("good"))
    pair = [Request(ready(), misdeed("trap"), None, "a"), Request(ready(), misdeed("good"), None, "b")]
    registry.evaluate_cycles("hostile", pair)

    shadow = last(registry)
    assert shadow.wait(LONG) is Comparison.FAILED
    # The first version and the third are the same, so only the second decides otherwise.
    assert [(each.deployment, each.current.name) for each in shadow.differences()] == [("b", "2.wasm")] * 2
    assert status(registry).circuits.pinned == ("a",)


def test_the_plugin_of_a_difference_is_the_one_that_decided(host: Host, folder: Folder) -> None:
    registry = pinned(host, folder)
    registry.shadow("hostile", folder.write("3.wasm", numbered(hostile_version("honest"), 3)), trial(2))

    registry.evaluate_cycle("hostile", "a", ready(), misdeed("trap"))
    registry.evaluate_cycles_json("hostile", as_json(Request(ready(), misdeed("trap"), None, "a")))

    shadow = last(registry)
    assert shadow.wait(LONG) is Comparison.FAILED
    assert [each.current.name for each in shadow.differences()] == ["1.wasm", "1.wasm"]
    assert [field.field for field in shadow.differences()[0].fields] == ["outcome"]


def test_a_trial_outlives_a_revert(host: Host, folder: Folder) -> None:
    registry = pinned(host, folder)
    third = folder.write("3.wasm", numbered(hostile_version("meek"), 3))
    registry.shadow("hostile", third, replace(trial(3), most_differences=100))
    for deployment in ("b", "c"):
        fail(registry, "trap", deployment)
    assert (status(registry).current.plugin.name, status(registry).reverts) == ("1.wasm", 1)
    assert last(registry).comparison is Comparison.RUNNING

    registry.evaluate_cycle("hostile", "b", ready(), misdeed("trap"))

    assert last(registry).wait(LONG) is Comparison.PASSED, "that the current one failed speaks not against it"
    assert last(registry).status().outcomes == {Outcome.OK: 3}, "nobody asks the shadow whose fault it is"
    assert registry.promote("hostile").plugin.name == "3.wasm"


@pytest.mark.parametrize("is_text", [False, True])
def test_a_request_at_fault_costs_the_others_of_its_batch_no_comparison(
    host: Host, folder: Folder, is_text: bool
) -> None:
    registry, shadow = trying(host, folder, "other", trial(4))
    batch = requests("none", "trap", "good", "none")

    if is_text:
        registry.evaluate_cycles_json("hostile", as_json(*batch))
    else:
        decided = registry.evaluate_cycles("hostile", batch).value
        assert isinstance(decided[1], PluginFailed)

    assert shadow.wait(LONG) is Comparison.PASSED
    assert shadow.status().outcomes == {Outcome.OK: 3, Outcome.TRAP: 1}


@pytest.mark.parametrize("is_text", [False, True])
def test_the_shadow_is_asked_in_halves_where_it_fails(host: Host, folder: Folder, is_text: bool) -> None:
    registry, shadow = trying(host, folder, "other", replace(trial(4), most_differences=9), current="meek")
    batch = requests("none", "trap", "idle", "none")

    if is_text:
        registry.evaluate_cycles_json("hostile", as_json(*batch))
    else:
        decided = registry.evaluate_cycles("hostile", batch).value
        assert all(isinstance(decision, RouteChanges) for decision in decided)

    assert shadow.wait(LONG) is Comparison.FAILED
    tried = shadow.status()
    assert (tried.evaluations, tried.differences, tried.outcomes) == (4, 1, {Outcome.OK: 3, Outcome.TRAP: 1})
    assert [difference.deployment for difference in shadow.differences()] == ["trap"]


def test_what_nobody_was_called_for_is_not_compared(host: Host, folder: Folder) -> None:
    registry, shadow = trying(host, folder, "other", trial(5), Options(clock=Clock()))
    for _ in range(3):
        fail(registry, "trap", "a")
    with pytest.raises(CircuitOpen):
        registry.evaluate_cycle("hostile", "a", ready(), misdeed("trap"))
    batch = [Request(ready(), misdeed("trap"), None, "a"), Request(ready(), misdeed("good"))]
    registry.evaluate_cycles("hostile", batch)
    registry.evaluate_cycles_json("hostile", as_json(*batch))

    evaluate(registry)
    evaluate(registry)

    assert shadow.wait(LONG) is Comparison.PASSED
    assert shadow.status().outcomes == {Outcome.TRAP: 3, Outcome.OK: 2}


@dataclass
class Ticking(Clock):
    """A clock that goes on by a step whenever it is read."""

    step: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_what_the_time_of_a_batch_does_not_reach_is_not_compared(host: Host, folder: Folder) -> None:
    clock = Ticking()
    registry, shadow = trying(host, folder, "other", trial(1), Options(clock=clock, batch_time=timedelta(seconds=1)))
    clock.step = 1.0
    assert registry.evaluate_cycles("hostile", requests("good")).plugins == [None]
    clock.step = 0.0

    evaluate(registry)

    assert shadow.wait(LONG) is Comparison.PASSED
    assert shadow.status().evaluations == 1


@pytest.mark.parametrize("file", ["honest.wasm", "new.wasm"])
def test_what_the_host_could_not_do_says_nothing(
    host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    check = Checker.check

    def failing(self, plugin, guard, plans, purpose):  # type: ignore[no-untyped-def]
        if plugin.name == file and any(b"bad-route" in sent.routes for sent, _ in plans):
            raise PlanNotChecked(plugin, "on request")
        return check(self, plugin, guard, plans, purpose)

    monkeypatch.setattr(Checker, "check", failing)
    registry, shadow = trying(host, folder, "other", trial(1))
    bad = ready()
    bad[0].id = "bad-route"
    request = Request(bad, misdeed("good"), None, "d-1")

    with nullcontext() if file == "new.wasm" else pytest.raises(PlanNotChecked):
        registry.evaluate_cycle("hostile", "d-1", bad, misdeed("good"))
    registry.evaluate_cycles("hostile", [request])
    registry.evaluate_cycles_json("hostile", as_json(request))
    evaluate(registry)

    assert shadow.wait(LONG) is Comparison.PASSED
    assert (shadow.status().evaluations, shadow.status().outcomes) == (1, {Outcome.OK: 1})
