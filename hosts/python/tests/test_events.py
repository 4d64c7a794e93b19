"""Triggers of a look at a watched folder: events, polling, folders that go and come."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta

import pytest

from pointsman import (
    Host,
    Registry,
    WatchError,
)
from pointsman.registry.events import Events, _kind
from support import Folder, hostile_version
from watching import watched


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
