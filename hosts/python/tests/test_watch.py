"""A folder that is watched: what is loaded from it and what is not."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from queue import Queue
from typing import BinaryIO

import pytest

from pointsman import (
    Host,
    LoadError,
    LoadProblem,
    Options,
    PluginError,
    Registry,
    Swap,
    SwapError,
    SwapResult,
    Watch,
    WatchError,
    Watching,
)
from pointsman.registry.events import Events, _kind
from pointsman.registry.folder import Folder as PluginFolder
from pointsman.registry.swap import Slots
from support import Folder, hostile_version, misdeed

LONG = 60.0
"""Longer than any change here takes to be seen, so that a broken watch ends."""


@dataclass
class Watched:
    """A registry that watches a folder, and what it tells of its files."""

    registry: Registry
    told: Queue[tuple[str, str]]
    watch: Watch

    def next(self) -> tuple[str, str]:
        """What is told next."""
        return self.told.get(timeout=LONG)

    @property
    def current(self) -> str:
        return self.registry.status()[0].current.plugin.name


@contextmanager
def watched(
    host: Host, folder: Path, options: Options | None = None, quiet: float = 0.01, poll: float = 0.005
) -> Iterator[Watched]:
    told: Queue[tuple[str, str]] = Queue()

    def tell(path: Path, result: Swap | SwapError) -> None:
        if isinstance(result, Swap):
            what = result.result.value
        else:
            cause = result.__cause__
            unreadable = isinstance(cause, LoadError) and cause.problem is LoadProblem.READ
            what = "unreadable" if unreadable else "failed"
        told.put((path.name, what))

    registry = Registry(host, options)
    how = Watching(quiet=timedelta(seconds=quiet), poll=timedelta(seconds=poll), on_change=tell)
    with registry.watch(folder, how) as watch:
        yield Watched(registry, told, watch)


def test_what_is_there_is_loaded_and_what_changes_is_swapped(host: Host, folder: Folder) -> None:
    folder.write("a.wasm", hostile_version("honest"))
    folder.write("notes.txt", b"not a plugin")
    folder.write(".hidden.wasm", hostile_version("hidden"))
    with watched(host, folder.path) as it:
        # Told before `watch` returned.
        assert [it.told.get_nowait() for _ in range(it.told.qsize())] == [("a.wasm", "loaded")]

        folder.write("a.wasm", hostile_version("second"))
        assert it.next() == ("a.wasm", "swapped")
        folder.write("b.wasm", hostile_version("third"))
        assert it.next() == ("b.wasm", "swapped")
        assert it.current == "b.wasm"

        (folder.path / "b.wasm").unlink()
        folder.write("c.wasm", b"not a component")
        assert it.next() == ("c.wasm", "failed")
        assert it.current == "b.wasm", "what is removed goes on"
        folder.write("c.wasm", hostile_version("third"))
        assert it.next() == ("c.wasm", "unchanged")


def test_a_file_that_is_being_written_is_not_loaded(host: Host, folder: Folder) -> None:
    folder.write("a.wasm", hostile_version("honest"))
    # The quiet time is so long that every pause of this writer is shorter, also on a slow machine.
    with watched(host, folder.path, quiet=0.5) as it:
        assert it.next() == ("a.wasm", "loaded")
        new = hostile_version("second")

        file: BinaryIO
        with (folder.path / "a.wasm").open("wb", buffering=0) as file:
            for start in range(0, len(new), len(new) // 20):
                file.write(new[start : start + len(new) // 20])
                os.fsync(file.fileno())

        assert it.next() == ("a.wasm", "swapped")
        assert it.told.empty()


def test_a_file_is_read_after_the_quiet_time_and_loaded_after_another(
    host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("pointsman.registry.folder.time.monotonic", lambda: now)
    told: list[str] = []
    how = Watching(timedelta(seconds=1), on_change=lambda path, result: told.append(path.name))
    watched = PluginFolder(Slots(host, Options()), folder.path, how)

    def look(after: float) -> list[str]:
        nonlocal now
        now += after
        watched.look()
        return told

    folder.write("a.wasm", hostile_version("honest")[:1000])
    assert look(0) == []
    assert look(0.75) == []
    assert look(0.25) == [], "it was only read"
    # Its writer goes on, so what was read is thrown away.
    folder.write("a.wasm", hostile_version("honest"))
    assert look(0.75) == []
    assert look(1) == [], "it was only read"
    assert look(0.75) == []
    assert look(0.25) == ["a.wasm"]
    assert look(10) == ["a.wasm"]
    assert [version.name for version in watched._slots.all()] == ["hostile"]


def test_a_writer_that_gives_up_leaves_a_file_that_does_not_load(host: Host, folder: Folder) -> None:
    folder.write("a.wasm", hostile_version("honest"))
    with watched(host, folder.path) as it:
        assert it.next() == ("a.wasm", "loaded")
        new = hostile_version("second")

        (folder.path / "a.wasm").write_bytes(new[: len(new) // 2])
        assert it.next() == ("a.wasm", "failed")
        assert it.registry.evaluate_cycle("hostile", [], misdeed("none")).value.is_empty

        folder.write("a.wasm", new)
        assert it.next() == ("a.wasm", "swapped")


def test_an_empty_file_is_not_told(host: Host, folder: Folder) -> None:
    folder.write("a.wasm", hostile_version("honest"))
    with watched(host, folder.path) as it:
        assert it.next() == ("a.wasm", "loaded")
        folder.write("b.wasm", b"")
        folder.write("c.wasm", b"not a component")
        assert it.next() == ("c.wasm", "failed")
        folder.write("b.wasm", hostile_version("second"))
        assert it.next() == ("b.wasm", "swapped")


def test_a_link_that_comes_to_point_elsewhere_is_a_change(host: Host, folder: Folder) -> None:
    # As in a folder that Kubernetes mounts: a.wasm -> ..data/a.wasm, ..data -> one of the folders beside it.
    data = folder.path / "..data"
    for version, mode in (("..1", "honest"), ("..2", "second")):
        (folder.path / version).mkdir()
        (folder.path / version / "a.wasm").write_bytes(hostile_version(mode))
    data.symlink_to("..1")
    (folder.path / "a.wasm").symlink_to("..data/a.wasm")
    with watched(host, folder.path) as it:
        assert it.next() == ("a.wasm", "loaded")

        (folder.path / "..data_tmp").symlink_to("..2")
        (folder.path / "..data_tmp").rename(data)

        assert it.next() == ("a.wasm", "swapped")


def test_a_quarantined_version_is_not_loaded_again_until_somebody_says_so(host: Host, folder: Folder) -> None:
    folder.write("a.wasm", hostile_version("honest"))
    with watched(host, folder.path, Options(revert_after=1)) as it:
        assert it.next() == ("a.wasm", "loaded")
        folder.write("a.wasm", hostile_version("broken"))
        assert it.next() == ("a.wasm", "swapped")
        with pytest.raises(PluginError):
            it.registry.evaluate_cycle("hostile", [], misdeed("good"))
        assert it.registry.status()[0].reverts == 1

        # The same version under another name.
        again = folder.write("b.wasm", hostile_version("broken"))
        assert it.next() == ("b.wasm", "quarantined")
        assert it.registry.evaluate_cycle("hostile", [], misdeed("good")).plugin.name == "a.wasm"

        assert it.registry.swap("hostile", again).result is SwapResult.SWAPPED


def test_a_folder_that_goes_and_comes_back_is_watched_again(host: Host, folder: Folder) -> None:
    inner, staged = folder.path / "plugins", folder.path / "staged"
    inner.mkdir()
    (inner / "a.wasm").write_bytes(hostile_version("honest"))
    with watched(host, inner) as it:
        assert it.next() == ("a.wasm", "loaded")

        shutil.rmtree(inner)
        staged.mkdir()
        (staged / "a.wasm").write_bytes(hostile_version("second"))
        staged.rename(inner)

        assert it.next() == ("a.wasm", "swapped")


def test_a_file_that_cannot_be_read_is_told_once(host: Host, folder: Folder) -> None:
    # A link to nowhere, which no user, however mighty, can read.
    (folder.path / "a.wasm").symlink_to("nowhere")
    with watched(host, folder.path) as it:
        assert it.next() == ("a.wasm", "unreadable")

        folder.write("b.wasm", hostile_version("honest"))
        assert it.next() == ("b.wasm", "loaded")
        # And is read once it can be.
        folder.write("nowhere", hostile_version("second"))
        assert it.next() == ("a.wasm", "swapped")


def test_a_folder_that_is_not_there_is_an_error(host: Host) -> None:
    with pytest.raises(WatchError, match="folder `no/such/folder` cannot be read"):
        Registry(host).watch("no/such/folder")


def test_events_need_no_polling(host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.registry.watch._BACKSTOP", timedelta(hours=1))
    monkeypatch.setattr("pointsman.registry.events._is_local", lambda _: True)
    with watched(host, folder.path, poll=3600) as it:
        (folder.path / "a.wasm").write_bytes(hostile_version("honest"))
        assert it.next() == ("a.wasm", "loaded")
        folder.write("a.wasm", hostile_version("second"))
        assert it.next() == ("a.wasm", "swapped")
        (folder.path / "a.wasm").rename(folder.path / "b.wasm")
        assert it.next() == ("b.wasm", "unchanged")


def test_a_folder_in_the_place_of_another_is_watched(host: Host, folder: Folder) -> None:
    inner = folder.path / "plugins"
    inner.mkdir()
    with watched(host, inner, poll=3600) as it:
        inner.rename(folder.path / "old")
        inner.mkdir()
        for mode, result in (("honest", "loaded"), ("second", "swapped")):
            Folder(inner).write("a.wasm", hostile_version(mode))
            assert it.next() == ("a.wasm", result)


def test_polling_needs_no_events(host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("inotify watch limit reached")

    monkeypatch.setattr("watchdog.observers.api.BaseObserver.start", refuse)
    monkeypatch.setattr("pointsman.registry.watch._BACKSTOP", timedelta(hours=1))
    with watched(host, folder.path) as it:
        folder.write("a.wasm", hostile_version("honest"))
        assert it.next() == ("a.wasm", "loaded")


def test_links_and_network_folders_are_polled(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.registry.events._TOLD", frozenset({_kind(folder.path)}))
    events = Events(folder.path, lambda: None)
    assert events.are_enough() is (sys.platform == "linux")
    (folder.path / "a.wasm").symlink_to("elsewhere/a.wasm")
    assert not events.are_enough()
    events.close()
    (folder.path / "a.wasm").unlink()

    monkeypatch.setattr("pointsman.registry.events._TOLD", frozenset())
    events = Events(folder.path, lambda: None)
    assert not events.are_enough()
    events.close()


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
        raise error("as asked")

    registry = Registry(host)
    with caplog.at_level(logging.ERROR, "pointsman"), registry.watch(folder.path, Watching(on_change=fail)):
        assert registry.evaluate_cycle("hostile", [], misdeed("none")).plugin.name == "a.wasm"

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
            raise MemoryError("as asked")
        return read(host, path)

    monkeypatch.setattr(Host, "read", fail)
    with watched(host, folder.path) as it:
        assert it.next() == ("b.wasm", "loaded")
    assert "was not looked at" in caplog.text
