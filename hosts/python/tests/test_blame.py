"""Failures of versions and of inputs, with real plugins: who waits, who is pinned, what is reverted."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from pointsman import (
    CircuitOpen,
    Host,
    InvalidDeployment,
    InvalidRequests,
    Limits,
    Options,
    Outcome,
    PluginError,
    PluginTrap,
    Registry,
    Request,
    SwapResult,
)
from registries import Clock, answered_by, fail, registry_with_hostile, status
from support import Folder, as_json, hostile_version, misdeed, numbered, versioned

MEEK = hostile_version("meek")
"""A version that does nothing bad, whatever it is told to do."""
POLITE = hostile_version("polite")
"""A version that refuses what others take: `good`."""


def registry_of(host: Host, folder: Folder, *versions: bytes, options: Options | None = None) -> Registry:
    """A registry with versions, the last of which is the current one: `1.wasm`, `2.wasm`."""
    registry = Registry(host, options)
    for number, version in enumerate(versions, 1):
        registry.swap("hostile", folder.write(f"{number}.wasm", version))
    for deployment in ("x", "y", "z"):
        registry.evaluate_cycle("hostile", deployment, [], misdeed("none"))
    return registry


def test_a_version_that_fails_three_deployments_where_the_one_before_does_not_is_reverted(
    host: Host, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    registry = registry_of(host, folder, MEEK, POLITE)

    assert isinstance(fail(registry, "trap", "a"), PluginTrap)
    assert [*status(registry).circuits.pinned] == ["a"]
    assert registry.evaluate_cycle("hostile", "a", [], misdeed("trap")).plugin.name == "1.wasm"
    assert answered_by(registry) == "2.wasm", "what succeeds in between saves no bad version"
    # It refuses politely what the one before takes.
    fail(registry, "good", "b\n")
    assert status(registry).current.plugin.name == "2.wasm"
    with caplog.at_level(logging.ERROR, "pointsman"):
        fail(registry, "grow_memory", "c")

    after = status(registry)
    assert (after.current.plugin.name, after.previous, after.reverts) == ("1.wasm", None, 1)
    assert (after.circuits.pinned_total, after.circuits.open_total) == (0, 0)
    assert registry.evaluate_cycle("hostile", "b\n", [], misdeed("good")).plugin.name == "1.wasm"
    assert "pinned deployment `a` to 0.2.0: 0.2.0 trapped where it does not" in caplog.text
    assert r"pinned deployment `b\n` to 0.2.0: 0.2.0 refuses where it does not" in caplog.text
    assert r"`hostile` reverted to 0.2.0: 3 deployments pinned (a, b\n, c); `2.wasm` (sha256:" in caplog.text
    assert after.quarantined
    assert [after.outcomes[each] for each in (Outcome.TRAP, Outcome.REFUSED, Outcome.MEMORY)] == [1, 1, 1]


def test_input_that_the_version_before_does_not_manage_reverts_nothing(host: Host, folder: Folder) -> None:
    honest = hostile_version("honest")
    registry = registry_of(host, folder, numbered(honest, 1), numbered(honest, 2), options=Options(clock=Clock()))
    words = ["trap", "unknown_id", "grow_memory", "not_utf8"]
    for number, word in enumerate(words):
        opened = []
        for _ in range(3):
            fail(registry, word, word)
            opened.append(status(registry).circuits.open_total - number)
        assert opened == [0, 0, 1]

    assert status(registry).current.plugin.name == "2.wasm"
    assert status(registry).circuits.pinned_total == 0
    with pytest.raises(CircuitOpen):
        registry.evaluate_cycle("hostile", "trap", [], misdeed("trap"))
    assert answered_by(registry) == "2.wasm"
    other = registry.evaluate_cycle("hostile", "trap", [], misdeed("none"))
    assert other.plugin.name == "2.wasm", "another configuration is another input"


def test_a_circuit_opens_for_longer_each_time(host: Host, folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    options = Options(longest_back_off=timedelta(seconds=3), clock=clock, random=lambda: 0.0)
    registry = registry_of(host, folder, hostile_version("honest"), options=options)
    for _ in range(3):
        fail(registry, "trap", "a")
    assert "`hostile`: circuit of deployment `a` open for 1 s; `1.wasm` (sha256:" in caplog.messages[-1]

    for length in (1, 2, 3, 3):
        clock.now += length - 0.5
        with pytest.raises(CircuitOpen) as raised:
            registry.evaluate_cycle("hostile", "a", [], misdeed("trap"))
        assert raised.value.remaining == timedelta(seconds=0.5)
        assert str(raised.value).startswith("circuit of deployment `a` open for 500 ms: plugin `1.wasm` (sha256:")
        (circuit,) = status(registry).circuits.open
        assert (circuit.deployment, circuit.remaining) == ("a", timedelta(seconds=0.5))
        clock.now += 0.5
        fail(registry, "trap", "a")

    assert isinstance(raised.value, PluginError), "who handles a call without a plan handles this one"
    assert status(registry).outcomes[Outcome.CIRCUIT_OPEN] == 4
    assert status(registry).circuit_open is None


def test_a_version_that_fails_for_all_waits_for_all(
    host: Host, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    options = Options(clock=clock, random=lambda: 0.0)
    registry = registry_of(host, folder, hostile_version("honest"), options=options)
    for deployment in ("a", "b", "c"):
        fail(registry, "trap", deployment)

    assert "`hostile`: circuit open for 1 s; `1.wasm` (sha256:" in caplog.messages[-1]
    with pytest.raises(CircuitOpen, match=r"circuit open for 1 s: .* failed for 3 deployments in a row"):
        registry.evaluate_cycle("hostile", "d", [], misdeed("none"))
    assert status(registry).circuit_open == timedelta(seconds=1)
    registry.swap("hostile", folder.write("2.wasm", numbered(hostile_version("honest"), 2)))
    assert answered_by(registry) == "2.wasm", "a swap closes the circuit"
    assert status(registry).previous is None, "a version that fails for all is none to revert to"


@pytest.mark.parametrize(("key", "length"), [("", 0), ("k" * 257, 257), ("é" * 129, 258)])
def test_a_key_that_no_deployment_has_is_refused(registry: Registry, key: str, length: int) -> None:
    with pytest.raises(InvalidDeployment, match=f"has {length} bytes; it should have from 1 to 256"):
        registry.evaluate_cycle("hostile", key, [], misdeed("none"))
    registry.evaluate_cycle("hostile", "é" * 128, [], misdeed("none"))
    batch = registry.evaluate_cycles("hostile", [Request([], misdeed("none"), None, key), Request([], misdeed("none"))])
    assert [str(each).rpartition(": ")[2] for each in batch.value] == [
        f"the key of a deployment has {length} bytes; it should have from 1 to 256",
        "missing field `deployment`",
    ]
    assert batch.plugins == [None, None]


def test_counts_are_those_of_requests_and_latencies_those_of_calls(cache: Path, folder: Folder) -> None:
    registry = registry_with_hostile(Host(Limits(time=timedelta(milliseconds=50)), cache), folder)

    fail(registry, "loop_forever")
    fail(registry, "unknown_id")
    registry.evaluate_cycles_json("hostile", as_json(Request([], misdeed("again_at_once"), None, "b")))
    with pytest.raises(InvalidRequests):
        registry.evaluate_cycles_json("hostile", b"[\xff]")

    after = status(registry)
    assert after.outcomes == {Outcome.REFUSED: 1, Outcome.REJECTED: 2, Outcome.TIMEOUT: 1}
    assert after.violations == {"next-evaluation-not-ahead": 1, "unknown-id": 1}
    assert timedelta(milliseconds=50) <= after.latency.max < timedelta(minutes=1)


def test_a_released_version_is_loaded_again(host: Host, folder: Folder) -> None:
    registry = registry_of(host, folder, MEEK, versioned(hostile_version("honest"), "0.3.0"))
    for deployment in ("a", "b", "c"):
        fail(registry, "trap", deployment)
    (digest,) = status(registry).quarantined

    assert registry.load_dir(folder.path)[1][1].result is SwapResult.QUARANTINED  # type: ignore[union-attr]
    assert registry.release(digest)
    assert not registry.release(digest)
    assert status(registry).quarantined == ()
    assert registry.load_dir(folder.path)[1][1].result is SwapResult.SWAPPED  # type: ignore[union-attr]


def test_what_no_plugin_was_asked_is_asked_of_none(host: Host, folder: Folder) -> None:
    registry = registry_of(host, folder, MEEK, hostile_version("honest"))
    bad = misdeed("none")
    bad.memo = b"no text"  # type: ignore[assignment]

    with pytest.raises(PluginError, match="it cannot be written as JSON"):
        registry.evaluate_cycle("hostile", "a", [], bad)

    assert registry.wait_for_verdicts()
    assert status(registry).circuits.pinned_total == 0
