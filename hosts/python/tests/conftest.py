"""Fixtures."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from pointsman import Host, Plugin, Registry
from pointsman.cli import main
from registries import registry_with_hostile
from support import ROOT, Folder, component


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--python", default=sys.executable, help="the interpreter that runs the README's programs")


@pytest.fixture
def python(request: pytest.FixtureRequest) -> str:
    """The interpreter that runs the README's programs: that of the tests, or one with the package installed."""
    return str(request.config.getoption("--python"))


@pytest.fixture(scope="session")
def cache() -> Path:
    """A folder that keeps compiled code from one run to the next."""
    return ROOT / "target" / "test-cache-python"


@pytest.fixture(scope="session")
def host(cache: Path) -> Host:
    """A host with default limits."""
    return Host(cache=cache)


@pytest.fixture(scope="session")
def blue_green(host: Host) -> Plugin:
    return host.load(component("plugins/blue_green.wasm"))


@pytest.fixture(scope="session")
def rolling_update(host: Host) -> Plugin:
    # Some of the corpus' configurations go as far as none serving.
    return host.load(component("plugins/rolling_update.wasm"))


@pytest.fixture(scope="session")
def hostile(host: Host) -> Plugin:
    return host.load(component("guests/hostile.wasm"))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def registry(host: Host, folder: Folder) -> Registry:
    """A registry with the first version of the hostile guest."""
    return registry_with_hostile(host, folder)


@pytest.fixture
def run(  # type: ignore[no-untyped-def]
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cache: Path
):
    """Runs a command: its exit code, and what it wrote to standard output and standard error."""
    monkeypatch.setenv("POINTSMAN_CACHE", str(cache))

    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        try:
            code = main(arguments)
        except SystemExit as exit:
            code = int(exit.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run
