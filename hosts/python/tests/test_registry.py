"""The registry: folders, names, policies, options."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pointsman import (
    Checks,
    Host,
    LoadError,
    LoadProblem,
    Options,
    Policy,
    Registry,
    Swap,
    SwapError,
    SwapProblem,
    SwapResult,
    TrafficStatus,
    UnknownStrategy,
)
from support import Folder, component, misdeed, route, spec


def test_policies_of_strategies_and_deployments(host: Host) -> None:
    four = [route(f"r-{i}", "v1", TrafficStatus.ACTIVE) for i in range(4)]

    def drained(options: Options, name: str, own: Policy | None = None) -> int:
        registry = Registry(host, options)
        registry.swap(name, component(f"plugins/{name.replace('-', '_')}.wasm"))
        return len(registry.evaluate_cycle(name, "d-1", four, spec(target=4), own).value.drain_route_ids)

    none_may_be_missing = Policy(max_unavailable=0)
    strict = Options(guards={"rolling-update": none_may_be_missing})
    assert drained(Options(), "rolling-update") == 1
    assert drained(strict, "rolling-update") == 0
    assert drained(strict, "rolling-update", Policy()) == 1
    assert drained(Options(), "rolling-update", none_may_be_missing) == 0
    assert drained(strict, "blue-green") == 0


def test_a_folder_is_loaded_and_what_is_bad_in_it_does_not_matter(host: Host, folder: Folder) -> None:
    folder.copy("guests/hostile.wasm", 1)
    folder.copy("plugins/blue_green.wasm", 2)
    folder.write("3.wasm", b"half a fi")
    folder.write("notes.txt", b"not a plugin")
    folder.write(".hidden.wasm", b"not a plugin")
    registry = Registry(host)

    results = registry.load_dir(folder.path)

    assert [path.name for path, _ in results] == ["1.wasm", "2.wasm", "3.wasm"]
    assert [result.result for _, result in results[:2] if isinstance(result, Swap)] == [SwapResult.LOADED] * 2
    error = results[2][1]
    assert isinstance(error, SwapError)
    assert error.problem is SwapProblem.LOAD
    assert isinstance(error.__cause__, LoadError)
    assert error.__cause__.problem is LoadProblem.NOT_WASM
    assert [status.name for status in registry.status()] == ["blue-green", "hostile"]
    with pytest.raises(OSError, match="No such file"):
        registry.load_dir("no/such/folder")


def test_a_strategy_that_is_not_there_is_told_with_those_that_are(registry: Registry) -> None:
    with pytest.raises(UnknownStrategy) as raised:
        registry.evaluate_cycle("rolling-update", "d-1", [], misdeed("none"))

    assert str(raised.value) == "there is no strategy `rolling-update`; there is hostile"
    for ask in (registry.describe, registry.current, lambda name: registry.check_config(name, "{}", 1)):
        with pytest.raises(UnknownStrategy):
            ask("rolling-update")


def test_checks_may_be_set_before_the_first_load(host: Host, folder: Folder) -> None:
    registry = Registry(host)
    registry.set_checks("hostile", Checks((('{"misdeed": "of_the_old_days"}', 3),)))
    file = folder.copy("guests/hostile.wasm", 1)

    with pytest.raises(SwapError) as raised:
        registry.swap("hostile", file)
    assert (raised.value.problem, raised.value.strategy) == (SwapProblem.CONFIG, "hostile")
    assert registry.status() == []
    registry.set_checks("hostile", Checks((({"misdeed": "none"}, 3),)))
    assert registry.swap("hostile", file).result is SwapResult.LOADED
    registry.set_checks("hostile", Checks((('{"misdeed": "of_the_old_days"}', 3),)))
    with pytest.raises(SwapError):
        registry.swap("hostile", folder.copy("guests/hostile.wasm", 2))


def test_a_registry_passes_on_what_the_current_version_says(registry: Registry) -> None:
    assert registry.describe("hostile").name == "hostile"
    assert registry.current("hostile").id.name == "1.wasm"
    assert registry.check_config("hostile", {"misdeed": "none"}, 3).most_live == 6
    assert registry.status()[0].outcomes == {}


def test_options_that_cannot_be_are_an_error() -> None:
    with pytest.raises(ValueError, match="`revert_after` is 0; it must be at least 1"):
        Options(revert_after=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"open_after": 0}, "`open_after` is 0; it must be at least 1"),
        ({"most_entries": -1}, "`most_entries` is -1; it must be at least 1"),
        ({"jitter": 1.5}, "`jitter` is 1.5; it must be 0.0 to 1.0"),
        ({"first_back_off": timedelta(0)}, "`first_back_off` is 0:00:00; it must be more than 0"),
        ({"batch_time": timedelta(0)}, "`batch_time` is 0:00:00; it must be more than 0"),
        ({"first_back_off": timedelta(hours=1)}, "`longest_back_off` is 0:01:00; it must be at least `first_back_off`"),
    ],
)
def test_an_option_out_of_range_is_an_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Options(**options)


def test_a_policy_for_a_name_that_is_not_loaded_is_told(
    host: Host, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.copy("guests/hostile.wasm", 1)
    Registry(host, Options(guards={"rolling_update": Policy(), "hostile": Policy()})).load_dir(folder.path)

    assert caplog.messages == ["`guards` has a policy for `rolling_update`, which is not loaded; there is hostile"]
