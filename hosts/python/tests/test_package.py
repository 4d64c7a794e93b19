"""Contents of the package."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import pointsman
from pointsman import BLUE_GREEN, GUARD, ROLLING_UPDATE, Host
from pointsman.components import LOADER
from support import ROOT, component


def test_the_components_are_those_that_were_built() -> None:
    for path in (BLUE_GREEN, ROLLING_UPDATE, GUARD):
        assert path.read_bytes() == component(f"plugins/{path.name}").read_bytes()
    assert LOADER.read_bytes() == component("loader/loader.wasm").read_bytes()


@pytest.mark.parametrize("is_source_distribution", [True, False])
def test_a_source_distribution_looks_at_nothing_around_it(tmp_path: Path, is_source_distribution: bool) -> None:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hosts" / "python" / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    root = tmp_path / "hosts" / "python"
    packaged = root / "src" / "pointsman" / "wasm"
    for name, place in build.FOLDERS.items():
        for folder, content in ((tmp_path / "target" / place, "around"), (packaged, "own")):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
    (tmp_path / "LICENSE").write_text("around")
    (root / "LICENSE").write_text("own")
    if is_source_distribution:
        (root / "PKG-INFO").touch()

    build.ComponentsHook(str(root), {}, None, None, "", "wheel").initialize("standard", {})

    expected = "own" if is_source_distribution else "around"
    assert [(packaged / name).read_text() for name in build.FOLDERS] == [expected] * 4
    assert (root / "LICENSE").read_text() == expected


def test_they_are_what_they_are_called(host: Host) -> None:
    assert host.load(BLUE_GREEN).describe().name == "blue-green"
    assert host.load(str(ROLLING_UPDATE)).describe().name == "rolling-update"


def test_the_version_is_said_once() -> None:
    project = tomllib.loads((ROOT / "hosts" / "python" / "pyproject.toml").read_text())["project"]

    assert pointsman.__version__ == project["version"] == version("pointsman")


def test_the_lowest_and_the_highest_versions_are_tested() -> None:
    folder = ROOT / "hosts" / "python"
    given = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]
    lowest, highest = (_pinned(folder / f"requirements-{name}.txt") for name in ("lowest", "dev"))
    for requirement in given:
        name, low, end = re.fullmatch(r"(\w+)>=([\d.]+),<(\d+)", requirement).groups()  # type: ignore[union-attr]
        assert [*lowest[name].split(".")] == [*low.split("."), "0", "0"][:3], requirement
        assert int(highest[name].split(".")[0]) == int(end) - 1, requirement


def _pinned(file: Path) -> dict[str, str]:
    lines = (line for line in file.read_text().splitlines() if not line.startswith("#"))
    return dict(line.split("==") for line in lines)


def test_every_public_name_is_there() -> None:
    assert sorted(set(pointsman.__all__)) == sorted(pointsman.__all__)
    for name in pointsman.__all__:
        assert hasattr(pointsman, name)


def test_a_plugin_says_what_it_is(host: Host) -> None:
    plugin = host.load(BLUE_GREEN)

    assert plugin.size == BLUE_GREEN.stat().st_size
    assert plugin.contract_version in pointsman.SUPPORTED_CONTRACTS
    assert plugin.exports == ["pointsman:strategy/strategy@0.2.0", "pointsman:strategy/strategy-json@0.2.0"]
    assert repr(plugin) == f"Plugin(blue_green.wasm {plugin.id.digest})"
    assert plugin.id.digest.startswith("sha256:")
    assert len(plugin.id.digest) == 71
