"""asyncio: the loop goes on, whatever a plugin does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pointsman import InvalidConfig, Plugin, PluginTimeout, Registry, Request, RouteChanges
from support import component, misdeed, ready_routes, spec


def test_the_loop_goes_on_while_a_plugin_never_ends(hostile: Plugin) -> None:
    async def main() -> int:
        call = asyncio.create_task(hostile.evaluate_cycle_async([], misdeed("loop_forever")))
        turns = 0
        while not call.done():
            turns += 1
            await asyncio.sleep(0)
        with pytest.raises(PluginTimeout):
            await call
        return turns

    # A loop that waits has one turn or two.
    assert asyncio.run(main()) > 100


def test_a_cancelled_call_is_not_waited_for(hostile: Plugin, blue_green: Plugin) -> None:
    async def main() -> None:
        call = asyncio.create_task(hostile.evaluate_cycle_async([], misdeed("loop_forever")))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        # Others go on meanwhile.
        assert (await blue_green.evaluate_cycle_async([], spec())).reason.code == "creating-green"

    asyncio.run(main())


def test_plans_and_errors_come_through(hostile: Plugin) -> None:
    async def main() -> None:
        plan = await hostile.evaluate_cycle_async(ready_routes(2), misdeed("good"))
        assert plan.promote_route_ids == ["r-1", "r-2"]
        first, error = await hostile.evaluate_cycles_async([([], misdeed("none")), ([], misdeed("nonsense"))])
        assert isinstance(first, RouteChanges)
        assert isinstance(error, InvalidConfig)
        with pytest.raises(InvalidConfig):
            await hostile.evaluate_cycle_async([], misdeed("nonsense"))
        calls = [hostile.evaluate_cycle_async([], misdeed("remember")) for _ in range(100)]
        assert {plan.reason.message for plan in await asyncio.gather(*calls)} == {"1 calls"}

    asyncio.run(main())


def test_a_registry_too(host, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    registry = Registry(host)
    registry.swap("hostile", component("guests/hostile.wasm"))

    async def main() -> None:
        evaluated = await registry.evaluate_cycle_async("hostile", "d-1", [], misdeed("none"))
        assert evaluated.plugin.name == "hostile.wasm"
        batch = await registry.evaluate_cycles_async("hostile", [Request([], misdeed("none"), deployment="d-1")] * 2)
        assert len(batch.value) == 2

    asyncio.run(main())
