"""What is in a watched folder and may get better, and what must not stop it."""

from __future__ import annotations

import logging
import os
import shutil
from datetime import timedelta

import pytest

from pointsman import (
    Host,
    InvalidConfig,
    LoadError,
    LoadProblem,
    Options,
    PlanRejected,
    Registry,
    SwapError,
    SwapProblem,
    UnknownStrategy,
    Watching,
)
from pointsman.registry.folder import Folder as PluginFolder
from pointsman.registry.slots import Slots
from registries import fail
from support import Folder, component, hostile_version, misdeed, route
from watching import watched


@pytest.mark.parametrize("problem", [LoadProblem.READ, LoadProblem.COMPILER])
def test_a_file_that_fails_for_a_reason_that_passes_is_tried_again(
    host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch, problem: LoadProblem
) -> None:
    now = 1000.0
    monkeypatch.setattr("pointsman.registry.folder.time.monotonic", lambda: now)
    told: list[str] = []
    how = Watching(timedelta(0), on_change=lambda path, result: told.append(type(result).__name__))
    watched = PluginFolder(Slots(host, Options()), folder.path, how)
    folder.write("a.wasm", hostile_version("honest"))
    is_well = False
    method = "read" if problem is LoadProblem.READ else "load_file"
    right = getattr(Host, method)
    calls = []

    def failing(host: Host, what: object) -> object:
        calls.append(now)
        if is_well:
            return right(host, what)
        raise LoadError(problem, "on request") from OSError("a passing one")

    monkeypatch.setattr(Host, method, failing)

    def look(after: float) -> int:
        nonlocal now
        now += after
        for _ in range(4):
            watched.look()
        return len(calls)

    first = look(0)
    assert first
    assert told == ["SwapError"]
    assert look(0.5) == first
    assert look(0.5) > first
    second = look(1.5)
    assert look(0.25) == second
    is_well = True
    look(2)
    assert told[-1] == "Swap"
    assert look(100) == look(100), "and is let alone then"


def test_a_file_that_is_bad_is_not_tried_again(host: Host, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("pointsman.registry.folder.time.monotonic", lambda: now)
    told: list[str] = []
    how = Watching(timedelta(0), on_change=lambda path, result: told.append(path.name))
    watched = PluginFolder(Slots(host, Options()), folder.path, how)
    folder.write("a.wasm", b"no component")
    for _ in range(8):
        watched.look()
        now += 100
    assert told == ["a.wasm"]


@pytest.mark.skipif(os.name != "posix", reason="there are no FIFOs")
def test_a_fifo_keeps_nothing_waiting(host: Host, folder: Folder) -> None:
    os.mkfifo(folder.path / "a.wasm")
    folder.write("b.wasm", hostile_version("honest"))

    (fifo, found), (good, _) = Registry(host).load_dir(folder.path)

    assert (fifo.name, good.name) == ("a.wasm", "b.wasm")
    assert isinstance(found, SwapError)
    assert found.problem is SwapProblem.LOAD
    with watched(host, folder.path) as it:
        assert {it.next()[0], it.next()[0]} == {"a.wasm", "b.wasm"}


def test_a_watched_path_that_is_a_link_may_come_to_point_elsewhere(host: Host, folder: Folder) -> None:
    # As `..data` in a folder that Kubernetes mounts.
    for name, mode in (("..1", "honest"), ("..2", "second")):
        (folder.path / name).mkdir()
        (folder.path / name / "a.wasm").write_bytes(hostile_version(mode))
    data = folder.path / "..data"
    data.symlink_to("..1")
    with watched(host, data) as it:
        assert it.next() == ("a.wasm", "loaded")

        (folder.path / "..data_tmp").symlink_to("..2")
        (folder.path / "..data_tmp").rename(data)
        shutil.rmtree(folder.path / "..1")

        assert it.next() == ("a.wasm", "swapped")
        # And is watched from then on.
        Folder(folder.path / "..2").write("a.wasm", hostile_version("third"))
        assert it.next() == ("a.wasm", "swapped")


def test_texts_of_others_forge_no_line_of_a_log(host: Host, folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "pointsman")
    evil = "a\nERROR forged\x1b[2J\x9b\u202e.wasm"
    registry = Registry(host)
    folder.write(evil, b"no component")
    folder.write(f"{'b' * 200}\n.wasm", hostile_version("honest"))
    (_, failed), _ = registry.load_dir(folder.path)
    assert isinstance(failed, SwapError)
    shown = [str(failed), str(failed.__cause__), *caplog.messages]
    for text in shown:
        assert text.isprintable(), text


def test_words_of_plugins_and_tenants_forge_no_line_of_a_log(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    evil = "a\nERROR forged\x1b[2J\x9b\u202e" + "x" * 100_000
    with pytest.raises(InvalidConfig) as refused:
        registry.evaluate_cycle("hostile", evil[:200], [], misdeed(evil))
    with pytest.raises(PlanRejected) as rejected:
        registry.evaluate_cycle("hostile", "d-1", [route(evil, "v2")], misdeed("duplicate_id"))
    with pytest.raises(UnknownStrategy) as unknown:
        registry.evaluate_cycle(evil, "d-1", [], misdeed("none"))
    registry.swap("hostile", component("guests/hostile.wasm"))
    for deployment in (evil[:100], evil[:101], evil[:102]):
        fail(registry, "trap", deployment)

    shown = [*map(str, (refused.value, rejected.value, unknown.value)), *caplog.messages]
    assert len(shown) > 6
    for text in shown:
        assert text.isprintable(), text[:200]
        assert len(text) < 5000
