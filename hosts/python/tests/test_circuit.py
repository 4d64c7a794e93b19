"""Failures of a version: reverting, open circuits, counts."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from pointsman import (
    BackingOff,
    Host,
    InvalidRequests,
    Limits,
    Options,
    Outcome,
    Registry,
    Request,
)
from registries import Clock, answered_by, fail, registry_with_hostile, status
from support import Folder, as_json, misdeed


def test_three_failures_in_a_row_revert_once(
    registry: Registry, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    registry.swap("hostile", folder.copy("guests/hostile.wasm", 2))

    fail(registry, "trap")
    fail(registry, "unknown_id")
    assert answered_by(registry) == "2.wasm", "the good answer in between counts the failures anew"
    fail(registry, "trap")
    fail(registry, "grow_memory")
    assert status(registry).current.plugin.name == "2.wasm"
    with caplog.at_level(logging.ERROR, "pointsman"):
        fail(registry, "unknown_id")

    after = status(registry)
    assert (after.current.plugin.name, after.previous, after.reverts) == ("1.wasm", None, 1)
    assert answered_by(registry) == "1.wasm"
    assert [after.outcomes[each] for each in (Outcome.TRAP, Outcome.REJECTED, Outcome.MEMORY)] == [2, 2, 1]
    assert timedelta(0) < after.latency.p50 <= after.latency.p999 <= after.latency.max
    assert "`hostile` reverted to 0.2.0 after 3 failures; `2.wasm` (sha256:" in caplog.text
    assert "is quarantined, `1.wasm` (sha256:" in caplog.text


def test_with_none_to_revert_to_its_circuit_opens_for_longer_each_time(
    host: Host, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    registry = registry_with_hostile(host, folder, Options(longest_back_off=timedelta(seconds=3), clock=clock))
    for _ in range(3):
        fail(registry, "trap")
    assert caplog.messages[-1].startswith("`hostile`: circuit open for 1 s; `1.wasm` (sha256:")

    for length in (1, 2, 3, 3):
        clock.now += length - 0.5
        with pytest.raises(BackingOff) as raised:
            registry.evaluate_cycle("hostile", [], misdeed("none"))
        assert raised.value.remaining == timedelta(seconds=0.5)
        assert str(raised.value).endswith("times in a row; circuit open for 500 ms")
        assert status(registry).backing_off == timedelta(seconds=0.5)
        clock.now += 0.5
        fail(registry, "trap")

    clock.now += 3
    assert answered_by(registry) == "1.wasm"
    assert status(registry).backing_off is None
    assert status(registry).outcomes[Outcome.BACKING_OFF] == 4
    fail(registry, "trap")
    assert answered_by(registry) == "1.wasm", "one failure after a good answer is one failure"


def test_a_swap_closes_the_circuit(host: Host, folder: Folder) -> None:
    registry = registry_with_hostile(host, folder, Options(clock=Clock()))
    for _ in range(3):
        fail(registry, "trap")
    with pytest.raises(BackingOff):
        registry.evaluate_cycle("hostile", [], misdeed("none"))

    registry.swap("hostile", folder.copy("guests/hostile.wasm", 2))

    assert answered_by(registry) == "2.wasm"
    assert status(registry).previous is None, "a version that fails is none to revert to"


def test_latencies_are_those_of_the_calls(cache: Path, folder: Folder) -> None:
    host = Host(Limits(time=timedelta(milliseconds=50)), cache)
    registry = registry_with_hostile(host, folder)

    fail(registry, "loop_forever")

    latency = status(registry).latency
    assert timedelta(milliseconds=50) <= latency.p50 <= latency.max < timedelta(minutes=1)


def test_violations_are_counted_by_their_code(registry: Registry) -> None:
    fail(registry, "unknown_id")
    registry.evaluate_cycles_json("hostile", as_json(Request([], misdeed("again_at_once"))))

    assert status(registry).violations == {"next-evaluation-not-ahead": 1, "unknown-id": 1}


def test_a_refusal_is_no_failure_of_the_plugin(host: Host, folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    registry = registry_with_hostile(host, folder, Options(revert_after=1))

    fail(registry, "of_the_old_days")
    assert len(caplog.records) == 1
    # Of a batch it has its error in its place, and the call is as good as any.
    for _ in range(2):
        registry.evaluate_cycles("hostile", [([], misdeed("of_the_old_days"))] * 2)
    registry.evaluate_cycles_json("hostile", as_json(Request([], misdeed("of_the_old_days"))))
    with pytest.raises(InvalidRequests):
        registry.evaluate_cycles_json("hostile", b"[\xff]")

    assert answered_by(registry) == "1.wasm"
    assert status(registry).outcomes == {Outcome.OK: 4, Outcome.REFUSED: 2}
    assert len(caplog.records) == 2


def test_a_rejected_plan_in_a_batch_is_a_failure(host: Host, folder: Folder) -> None:
    for entry_point in ("evaluate_cycles", "evaluate_cycles_json"):
        registry = registry_with_hostile(host, folder, Options(revert_after=1))
        registry.swap("hostile", folder.copy("guests/hostile.wasm", 2))
        requests = [Request([], misdeed(word)) for word in ("none", "unknown_id", "unknown_id")]

        evaluated = getattr(registry, entry_point)(
            "hostile", as_json(*requests) if entry_point.endswith("json") else requests
        )

        assert evaluated.plugin.name == "2.wasm"
        assert status(registry).current.plugin.name == "1.wasm"
