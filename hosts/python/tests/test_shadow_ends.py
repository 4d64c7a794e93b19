"""Ends of trials, and what follows."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from pointsman import (
    Checks,
    Comparison,
    Host,
    NoShadow,
    Options,
    Registry,
    SwapError,
    SwapProblem,
    SwapResult,
    Trial,
    UnknownStrategy,
)
from registries import Clock, fail, status
from shadowing import LONG, evaluate, harmless, last, trial, trying
from support import Folder, hostile_version, numbered

OLD = Checks(configs=(('{"misdeed": "of_the_old_days"}', 3),))
"""What no version takes."""


@pytest.mark.parametrize("auto_promote", [False, True])
def test_a_version_that_decides_alike_passes_and_is_promoted(
    host: Host, folder: Folder, caplog: pytest.LogCaptureFixture, auto_promote: bool
) -> None:
    registry, shadow = trying(host, folder, "other", replace(trial(3), auto_promote=auto_promote))

    with caplog.at_level(logging.INFO, "pointsman"):
        for _ in range(3):
            evaluate(registry)
        if auto_promote:
            assert shadow.wait(LONG) is Comparison.PROMOTED
        else:
            assert shadow.wait(LONG) is Comparison.PASSED
            assert status(registry).current.plugin.name == "honest.wasm"
            assert registry.promote("hostile").result is SwapResult.SWAPPED
            assert shadow.comparison is Comparison.PROMOTED
            assert "`new.wasm` swapped: from `honest.wasm` (sha256:" in caplog.text

    now = status(registry)
    assert now.previous is not None
    assert (now.current.plugin.name, now.previous.plugin.name, now.shadow) == ("new.wasm", "honest.wasm", None)
    with pytest.raises(NoShadow, match="no version of `hostile` is tried in the shadow of the current one"):
        registry.promote("hostile")


def test_a_trial_of_some_time_ends_with_the_first_evaluation_after_it(host: Host, folder: Folder) -> None:
    clock = Clock()
    registry, shadow = trying(host, folder, "other", Trial(time=timedelta(minutes=1)), Options(clock=clock))

    for expected in range(1, 21):
        evaluate(registry)
        while shadow.status().evaluations < expected:
            pass
    assert shadow.comparison is Comparison.RUNNING
    clock.now += 60
    assert shadow.comparison is Comparison.RUNNING
    evaluate(registry)

    assert shadow.wait(LONG) is Comparison.PASSED
    assert shadow.status().evaluations == 21


def test_a_version_passes_the_checks_before_it_is_tried_and_again_when_it_is_promoted(
    host: Host, folder: Folder
) -> None:
    registry, shadow = trying(host, folder, "other", trial(1))
    registry.set_checks("hostile", OLD)

    third = folder.write("third.wasm", hostile_version("third"))
    with pytest.raises(SwapError) as raised:
        registry.shadow("hostile", third, trial(1))
    assert raised.value.problem is SwapProblem.CONFIG
    with pytest.raises(SwapError) as raised:
        registry.promote("hostile")
    assert raised.value.problem is SwapProblem.CONFIG
    assert shadow.comparison is Comparison.RUNNING
    assert status(registry).current.plugin.name == "honest.wasm"

    registry.set_checks("hostile", Checks())
    assert registry.promote("hostile").plugin.name == "new.wasm"


def test_a_trial_that_checks_set_since_do_not_let_pass_promotes_nothing(
    host: Host, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    registry, shadow = trying(host, folder, "other", replace(trial(1), auto_promote=True))
    registry.set_checks("hostile", OLD)

    evaluate(registry)

    assert shadow.wait(LONG) is Comparison.FAILED
    assert status(registry).current.plugin.name == "honest.wasm"
    assert "`new.wasm`: swap failed; keeping 0.2.0: the new version does not take a configuration in use" in caplog.text


def test_a_trial_ends_by_hand_by_another_and_by_a_swap_to_its_version(host: Host, folder: Folder) -> None:
    registry, first = trying(host, folder, "other", trial(1))
    again = folder.path / "new.wasm"
    assert registry.shadow("hostile", again, trial(1)).result is SwapResult.UNCHANGED, "it is tried already"
    assert first.wait(timedelta(0)) is Comparison.RUNNING

    third = folder.write("third.wasm", hostile_version("third"))
    registry.shadow("hostile", third, trial(1))
    assert first.comparison is Comparison.DISCARDED

    second = last(registry)
    registry.swap("hostile", third)
    assert second.comparison is Comparison.PROMOTED

    registry.shadow("hostile", again, trial(1))
    registry.discard_shadow("hostile")
    assert last(registry).comparison is Comparison.DISCARDED
    assert status(registry).shadow is None
    with pytest.raises(NoShadow):
        registry.discard_shadow("hostile")


def test_the_first_version_of_a_strategy_is_not_tried(host: Host, folder: Folder) -> None:
    registry = Registry(host)
    file = folder.write("honest.wasm", hostile_version("honest"))

    assert registry.shadow("hostile", file, trial(1)).result is SwapResult.LOADED

    assert registry.last_shadow("hostile") is None
    assert registry.shadow("hostile", file, trial(1)).result is SwapResult.UNCHANGED
    for ask in (registry.last_shadow, registry.promote, registry.discard_shadow):
        with pytest.raises(UnknownStrategy):
            ask("nobody")


def test_a_quarantined_version_may_be_tried_and_is_taken_back_when_it_is_promoted(host: Host, folder: Folder) -> None:
    registry = Registry(host)
    registry.swap("hostile", folder.write("honest.wasm", hostile_version("meek")))
    bad = folder.write("bad.wasm", numbered(hostile_version("honest"), 1))
    registry.swap("hostile", bad)
    for deployment in ("a", "b", "c"):
        registry.evaluate_cycle("hostile", deployment, *harmless())
    for deployment in ("a", "b", "c"):
        fail(registry, "trap", deployment)
    assert len(status(registry).quarantined) == 1

    assert registry.shadow("hostile", bad, trial(1)).result is SwapResult.SHADOWING
    assert len(status(registry).quarantined) == 1
    registry.promote("hostile")

    assert status(registry).quarantined == ()
    assert status(registry).current.plugin.name == "bad.wasm"


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"evaluations": 1, "time": timedelta(1)},
        {"evaluations": 0},
        {"time": timedelta(0)},
        {"evaluations": 1, "most_differences": -1},
    ],
)
def test_terms_that_cannot_be_are_refused(terms: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must be|has either"):
        Trial(**terms)  # type: ignore[arg-type]
