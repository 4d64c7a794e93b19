"""Signals whose handlers raise, as Ctrl-C does, wherever a call is: nothing is lost by them."""

from __future__ import annotations

import mmap
import os
import random
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from wasmtime import Module, wat2wasm

from pointsman import Host, Limits, Plugin, PluginLimit, PluginNotRun
from pointsman.runtime.instances import Instances, Purpose
from pointsman.runtime.lanes import Lanes
from support import component, given, spec

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers that send signals")

TIMES = 10_000


class Stop(Exception):
    """Raised by the handler."""


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


def address_space() -> int:
    """Memory of this process, in bytes; 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[0]) * mmap.PAGESIZE if statm.exists() else 0


@pytest.fixture
def lonely(cache: Path) -> Plugin:
    """A plugin whose host has one instance for calls: a place that is lost is missed at once."""
    return Host(Limits(instances=1), cache).load(component("plugins/blue_green.wasm"))


def test_no_place_is_lost_by_an_interrupted_call(interrupted, lonely: Plugin) -> None:  # type: ignore[no-untyped-def]
    routes, a_spec = given(), spec()

    lonely.evaluate_cycle(routes, a_spec)
    before = address_space()
    # A `PluginLimit` here is a place that was lost.
    stopped = interrupted(lambda: lonely.evaluate_cycle(routes, a_spec))

    assert stopped > TIMES / 20
    # An instance that nobody has any more would still have its 4 GiB.
    assert address_space() - before < 4 << 30
    assert not any(map(lonely._strategy.loaded.runtime.instances.taken, Purpose))
    for _ in range(5):
        assert lonely.evaluate_cycle(routes, a_spec).reason.code == "waiting-for-ready"


def test_no_place_is_lost_by_an_interrupted_load(interrupted, lonely: Plugin) -> None:  # type: ignore[no-untyped-def]
    background = lonely.for_background()

    stopped = interrupted(background.describe)

    assert stopped > TIMES / 20
    assert background.describe().name == "blue-green"


def test_a_handler_may_evaluate_itself(cache: Path) -> None:
    plugin = Host(Limits(instances=2), cache).load(component("plugins/blue_green.wasm"))
    codes = []

    def evaluate(*_: object) -> None:
        codes.append(plugin.evaluate_cycle(given(), spec()).reason.code)

    before = signal.signal(signal.SIGALRM, evaluate)
    try:
        while len(codes) < 100:
            # Once: a handler that is interrupted by itself would need a third instance.
            signal.setitimer(signal.ITIMER_REAL, 2e-4)
            assert plugin.evaluate_cycle(given(), spec()).reason.code == "waiting-for-ready"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert set(codes) == {"waiting-for-ready"}


def test_a_signal_that_comes_just_before_the_wait_is_not_missed() -> None:
    """The system would wake nobody for it any more."""

    def stop(*_: object) -> None:
        raise Stop

    def work() -> None:
        os.kill(os.getpid(), signal.SIGALRM)
        told.append(stopped.wait(30))

    lanes, told = Lanes(), [True]
    before = signal.signal(signal.SIGALRM, stop)
    try:
        while all(told) and len(told) <= 200:
            stopped = threading.Event()
            with pytest.raises(Stop):
                lanes.run(work, stopped.set)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert all(told)


def test_there_are_as_many_places_as_allowed() -> None:
    instances = Instances(2)
    assert [instances.take(Purpose.CALL) for _ in range(3)] == [True, True, False]
    assert instances.take(Purpose.BACKGROUND)

    instances.give_back(Purpose.CALL)
    assert [instances.take(Purpose.CALL) for _ in range(2)] == [True, False]
    assert [instances.taken(purpose) for purpose in (Purpose.CALL, Purpose.BACKGROUND)] == [2, 1]


def test_the_background_waits_for_a_place() -> None:
    instances = Instances(1)
    for _ in range(2):
        instances.take(Purpose.BACKGROUND)
    got = threading.Event()

    def wait() -> None:
        assert instances.take(Purpose.BACKGROUND)
        got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not got.is_set()
    instances.give_back(Purpose.BACKGROUND)
    assert got.wait(60)
    thread.join()


def test_an_instance_that_does_not_start_gives_its_place_back(lonely: Plugin) -> None:
    loaded = lonely._strategy.loaded
    module = Module(loaded.runtime.engine, bytes(wat2wasm('(module (import "a" "b" (func)))')))
    for _ in range(3):
        with pytest.raises(PluginNotRun, match="imports"):
            replace(loaded, module=module).run(Purpose.CALL, lambda _: None)


def test_an_error_that_is_kept_keeps_no_place(cache: Path) -> None:
    plugin = Host(Limits(instances=1), cache).load(component("guests/hostile.wasm"))
    kept = []
    for _ in range(3):
        with pytest.raises(Exception, match="trapped") as raised:
            plugin.evaluate_cycle(given(), spec({"misdeed": "trap"}))
        kept.append(raised.value)
    assert not any(isinstance(error, PluginLimit) for error in kept)
