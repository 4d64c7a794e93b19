"""A host in a forked process: an error that says what to do, never a call without an end."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from support import component

PROGRAM = """
import asyncio, os, sys
from pointsman import Host, HostError, Registry
sys.path.insert(0, {tests!r})
from support import component, given, misdeed

host = Host(cache={cache!r})
hostile = host.load(component("guests/hostile.wasm"))
registry = Registry(host)
registry.swap("hostile", component("guests/hostile.wasm"))
asyncio.run(hostile.evaluate_cycle_async(given(), misdeed("none")))

calls = [
    lambda: hostile.evaluate_cycle(given(), misdeed("loop_forever")),
    lambda: hostile.evaluate_cycles_json("[]"),
    lambda: asyncio.run(hostile.evaluate_cycle_async(given(), misdeed("none"))),
    lambda: registry.evaluate_cycle("hostile", "d-1", given(), misdeed("none")),
    lambda: asyncio.run(registry.evaluate_cycle_async("hostile", "d-1", given(), misdeed("none"))),
    lambda: registry.swap("hostile", component("plugins/blue_green.wasm")),
]
child = os.fork()
if child == 0:
    errors = []
    for call in calls:
        try:
            call()
        except HostError as error:
            errors.append(str(error))
    assert len(errors) == len(calls), errors
    assert all("make a host in each process, after the fork" in error for error in errors), errors
    # As it should be done.
    own = Host(cache={cache!r}).load(component("guests/hostile.wasm"))
    assert own.evaluate_cycle(given(), misdeed("none")).is_empty
    assert asyncio.run(own.evaluate_cycle_async(given(), misdeed("none"))).is_empty
    # And ends as any other process.
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
assert hostile.evaluate_cycle(given(), misdeed("none")).is_empty
print("done")
"""


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
def test_a_forked_process_is_told_to_make_a_host_of_its_own(cache: Path) -> None:
    component("guests/hostile.wasm")
    program = PROGRAM.format(tests=str(Path(__file__).parent), cache=str(cache))

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)

    assert (result.returncode, result.stdout) == (0, "done\n"), result.stderr
