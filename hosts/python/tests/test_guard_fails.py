"""A guard that fails, is full, or is not there."""

from __future__ import annotations

import copy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pointsman import (
    BrokenContract,
    Host,
    HostError,
    Limit,
    Limits,
    PlanNotChecked,
    Plugin,
    PluginLimit,
    Policy,
    Request,
    components,
)
from pointsman.guard.checker import Checker
from pointsman.plugin.sent import Sent
from pointsman.runtime.instances import Instances, Purpose
from pointsman.runtime.runtime import Runtime
from support import as_json, component, given, misdeed


def changed(runtime: Runtime, **attributes: object) -> Runtime:
    """The same runtime, but for some attributes."""
    other = copy.copy(runtime)
    vars(other).update(attributes)
    return other


def test_a_guard_that_fails_lets_no_plan_through(host: Host, hostile: Plugin, cache: Path) -> None:
    guard = hostile._checker._loaded
    # Its text of violations is longer than this.
    short = replace(guard, runtime=changed(guard.runtime, limits=Limits(response=2)))
    plugin = replace(hostile, _checker=Checker(short))

    problem = r"could not be checked: plugin `guard.wasm` .* returned more than 2 bytes"
    with pytest.raises(PlanNotChecked, match=problem):
        plugin.evaluate_cycle(given(), misdeed("good"))
    with pytest.raises(PlanNotChecked):
        plugin.evaluate_cycles_json(as_json(Request(given(), misdeed("good"))))
    assert len(hostile.evaluate_cycle(given(), misdeed("good")).promote_route_ids) == 2


def test_a_guard_that_finds_no_instance_speaks_against_no_plan(hostile: Plugin) -> None:
    guard = hostile._checker._loaded
    full = replace(guard, runtime=changed(guard.runtime, instances=Instances(0)))
    plugin = replace(hostile, _checker=Checker(full))

    with pytest.raises(PluginLimit) as raised:
        plugin.evaluate_cycle(given(), misdeed("good"))
    assert (raised.value.plugin, raised.value.limit) == (hostile.id, Limit.INSTANCES)


def test_a_host_without_a_guard_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "GUARD", tmp_path / "guard.wasm")
    with pytest.raises(HostError, match="there is no guard: cannot read"):
        Host()

    monkeypatch.setattr(components, "GUARD", component("plugins/blue_green.wasm"))
    with pytest.raises(HostError, match="is a component but not a guard"):
        Host()


def test_a_host_without_a_loader_is_none(tmp_path: Path) -> None:
    """Of a process: the first host reads it."""
    code = """
import sys
from pathlib import Path
from pointsman import Host, components

components.LOADER = Path(sys.argv[1])
Host()
"""
    for content, said in ((None, "there is no loader: cannot read"), (b"(", "there is no loader")):
        path = tmp_path / "loader.wasm"
        if content is not None:
            path.write_bytes(content)
        ran = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
        assert f"HostError: {said}" in ran.stderr


def test_the_guard_says_what_is_no_request(hostile: Plugin) -> None:
    # A plugin that gave a plan for it could not be believed.
    plan = hostile.evaluate_cycle(given(), misdeed("good"))
    for wrong in (b"{}", b"1", b"null"):
        sent = Sent(b"[]", 0, wrong, 0, None)
        with pytest.raises(BrokenContract, match="it has a plan for what is no request"):
            hostile._checker.check(hostile.id, Policy(), [(sent, plan)], Purpose.CALL)
