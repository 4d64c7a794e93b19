"""Measures, and prints the tables of the README's section on speed.

Everything is measured in turns within one run, and medians are compared: how fast the machine is, and what else it
does, changes from one minute to the next, and matters only where it changes between two turns.
"""

from __future__ import annotations

import gc
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from typing import Any

import reference
from pointsman import (
    BLUE_GREEN,
    HealthStatus,
    Host,
    Limits,
    Plugin,
    Request,
    Route,
    RouteChanges,
    RouteStatus,
    Spec,
    TrafficStatus,
)
from pointsman.plugin import answers as json_answers
from pointsman.plugin.sent import Fleet
from three_ways import JsonString, TypedRecords

START = datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
NOW = START + timedelta(minutes=1)
CYCLES = {"nothing changes": HealthStatus.DEGRADED, "every route changes": HealthStatus.HEALTHY}
"""The usual cycle, in which one route is not ready, and the one in which all are promoted or drained."""
FLEET, ROUTES = 1000, 10


def fields(count: int, last: HealthStatus, deployment: int = 0) -> list[dict[str, Any]]:
    """Routes of one deployment, half of them new, in no order."""
    made = []
    for i in range(count):
        is_green = i >= count // 2
        # The multiplier of splitmix64 spreads the numbers over the whole range.
        spread = (deployment * count + i) * 0x9E37_79B9_7F4A_7C15 & 0xFFFF_FFFF_FFFF_FFFF
        made.append(
            {
                "id": f"{spread >> 32:08x}-{spread >> 16 & 0xFFFF:04x}-4000-8000-{deployment * count + i:012x}",
                "revision": "5f0c8b1e-v2" if is_green else "5f0c8b1e-v1",
                "status": RouteStatus.RUNNING,
                "health": last if i == count - 1 else HealthStatus.HEALTHY,
                "traffic_status": TrafficStatus.INACTIVE if is_green else TrafficStatus.ACTIVE,
                "traffic_ratio": 0.0 if is_green else 1.0,
                "created_at": START,
                "status_updated_at": START + timedelta(seconds=30),
            }
        )
    return made


