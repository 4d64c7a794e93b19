"""A folder that keeps the quarantine and the last good versions over restarts."""

from __future__ import annotations

import json
import logging
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pointsman import Host, Options, Registry, Swap, SwapError, SwapResult
from registries import fail, status
from support import Folder, hostile_version, misdeed, versioned
from watching import watched


def registry_of(host: Host, folder: Path) -> Registry:
    return Registry(host, Options(state=folder / "state"))


def succeed(registry: Registry, *deployments: str) -> str:
    """The file that decided for the last of them."""
    answers = [registry.evaluate_cycle("hostile", each, [], misdeed("none")) for each in deployments]
    return answers[-1].plugin.name


def reverted(host: Host, folder: Folder, plugins: Folder) -> str:
    """Leaves a folder in which a version was reverted to the one before it, which was good; its digest."""
    registry = registry_of(host, folder.path)
    registry.swap("hostile", plugins.write("a.wasm", hostile_version("meek")))
    succeed(registry, "x", "y", "z")
    swap = registry.swap("hostile", plugins.write("a.wasm", hostile_version("honest")))
    for deployment in ("a", "b", "c"):
        fail(registry, "trap", deployment)
    assert status(registry).reverts == 1
    return swap.plugin.digest


@pytest.fixture
def plugins(folder: Folder) -> Folder:
    (folder.path / "plugins").mkdir()
    return Folder(folder.path / "plugins")


def read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def component_of(state: Path) -> Path:
    """The file that the last good version of the strategy is kept in."""
    digest: str = read(state / "good" / "hostile.json")["digest"]
    return state / "good" / f"hostile-{digest.removeprefix('sha256:')[:12]}.wasm"


def kept(state: Path) -> list[str]:
    """The components in a state folder."""
    return sorted(path.name for path in (state / "good").glob("*.wasm"))


