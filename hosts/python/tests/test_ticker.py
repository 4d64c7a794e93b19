"""The clock that stops endless loops, on a clock that stands still until it is told."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from datetime import timedelta

import pytest

from pointsman import Host, HostError, Limits
from pointsman.runtime.ticker import Ticker


class Engine:
    epoch = 0

    def increment_epoch(self) -> None:
        self.epoch += 1


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("late", [0, 1, 7])
@pytest.mark.parametrize("milliseconds", [1, 10, 11, 1000])
def test_a_deadline_is_never_early_and_at_most_one_tick_late(late: int, milliseconds: int) -> None:
    engine, clock = Engine(), Clock()
    ticker = Ticker(engine, clock)
    clock.now += 0.0501
    ticker.tick()
    # The thread that ticks is kept waiting, and the clock goes on.
    clock.now += 0.01 * late
    start = clock.now
    deadline = engine.epoch + ticker.deadline(Limits(time=timedelta(milliseconds=milliseconds)).ticks)

    while engine.epoch < deadline:
        clock.now += 0.001
        ticker.tick()

    took = clock.now - start
    assert milliseconds / 1000 <= took + 1e-9
    assert took <= milliseconds / 1000 + 0.0211


def test_the_epoch_is_that_of_the_clock() -> None:
    engine, clock = Engine(), Clock()
    ticker = Ticker(engine, clock)

    for seconds, epoch in [(0.0, 0), (0.0095, 0), (0.001, 1), (1.0, 101)]:
        clock.now += seconds
        ticker.tick()
        assert engine.epoch == epoch


def test_its_thread_ends_with_it_and_lets_go_of_the_engine() -> None:
    engine = Engine()
    gone = weakref.ref(engine)
    ticker = Ticker(engine).start()
    thread = ticker.thread
    assert thread.is_alive()
    assert thread.daemon

    del engine
    assert gone() is not None, "the thread would use what is gone"
    del ticker
    thread.join(60)

    assert not thread.is_alive()
    assert gone() is None


def test_a_system_without_threads_gives_no_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)

    with pytest.raises(HostError, match="the thread that stops endless loops does not start: can't start new thread"):
        Host()


def test_a_host_that_is_not_used_any_more_is_not_kept(cache) -> None:  # type: ignore[no-untyped-def]
    host = Host(cache=cache)
    engine, thread = weakref.ref(host._runtime.engine), host._runtime.ticker.thread
    del host
    gc.collect()
    thread.join(60)

    assert engine() is None


def test_it_does_not_keep_the_interpreter(cache) -> None:  # type: ignore[no-untyped-def]
    program = f"import pointsman; host = pointsman.Host(cache={str(cache)!r}); print('done')"

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert (result.stdout, result.stderr) == ("done\n", "")
