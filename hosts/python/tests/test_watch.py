"""A folder that is watched: what is loaded from it and what is not."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import BinaryIO

import pytest

from pointsman import (
    Host,
    Options,
    PluginError,
    SwapResult,
    Watching,
)
from pointsman.registry.folder import Folder as PluginFolder
from pointsman.registry.slots import Slots
from support import Folder, hostile_version, misdeed, versioned
from watching import watched


def test_what_is_there_is_loaded_and_what_changes_is_swapped(host: Host, folder: Folder) -> None:
    folder.write("a.wasm", hostile_version("honest"))
    folder.write("notes.txt", b"not a plugin")
    folder.write(".hidden.wasm", hostile_version("hidden"))
    with watched(host, folder.path) as it:
        # Told before `watch` returned.
        assert [it.told.get_nowait() for _ in range(it.told.qsize())] == [("a.wasm", "loaded")]

        folder.write("a.wasm", hostile_version("second"))
        assert it.next() == ("a.wasm", "swapped")
        folder.write("b.wasm", versioned(hostile_version("third"), "0.3.0"))
        assert it.next() == ("b.wasm", "swapped")
        assert it.current == "b.wasm"

        folder.write("c.wasm", b"not a component")
        assert it.next() == ("c.wasm", "failed")
        (folder.path / "a.wasm").unlink()
        (folder.path / "b.wasm").unlink()
        folder.write("c.wasm", versioned(hostile_version("third"), "0.3.0"))
        assert it.next() == ("c.wasm", "unchanged")
        assert it.current == "b.wasm", "what is removed goes on"


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
        assert it.registry.evaluate_cycle("hostile", "d-1", [], misdeed("none")).value.is_empty

        folder.write("a.wasm", new)
        assert it.next() == ("a.wasm", "swapped")


def test_an_empty_file_is_not_told(host: Host, folder: Folder) -> None:
    folder.write("a.wasm", hostile_version("honest"))
    with watched(host, folder.path) as it:
        assert it.next() == ("a.wasm", "loaded")
        folder.write("b.wasm", b"")
        folder.write("c.wasm", b"not a component")
        assert it.next() == ("c.wasm", "failed")
        folder.write("b.wasm", versioned(hostile_version("second"), "0.3.0"))
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
            it.registry.evaluate_cycle("hostile", "d-1", [], misdeed("good"))
        assert it.registry.wait_for_verdicts()
        assert it.registry.status()[0].reverts == 1

        # The same version under another name.
        again = folder.write("b.wasm", hostile_version("broken"))
        assert it.next() == ("b.wasm", "quarantined")
        assert it.registry.evaluate_cycle("hostile", "d-1", [], misdeed("good")).plugin.name == "a.wasm"

        assert it.registry.swap("hostile", again).result is SwapResult.SWAPPED


def test_a_file_that_cannot_be_read_is_told_once(host: Host, folder: Folder) -> None:
    # A link to nowhere, which no user, however mighty, can read.
    (folder.path / "a.wasm").symlink_to("nowhere")
    with watched(host, folder.path) as it:
        assert it.next() == ("a.wasm", "unreadable")

        folder.write("b.wasm", hostile_version("honest"))
        assert it.next() == ("b.wasm", "loaded")
        # And is read once it can be.
        folder.write("nowhere", versioned(hostile_version("second"), "0.3.0"))
        assert it.next() == ("a.wasm", "swapped")
