"""Each limit against a guest that breaks it: the exact error, and the host goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from pointsman import (
    BrokenContract,
    Host,
    Limit,
    Limits,
    PlanRejected,
    Plugin,
    PluginError,
    PluginLimit,
    PluginTimeout,
    PluginTrap,
    Request,
)
from pointsman.runtime.instances import Purpose
from support import as_json, component, misdeed, spec

EntryPoint = Callable[[Plugin, str], PluginError]


def single(plugin: Plugin, word: str) -> PluginError:
    """The failure of a misdeed alone."""
    with pytest.raises(PluginError) as raised:
        plugin.evaluate_cycle([], misdeed(word))
    return raised.value


def batch(plugin: Plugin, word: str) -> PluginError:
    """The failure of a misdeed between requests that are harmless."""
    with pytest.raises(PluginError) as raised:
        plugin.evaluate_cycles([([], misdeed("none")), ([], misdeed(word)), ([], misdeed("none"))])
    return raised.value


def as_text(plugin: Plugin, word: str) -> PluginError:
    """The failure of a misdeed as text."""
    with pytest.raises(PluginError) as raised:
        plugin.evaluate_cycles_json(as_json(Request([], misdeed(word))))
    return raised.value


entry_points = pytest.mark.parametrize("entry_point", [single, batch, as_text])


@pytest.fixture(autouse=True)
def _the_host_goes_on(hostile: Plugin, blue_green: Plugin) -> object:
    yield
    assert hostile.evaluate_cycle([], misdeed("none")).is_empty
    assert blue_green.evaluate_cycle([], spec()).reason.code == "creating-green"


@entry_points
def test_an_endless_loop_is_a_timeout(hostile: Plugin, entry_point: EntryPoint) -> None:
    error = entry_point(hostile, "loop_forever")

    assert isinstance(error, PluginTimeout)
    assert (error.plugin, error.limit) == (hostile.id, timedelta(seconds=1))


@entry_points
@pytest.mark.parametrize("word", ["grow_memory", "ten_million_ids", "gigabyte_string"])
def test_taking_too_much_memory_is_a_memory_error(hostile: Plugin, entry_point: EntryPoint, word: str) -> None:
    error = entry_point(hostile, word)

    assert isinstance(error, PluginLimit)
    assert (error.limit, error.most) == (Limit.MEMORY, 64 << 20)


@entry_points
def test_a_panic_is_a_trap(hostile: Plugin, entry_point: EntryPoint) -> None:
    error = entry_point(hostile, "trap")

    assert isinstance(error, PluginTrap)
    assert error.trap == "unreachable"
    assert "wasm backtrace" in str(error.__cause__)


@entry_points
def test_endless_recursion_is_a_trap(hostile: Plugin, entry_point: EntryPoint) -> None:
    error = entry_point(hostile, "recurse_forever")

    # The stack in linear memory is the smaller one; it ends at address 0.
    assert isinstance(error, PluginTrap)
    assert error.trap in ("memory-out-of-bounds", "stack-overflow")


@pytest.mark.parametrize("word", ["long_string", "long_list"])
def test_returning_too_much_is_a_response_error(hostile: Plugin, cache: Path, word: str) -> None:
    plugin = Host(Limits(response=100_000), cache).load(component("guests/hostile.wasm"))

    for entry_point in (single, batch, as_text):
        error = entry_point(plugin, word)
        assert isinstance(error, PluginLimit)
        assert (error.limit, error.most) == (Limit.RESPONSE, 100_000)

    assert plugin.evaluate_cycle([], misdeed("none")).is_empty
    # It is no more than the default allows; that the list is nonsense is for the guard to say.
    if word == "long_string":
        assert len(hostile.evaluate_cycle([], misdeed(word)).reason.message.encode()) == 1024
    else:
        assert isinstance(single(hostile, word), PlanRejected)


def test_with_memory_for_them_ten_million_ids_are_too_much_to_return(cache: Path) -> None:
    limits = Limits(memory=2 << 30, time=timedelta(minutes=1), instances=1)
    plugin = Host(limits, cache).load(component("guests/hostile.wasm"))

    error = single(plugin, "ten_million_ids")

    assert isinstance(error, PluginLimit)
    assert error.limit is Limit.RESPONSE


def test_a_request_that_is_larger_than_memory_is_a_memory_error(hostile: Plugin) -> None:
    with pytest.raises(PluginLimit) as raised:
        hostile.evaluate_cycles_json(b'["' + b"x" * (65 << 20) + b'"]')
    assert raised.value.limit is Limit.MEMORY


@entry_points
def test_nonsense_is_a_broken_contract_or_a_trap(hostile: Plugin, entry_point: EntryPoint) -> None:
    error = entry_point(hostile, "not_utf8")
    assert isinstance(error, BrokenContract)
    assert "utf-8" in str(error)

    # The plugin itself has to read the message to write it as JSON.
    error = entry_point(hostile, "wild_pointer")
    assert isinstance(error, PluginTrap)
    assert error.trap == "memory-out-of-bounds"


def test_an_error_names_the_plugin_and_its_digest(hostile: Plugin) -> None:
    message = str(single(hostile, "trap"))

    assert message == f"plugin `hostile.wasm` ({hostile.id.digest[:19]}…) trapped: unreachable"


def test_limits_can_be_set(cache: Path) -> None:
    limits = Limits(memory=8 << 20, time=timedelta(milliseconds=200), response=10_000)
    plugin = Host(limits, cache).load(component("guests/hostile.wasm"))

    error = single(plugin, "grow_memory")
    assert isinstance(error, PluginLimit)
    assert error.most == 8 << 20
    error = single(plugin, "loop_forever")
    assert str(error).endswith("ran for longer than 200ms")
    assert plugin.evaluate_cycle([], misdeed("none")).is_empty


def test_more_instances_than_the_limit_are_refused_until_one_is_free(cache: Path) -> None:
    host = Host(Limits(instances=2, time=timedelta(seconds=2)), cache)
    plugin = host.load(component("plugins/blue_green.wasm"))
    hostile = host.load(component("guests/hostile.wasm"))
    taken = host._runtime.instances.taken

    with ThreadPoolExecutor() as threads:
        loops = [threads.submit(single, hostile, "loop_forever") for _ in range(2)]
        # Nobody else is there, so both have a place, for two seconds.
        while taken(Purpose.CALL) < 2 and not any(loop.done() for loop in loops):
            time.sleep(0)
        with pytest.raises(PluginLimit) as raised:
            plugin.evaluate_cycle([], spec())
        # Loading has instances of its own.
        assert host.load(component("plugins/blue_green.wasm")).for_background().describe().name == "blue-green"

    assert (raised.value.limit, raised.value.most) == (Limit.INSTANCES, 2)
    assert all(isinstance(loop.result(), PluginTimeout) for loop in loops)
    assert plugin.evaluate_cycle([], spec()).reason.code == "creating-green"
