"""Signals whose handlers raise, as Ctrl-C does, wherever a call is: nothing is lost by them."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from wasmtime import Engine, Module, WasmtimeError, wat2wasm

from pointsman import Host, Limits, Plugin, PluginLimit
from pointsman.instances import Instances, Place, Purpose
from pointsman.native import Instance
from support import component, given, spec

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers that send signals")

TIMES = 10_000


class Stop(Exception):
    """What the handler raises."""


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> object:
    """Does something many times, each time stopped at some moment or other; how often it was."""

    def stop(*_: object) -> None:
        raise Stop

    before = signal.signal(signal.SIGALRM, stop)
    chance = random.Random(3)

    def do(what: Callable[[], object]) -> int:
        stopped = 0
        for _ in range(TIMES):
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(20e-6, 300e-6))
                what()
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Stop:
                stopped += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        return stopped

    yield do
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def lonely(cache: Path) -> Plugin:
    """A plugin whose host has one instance for calls: a place that is lost is missed at once."""
    return Host(Limits(instances=1), cache).load(component("plugins/blue_green.wasm"))


def test_no_place_is_lost_by_an_interrupted_call(interrupted, lonely: Plugin) -> None:  # type: ignore[no-untyped-def]
    routes, wanted = given(), spec()

    # A `PluginLimit` here is a place that was lost.
    stopped = interrupted(lambda: lonely.evaluate_cycle(routes, wanted))

    assert stopped > TIMES / 20
    instances = lonely._loaded.sandbox.instances
    assert not any(instances._taken.values())
    # Nor a place of the engine's, of which there are as many.
    for _ in range(5):
        assert lonely.evaluate_cycle(routes, wanted).reason.code == "waiting-for-ready"


def test_no_place_is_lost_by_an_interrupted_load(interrupted, lonely: Plugin) -> None:  # type: ignore[no-untyped-def]
    upkeep = lonely.for_upkeep()

    stopped = interrupted(upkeep.describe)

    assert stopped > TIMES / 20
    assert upkeep.describe().name == "blue-green"


def test_there_are_as_many_places_as_allowed() -> None:
    instances = Instances(2)
    first, second = instances.place(Purpose.CALL), instances.place(Purpose.CALL)
    assert isinstance(first, Place)
    assert isinstance(second, Place)
    assert instances.place(Purpose.CALL) is None
    assert instances.place(Purpose.UPKEEP) is not None

    first.give_back()
    first.give_back()
    third = instances.place(Purpose.CALL)
    assert third is not None
    assert instances.place(Purpose.CALL) is None

    # What is forgotten is given back, and what was given back is not given back again.
    del first
    assert instances.place(Purpose.CALL) is None
    del third
    assert instances.place(Purpose.CALL) is not None


def test_upkeep_waits_for_a_place() -> None:
    instances = Instances(1)
    held = [instances.place(Purpose.UPKEEP) for _ in range(2)]
    got = threading.Event()

    def wait() -> None:
        assert instances.place(Purpose.UPKEEP) is not None
        got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not got.is_set()
    held.pop()
    assert got.wait(60)
    thread.join()


def test_an_instance_that_does_not_start_gives_its_place_back() -> None:
    engine = Engine()
    module = Module(engine, bytes(wat2wasm('(module (import "a" "b" (func)))')))
    instances = Instances(1)
    for _ in range(3):
        place = instances.place(Purpose.CALL)
        assert place is not None
        with pytest.raises(WasmtimeError) as raised:
            Instance(engine, module, memory=1 << 16, table_elements=1, deadline=lambda: 1, place=place)
        assert "imports" in str(raised.value)


def test_an_error_that_is_kept_keeps_no_place(cache: Path) -> None:
    plugin = Host(Limits(instances=1), cache).load(component("guests/hostile.wasm"))
    kept = []
    for _ in range(3):
        with pytest.raises(Exception, match="trapped") as raised:
            plugin.evaluate_cycle(given(), spec({"misdeed": "trap"}))
        kept.append(raised.value)
    assert not any(isinstance(error, PluginLimit) for error in kept)
