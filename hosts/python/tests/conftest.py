"""Fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointsman import Host, Plugin, Policy
from support import ROOT, Folder, component


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where compiled code is kept from one run to the next."""
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
    return host.load(component("plugins/rolling_update.wasm")).with_guard(Policy(serving_floor_percent=0))


@pytest.fixture(scope="session")
def hostile(host: Host) -> Plugin:
    return host.load(component("guests/hostile.wasm"))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