def test_a_restart_keeps_the_quarantine_and_the_last_good_version(
    host: Host, folder: Folder, plugins: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    digest = reverted(host, folder, plugins)

    registry = registry_of(host, folder.path)
    (bad, found), (path, good) = registry.load_dir(plugins.path)

    assert bad.name == "a.wasm"
    assert isinstance(found, Swap)
    assert (found.result, found.plugin.digest) == (SwapResult.QUARANTINED, digest)
    assert path == component_of(folder.path / "state")
    assert isinstance(good, Swap)
    assert good.result is SwapResult.LOADED
    assert "loaded the last good version 0.2.0 of `hostile`: another version is quarantined" in caplog.text
    assert not registry.evaluate_cycle("hostile", "a", [], misdeed("trap")).value.rollout_specs
    assert status(registry).quarantined == (digest,)

    assert registry.release(digest)
    again = registry_of(host, folder.path)
    ((_, found),) = again.load_dir(plugins.path)
    assert isinstance(found, Swap)
    assert found.result is SwapResult.LOADED


def test_a_watch_falls_back_too(host: Host, folder: Folder, plugins: Folder) -> None:
    reverted(host, folder, plugins)
    with watched(host, plugins.path, Options(state=folder.path / "state")) as it:
        assert it.next() == ("a.wasm", "quarantined")
        assert it.next() == (component_of(folder.path / "state").name, "loaded")
        plugins.write("b.wasm", versioned(hostile_version("cautious"), "0.3.0"))
        assert it.next() == ("b.wasm", "swapped")


def test_what_is_written_is_what_other_hosts_read(host: Host, folder: Folder, plugins: Folder) -> None:
    digest = reverted(host, folder, plugins)

    state = folder.path / "state"
    quarantine = read(state / "quarantine.json")
    (entry,) = quarantine["quarantined"]
    assert quarantine["format"] == 1
    assert [*entry] == ["digest", "strategy", "version", "reason", "at"]
    assert (entry["digest"], entry["strategy"], entry["version"]) == (digest, "hostile", "0.2.0")
    assert entry["reason"] == "reverted to 0.2.0: 3 deployments pinned (a, b, c)"
    good = read(state / "good" / "hostile.json")
    assert [*good] == ["format", "strategy", "version", "digest", "at"]
    assert good["digest"] == f"sha256:{sha256(hostile_version('meek')).hexdigest()}"
    assert component_of(state).read_bytes() == hostile_version("meek")
    assert {path.name for path in (state / "good").iterdir()} == {"hostile.json", component_of(state).name}


def test_a_version_is_good_once_it_succeeded_for_several(host: Host, folder: Folder, plugins: Folder) -> None:
    good = folder.path / "state" / "good" / "hostile.json"
    registry = registry_of(host, folder.path)
    registry.swap("hostile", plugins.write("a.wasm", hostile_version("honest")))
    succeed(registry, "a", "a")
    assert not good.exists()
    succeed(registry, "a")
    first = read(good)["digest"]
    assert first, "there is no other deployment"
    succeed(registry, "b", "c", "d")

    registry.swap("hostile", plugins.write("a.wasm", hostile_version("cautious")))
    succeed(registry, "a", "a", "b", "b")
    assert read(good)["digest"] == first
    succeed(registry, "c")
    assert read(good)["digest"] != first


DAMAGED = ["", "{", "[]", '{"format": 2, "quarantined": []}', '{"format": 1}', '{"format": 1, "quarantined": [{}]}']


@pytest.mark.parametrize("content", DAMAGED)
def test_what_is_damaged_counts_as_none(
    host: Host, folder: Folder, plugins: Folder, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    reverted(host, folder, plugins)
    state = folder.path / "state"
    for path in (state / "quarantine.json", state / "good" / "hostile.json"):
        path.write_text(content)
    (state / "good" / "x-y.json").symlink_to("/dev/zero")
    (state / "good" / "..json").write_text("{}")

    registry = registry_of(host, folder.path)

    assert "quarantine.json` " in caplog.text
    assert registry.load_dir(folder.path) == []
    assert "hostile.json` " in caplog.text
    ((_, found),) = registry.load_dir(plugins.path)
    assert isinstance(found, Swap)


def test_a_last_good_component_that_is_another_is_not_loaded(host: Host, folder: Folder, plugins: Folder) -> None:
    reverted(host, folder, plugins)
    component_of(folder.path / "state").write_bytes(hostile_version("broken"))

    ((_, found),) = registry_of(host, folder.path).load_dir(plugins.path)

    assert isinstance(found, Swap)
    assert found.result is SwapResult.QUARANTINED


@pytest.mark.parametrize("digest", ["", "sha256:", f"sha256:{'/..' * 21}a", f"sha256:{'A' * 64}", 1, None])
def test_a_digest_that_is_none_leads_nowhere(
    host: Host, folder: Folder, plugins: Folder, caplog: pytest.LogCaptureFixture, digest: object
) -> None:
    reverted(host, folder, plugins)
    about = folder.path / "state" / "good" / "hostile.json"
    about.write_text(json.dumps(read(about) | {"digest": digest}))

    ((_, found),) = registry_of(host, folder.path).load_dir(plugins.path)

    assert isinstance(found, Swap)
    assert found.result is SwapResult.QUARANTINED
    assert "hostile.json` is not what a registry writes, and counts as none" in caplog.text


def test_the_one_before_is_gone_once_another_is_good(host: Host, folder: Folder, plugins: Folder) -> None:
    state = folder.path / "state"
    registry = registry_of(host, folder.path)
    registry.swap("hostile", plugins.write("a.wasm", hostile_version("honest")))
    succeed(registry, "a", "b", "c")
    first = component_of(state)
    assert kept(state) == [first.name]

    registry.swap("hostile", plugins.write("a.wasm", hostile_version("cautious")))
    succeed(registry, "a", "b", "c")

    assert kept(state) == [component_of(state).name] != [first.name]
    again = registry_of(host, folder.path)
    again.swap("hostile", plugins.path / "a.wasm")
    succeed(again, "a", "b", "c")
    assert kept(state) == [component_of(state).name], "the same again is not removed"


def test_a_component_that_nothing_points_to_is_in_nobodys_way(host: Host, folder: Folder, plugins: Folder) -> None:
    reverted(host, folder, plugins)
    state = folder.path / "state"
    (state / "good" / "hostile-0123456789ab.wasm").write_bytes(hostile_version("broken"))
    (state / "good" / "other-0123456789ab.wasm").write_bytes(hostile_version("broken"))

    _, (path, found) = registry_of(host, folder.path).load_dir(plugins.path)

    assert path == component_of(state)
    assert isinstance(found, Swap)
    assert found.result is SwapResult.LOADED


def test_a_crash_between_two_writes_keeps_the_old_one(
    host: Host, folder: Folder, plugins: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    reverted(host, folder, plugins)
    state = folder.path / "state"
    first = component_of(state)
    registry = registry_of(host, folder.path)
    registry.swap("hostile", plugins.write("b.wasm", hostile_version("cautious")))
    replace = Path.replace

    class Crash(BaseException):
        pass

    def crash(self: Path, target: Path) -> Path:
        if target.suffix == ".json":
            raise Crash
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", crash)
        with pytest.raises(Crash):
            succeed(registry, "a", "b", "c")

    assert len(kept(state)) == 2
    assert component_of(state) == first
    (plugins.path / "b.wasm").unlink()
    _, (path, found) = registry_of(host, folder.path).load_dir(plugins.path)
    assert path == first
    assert isinstance(found, Swap)
    assert found.result is SwapResult.LOADED


def test_a_folder_that_cannot_be_used_keeps_nothing(
    host: Host, folder: Folder, plugins: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    (folder.path / "state").write_text("a file")
    with caplog.at_level(logging.ERROR, "pointsman"):
        reverted(host, folder, plugins)

    assert "state` cannot be used" in caplog.text
    assert "quarantine.json` cannot be written" in caplog.text
    results = registry_of(host, folder.path).load_dir(plugins.path)
    assert not any(isinstance(result, SwapError) for _, result in results)
