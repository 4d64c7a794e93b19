"""A watch that goes on, whatever a file or a callback does, and ends when it is closed."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from queue import Queue

import pytest

from pointsman import (
    Host,
    Registry,
    Swap,
    SwapError,
    Watch,
    Watching,
)
from support import Folder, hostile_version, misdeed
from watching import LONG, watched

FIFO = """
import os, sys
from datetime import timedelta
from pathlib import Path
from pointsman import Host, LoadError, Registry, Swap, Watching

host, folder = Host(cache=sys.argv[1]), Path(sys.argv[2])
os.mkfifo(folder / "a.wasm")
try:
    host.load(folder / "a.wasm")
except LoadError as error:
    print(error.problem, error)
how = Watching(on_change=lambda path, result: print(path.name, isinstance(result, Swap), flush=True))
with Registry(host).watch(folder, how) as watch:
    print(watch is not None)
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_fifo_keeps_nobody_waiting(folder: Folder, cache: Path) -> None:
    folder.write("b.wasm", hostile_version("honest"))

    ran = subprocess.run(
        [sys.executable, "-c", FIFO, str(cache), str(folder.path)], capture_output=True, text=True, timeout=LONG
    )

    why = f"cannot read `{folder.path / 'a.wasm'}`: it is not a regular file"
    assert (ran.stdout.splitlines(), ran.returncode) == ([f"read {why}", "a.wasm False", "b.wasm True", "True"], 0)


def test_nothing_is_loaded_once_the_watch_is_closed(host: Host, folder: Folder) -> None:
    folder.write("a.wasm", hostile_version("honest"))
    with watched(host, folder.path) as it:
        pass
    folder.write("a.wasm", hostile_version("second"))

    # The thread has ended, and with it all that could tell.
    assert it.told.qsize() == 1
    assert it.registry.status()[0].previous is None


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_a_callback_that_fails_ends_nothing(
    host: Host, folder: Folder, caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    folder.write("a.wasm", hostile_version("honest"))

    def fail(path: Path, result: Swap | SwapError) -> None:
        raise error("on request")

    registry = Registry(host)
    with caplog.at_level(logging.ERROR, "pointsman"), registry.watch(folder.path, Watching(on_change=fail)):
        assert registry.evaluate_cycle("hostile", "d-1", [], misdeed("none")).plugin.name == "a.wasm"

    assert "`on_change` failed" in caplog.text


def test_a_callback_may_close_the_watch(host: Host, folder: Folder) -> None:
    watches: Queue[Watch] = Queue()
    closed: Queue[str] = Queue()

    def close(path: Path, result: Swap | SwapError) -> None:
        watches.get(timeout=LONG).close()
        closed.put(path.name)

    with Registry(host).watch(folder.path, Watching(timedelta(0), timedelta(milliseconds=5), close)) as watch:
        watches.put(watch)
        folder.write("a.wasm", hostile_version("honest"))
        assert closed.get(timeout=LONG) == "a.wasm"
        watch._thread.join(LONG)
        assert not watch._thread.is_alive()


def test_an_error_that_nobody_thought_of_keeps_no_other_file_from_being_loaded(
    host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write("a.wasm", hostile_version("honest"))
    folder.write("b.wasm", hostile_version("second"))
    read = Host.read

    def fail(host: Host, path: Path) -> object:
        if path.name == "a.wasm":
            raise MemoryError("on request")
        return read(host, path)

    monkeypatch.setattr(Host, "read", fail)
    with watched(host, folder.path) as it:
        assert it.next() == ("b.wasm", "loaded")
    assert "was not looked at" in caplog.text