def request(given: list[dict[str, Any]]) -> Request:
    count = len(given)
    spec = Spec("5f0c8b1e-v2", count - count // 2, START, NOW, config='{"auto_promote": true}')
    return Request([Route(**each) for each in given], spec)


def plain(given: list[dict[str, Any]]) -> tuple[list[reference.Route], reference.Spec]:
    count = len(given)
    spec = reference.Spec("5f0c8b1e-v2", count - count // 2, START, NOW, config=reference.Config(auto_promote=True))
    return [reference.Route(**each) for each in given], spec


def measure(ways: Mapping[str, Callable[[], object]], turns: int = 25, least: float = 0.004) -> dict[str, float]:
    """The median time of each, in µs, measured in turns. What takes less than `least` seconds is repeated."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    repeats = {}
    for name, way in ways.items():
        way()
        start = time.perf_counter()
        way()
        repeats[name] = max(1, int(least / (time.perf_counter() - start)))
    for _ in range(turns):
        for name, way in ways.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                way()
            times[name].append((time.perf_counter() - start) / repeats[name])
    return {name: statistics.median(each) * 1e6 for name, each in times.items()}


def micros(value: float) -> str:
    return f"{value / 1000:.2f} ms" if value >= 1000 else f"{value:.1f} µs"


def three_ways(plugin: Plugin) -> None:
    """The table that decided how plugins are called."""
    string, typed = JsonString(BLUE_GREEN), TypedRecords(BLUE_GREEN)
    print("| routes | component, JSON string | core module, JSON in memory | component, typed records |")
    print("|---:|---:|---:|---:|")
    for count in (1, 10, 100):
        routes, spec, *_ = request(fields(count, HealthStatus.DEGRADED))
        message = plugin.evaluate_cycle(routes, spec).reason.message
        assert string.evaluate(routes, spec) == typed.evaluate(routes, spec) == message
        times = measure(
            {
                "string": lambda: string.evaluate(routes, spec),  # noqa: B023
                "core": lambda: plugin.evaluate_cycle(routes, spec),  # noqa: B023
                "typed": lambda: typed.evaluate(routes, spec),  # noqa: B023
            }
        )
        print(f"| {count} | " + " | ".join(micros(each) for each in times.values()) + " |")


def single(plugin: Plugin) -> None:
    for cycle, last in CYCLES.items():
        print(f"\nOne deployment in one call; {cycle}:\n")
        print("| routes | in process | in the sandbox | ratio |")
        print("|---:|---:|---:|---:|")
        for count in (1, 10, 100, 1000):
            given = fields(count, last)
            routes, spec, *_ = request(given)
            own = plain(given)
            times = measure(
                {
                    "own": lambda: reference.evaluate(*own),  # noqa: B023
                    "plugin": lambda: plugin.evaluate_cycle(routes, spec),  # noqa: B023
                }
            )
            own_time, plugin_time = times.values()
            print(f"| {count} | {micros(own_time)} | {micros(plugin_time)} | {plugin_time / own_time:.1f}x |")


def fleet(plugin: Plugin) -> None:
    print(f"\nA fleet of {FLEET:,} deployments x {ROUTES} routes in one call, for each deployment:\n")
    print("| cycle | in process | in the sandbox | ratio | making its objects, in process | for the sandbox |")
    print("|---|---:|---:|---:|---:|---:|")
    for cycle, last in CYCLES.items():
        given = [fields(ROUTES, last, deployment) for deployment in range(FLEET)]
        requests, own = [request(each) for each in given], [plain(each) for each in given]
        assert all(isinstance(decision, RouteChanges) for decision in plugin.evaluate_cycles(requests))
        times = measure(
            {
                "own": lambda: [reference.evaluate(*each) for each in own],  # noqa: B023
                "plugin": lambda: plugin.evaluate_cycles(requests),  # noqa: B023
                "own made": lambda: [plain(each) for each in given],  # noqa: B023
                "made": lambda: [request(each) for each in given],  # noqa: B023
            }
        )
        own_time, plugin_time, own_made, made = (each / FLEET for each in times.values())
        ratio = f"{plugin_time / own_time:.1f}x"
        print(
            f"| {cycle} | {micros(own_time)} | {micros(plugin_time)} | {ratio} | {micros(own_made)} | {micros(made)} |"
        )


def parts(plugin: Plugin) -> None:
    """Prints the parts of the fleet's usual cycle, by time."""
    requests = [request(fields(ROUTES, HealthStatus.DEGRADED, deployment)) for deployment in range(FLEET)]
    fleet = Fleet(requests, plugin.guard)

    def ask() -> list[str]:
        return plugin._strategy.ask(fleet.texts)

    given = list(zip(ask(), fleet.batches, strict=True))
    times = measure(
        {
            "writing": lambda: Fleet(requests, plugin.guard),
            "sandbox": ask,
            "reading": lambda: [json_answers.read(plugin.id, text, end - first) for text, (first, end) in given],
        }
    )
    told = ", ".join(f"{name} {micros(each / FLEET)}" for name, each in times.items())
    print(f"\nOf the usual cycle of the fleet: {told} a deployment.")


def loading() -> None:
    with tempfile.TemporaryDirectory() as folder:
        apart, cached = Host(), Host(cache=folder)
        here = Host(Limits(compile_time=None, compile_memory=None))
        cached.load(BLUE_GREEN)
        ways = {"apart": apart, "here": here, "cache": cached}
        times = measure({name: partial(host.load, BLUE_GREEN) for name, host in ways.items()}, 15)
    told = [
        f"{micros(times['apart'])} compiled in a process of its own",
        f"{micros(times['here'])} in the host's ({times['apart'] / times['here']:.2f}x)",
        f"{micros(times['cache'])} from the cache",
    ]
    print(f"\nLoading: {', '.join(told)}.")


def main() -> None:
    # What is made before stays: else a collection of it would be counted among what is measured.
    gc.freeze()
    plugin = Host().load(BLUE_GREEN)
    print(f"Python {platform.python_version()}, wasmtime {version('wasmtime')}, orjson {version('orjson')}\n")
    three_ways(plugin)
    single(plugin)
    fleet(plugin)
    parts(plugin)
    loading()


if __name__ == "__main__":
    main()
