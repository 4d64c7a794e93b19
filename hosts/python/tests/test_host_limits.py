"""Limits of a host: which there can be, and what the machine must have for them."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from pointsman import Host, HostError, Limits, PluginTimeout, Request
from pointsman.plugin.sent import Fleet
from pointsman.runtime.instance import Instance
from support import component, misdeed, ready_routes


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"memory": 65_535}, "limit `memory` is too small: it must be at least 65536 bytes, one page"),
        ({"memory": (4 << 30) + 1}, "limit `memory` is too large: it must be at most 4 GiB"),
        ({"time": timedelta(0)}, "limit `time` is too small"),
        ({"instances": 0}, "limit `instances` is too small: it must be at least 1"),
        ({"instances": 10_001}, "limit `instances` is too large: it must be at most 10000"),
    ],
)
def test_limits_that_nothing_could_run_under_are_refused(limits: dict[str, int], message: str) -> None:
    with pytest.raises(HostError, match=message):
        Limits(**limits)  # type: ignore[arg-type]


def test_the_longest_time_there_is_does_not_overflow(cache: Path) -> None:
    host = Host(Limits(time=timedelta.max), cache)

    assert host.load(component("plugins/blue_green.wasm")).describe().name == "blue-green"


def test_a_plugin_outlives_its_host(cache: Path) -> None:
    host = Host(Limits(time=timedelta(milliseconds=10)), cache)
    plugin = host.load(component("guests/hostile.wasm"))
    del host

    with pytest.raises(PluginTimeout):
        plugin.evaluate_cycle([], misdeed("loop_forever"))


def test_the_first_call_of_a_host_is_stopped_as_well(cache: Path) -> None:
    # No call before it, and no limit but the default: the clock runs all the same.
    plugin = Host(cache=cache).load(component("guests/hostile.wasm"))

    with pytest.raises(PluginTimeout):
        plugin.evaluate_cycle([], misdeed("loop_forever"))


def test_too_little_address_space_is_an_error(cache: Path) -> None:
    # Of 64 instances, in a process of its own, which lives on.
    program = f"""
import resource
from pointsman import Host, HostError, Limits
resource.setrlimit(resource.RLIMIT_AS, (20 << 30, 20 << 30))
try:
    Host(cache={str(cache)!r})
except HostError as error:
    print(error)
print(Host(Limits(instances=1), {str(cache)!r}).limits.instances)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    message = "the engine does not start; lower the limit `instances` if address space is short: "
    assert result.stdout == f"{message}[Errno 12] Cannot allocate memory\n1\n"


def test_a_cache_folder_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(HostError, match=r"cache folder `.*` cannot be used"):
        Host(cache=tmp_path / "file")


def test_compiled_code_is_kept(tmp_path: Path) -> None:
    Host(cache=tmp_path / "cache")

    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_trap_is_an_error_where_faults_were_handled_before_the_host_was_made() -> None:
    program = f"""
import faulthandler
faulthandler.enable()
from datetime import UTC, datetime
from pointsman import Host, PluginTrap, Spec
spec = Spec("v2", 1, datetime.now(UTC), datetime.now(UTC), config={{"misdeed": "trap"}})
try:
    Host().load({str(component("guests/hostile.wasm"))!r}).evaluate_cycle([], spec)
except PluginTrap:
    print("a trap")
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "a trap\n"


def test_each_batch_of_a_fleet_has_a_calls_limits_to_itself(cache: Path) -> None:
    host = Host(Limits(response=256 << 10), cache)
    plugin = host.load(component("guests/hostile.wasm"))
    routes = ready_routes(400)
    fleet = [Request(routes, misdeed("echo_traffic")) for _ in range(50)]
    one = len(orjson.dumps(plugin.evaluate_cycles(fleet[:1])))
    assert one < 256 << 10 < 50 * one

    assert len(plugin.evaluate_cycles(fleet)) == 50


def test_the_time_of_a_call_starts_anew_with_each_batch(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = Host(cache=cache).load(component("guests/hostile.wasm"))
    deadlines: list[None] = []
    renew = Instance.renew
    monkeypatch.setattr(Instance, "renew", lambda instance: deadlines.append(renew(instance)))
    fleet = [Request(ready_routes(400), misdeed("none")) for _ in range(50)]

    plugin.evaluate_cycles(fleet)

    assert len(deadlines) == 1 + len(Fleet(fleet, plugin.guard).batches) > 5
