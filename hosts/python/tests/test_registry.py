"""The registry: swaps that work, swaps that must not, reverting, open circuits."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pointsman import (
    BackingOff,
    Checks,
    Host,
    InvalidRequests,
    Limits,
    LoadError,
    LoadProblem,
    Options,
    Outcome,
    PluginError,
    Policy,
    Registry,
    Request,
    StrategyStatus,
    Swap,
    SwapError,
    SwapProblem,
    SwapResult,
    TrafficStatus,
    UnknownStrategy,
    Vector,
)
from support import Folder, as_json, component, hostile_version, misdeed, patched, route, spec


@dataclass
class Clock:
    """A clock that stands still until it is told."""

    now: float = field(default=1000.0)

    def __call__(self) -> float:
        return self.now


def registry_with_hostile(host: Host, folder: Folder, options: Options | None = None) -> Registry:
    """A registry with the first version of the hostile guest."""
    registry = Registry(host, options)
    assert registry.swap("hostile", folder.copy("guests/hostile.wasm", 1)).result is SwapResult.LOADED
    return registry


@pytest.fixture
def registry(host: Host, folder: Folder) -> Registry:
    return registry_with_hostile(host, folder)


def answered_by(registry: Registry) -> str:
    """The file whose version gave a harmless plan."""
    return registry.evaluate_cycle("hostile", [], misdeed("none")).plugin.name


def fail(registry: Registry, word: str) -> PluginError:
    with pytest.raises(PluginError) as raised:
        registry.evaluate_cycle("hostile", [], misdeed(word))
    return raised.value


def status(registry: Registry) -> StrategyStatus:
    return next(status for status in registry.status() if status.name == "hostile")


def refused(registry: Registry, file: Path) -> SwapError:
    with pytest.raises(SwapError) as raised:
        registry.swap("hostile", file)
    assert answered_by(registry) == "1.wasm"
    return raised.value


def test_policies_of_strategies_and_deployments(host: Host) -> None:
    four = [route(f"r-{i}", "v1", TrafficStatus.ACTIVE) for i in range(4)]

    def drained(options: Options, name: str, own: Policy | None = None) -> int:
        registry = Registry(host, options)
        registry.swap(name, component(f"plugins/{name.replace('-', '_')}.wasm"))
        return len(registry.evaluate_cycle(name, four, spec(target=4), own).value.drain_route_ids)

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
        registry.evaluate_cycle("rolling-update", [], misdeed("none"))

    assert str(raised.value) == "there is no strategy `rolling-update`; there is hostile"
    with pytest.raises(UnknownStrategy):
        registry.set_checks("rolling-update", Checks())


def test_a_swap_changes_who_answers_and_the_same_file_changes_nothing(registry: Registry, folder: Folder) -> None:
    assert answered_by(registry) == "1.wasm"

    swap = registry.swap("hostile", folder.copy("guests/hostile.wasm", 2))

    assert swap.result is SwapResult.SWAPPED
    assert swap.before is not None
    assert (swap.before.name, swap.plugin.name) == ("1.wasm", "2.wasm")
    assert answered_by(registry) == "2.wasm"
    assert registry.swap("hostile", folder.copy("guests/hostile.wasm", 2)).result is SwapResult.UNCHANGED
    previous = status(registry).previous
    assert previous is not None
    assert previous.plugin.name == "1.wasm"


def test_a_bad_file_or_another_strategy_is_not_switched_to(registry: Registry, folder: Folder) -> None:
    error = refused(registry, folder.write("bad.wasm", b"\0asm\x0d\0\x01\0\x07"))
    assert error.problem is SwapProblem.LOAD
    assert refused(registry, folder.path / "none.wasm").problem is SwapProblem.LOAD

    error = refused(registry, folder.copy("plugins/blue_green.wasm", 3))
    assert error.problem is SwapProblem.NAME
    assert str(error).endswith("is the strategy `blue-green`, not `hostile`")
    assert len(registry.status()) == 1


def test_a_failed_swap_is_logged_with_the_version_that_is_kept(
    host: Host, registry: Registry, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    def logged(swap: Callable[[], object]) -> str:
        caplog.clear()
        with pytest.raises(SwapError):
            swap()
        return caplog.messages[-1]

    bad = folder.write("bad.wasm", b"half a fi")
    assert "swap failed; keeping 0.2.0: the new version cannot be loaded" in logged(
        lambda: registry.swap("hostile", bad)
    )
    # A folder's file tells no name any more, but the version before it was loaded from it.
    folder.write("1.wasm", b"half a fi")
    caplog.clear()
    registry.load_dir(folder.path)
    first, second = caplog.messages
    assert "1.wasm`: swap failed; keeping 0.2.0: " in first
    assert "bad.wasm`: swap failed; there is no version to keep: " in second
    registry.set_checks("hostile", Checks((('{"misdeed": "of_the_old_days"}', 3),)))
    second_version = folder.copy("guests/hostile.wasm", 2)
    assert "swap failed; keeping 0.2.0: the new version does not take" in logged(
        lambda: registry.swap("hostile", second_version)
    )


def test_a_version_that_does_not_take_a_config_in_use_is_not_switched_to(registry: Registry, folder: Folder) -> None:
    configs = ((misdeed("none").config, 3), ('{"misdeed": "of_the_old_days"}', 3))
    registry.set_checks("hostile", Checks(configs))

    error = refused(registry, folder.copy("guests/hostile.wasm", 2))

    assert error.problem is SwapProblem.CONFIG
    assert "of_the_old_days" in str(error)


def test_a_config_in_use_is_checked_at_its_target_within_the_strategys_limits(host: Host, folder: Folder) -> None:
    one_more = Options(guards={"blue-green": Policy(max_surge=1)})
    first, second = (folder.copy("plugins/blue_green.wasm", number) for number in (1, 2))
    registry = Registry(host, one_more)
    registry.swap("blue-green", first)

    registry.set_checks("blue-green", Checks((("{}", 1), ("{}", 3))))
    with pytest.raises(SwapError, match="max_surge 100%") as raised:
        registry.swap("blue-green", second)
    assert raised.value.problem is SwapProblem.CONFIG
    registry.set_checks("blue-green", Checks((("{}", 1),)))
    assert registry.swap("blue-green", second).result is SwapResult.SWAPPED


def vector(word: str, message: str) -> Vector:
    plan: dict[str, Any] = {
        "sub_step": "provisioning",
        "rollout_specs": [],
        "promote_route_ids": [],
        "traffic_changes": [],
        "drain_route_ids": [],
        "reason": {"code": "hostile", "message": message, "blocking_route_ids": []},
        "gate": None,
        "next_evaluation_at": None,
        "memo": None,
        "commitment": {"least_serving": 0, "most_live": 4294967295},
        "progress": None,
        "labels": {},
    }
    return Vector(word, as_json(Request([], misdeed(word)))[1:-1], json.dumps({"ok": plan}))


def test_a_version_that_answers_a_vector_otherwise_is_not_switched_to(registry: Registry, folder: Folder) -> None:
    second = folder.copy("guests/hostile.wasm", 2)

    registry.set_checks("hostile", Checks(vectors=(vector("none", ""), vector("remember", "7 calls"))))
    error = refused(registry, second)
    assert error.problem is SwapProblem.VECTOR
    assert "vector `remember`" in str(error)
    registry.set_checks("hostile", Checks(vectors=(Vector("none", vector("none", "").request, "nonsense"),)))
    assert refused(registry, second).problem is SwapProblem.VECTOR
    registry.set_checks("hostile", Checks(vectors=(vector("trap", ""),)))
    assert refused(registry, second).problem is SwapProblem.VECTOR_FAILED

    registry.set_checks("hostile", Checks(vectors=(vector("none", ""), vector("remember", "1 calls"))))
    assert registry.swap("hostile", second).result is SwapResult.SWAPPED


def test_three_failures_in_a_row_revert_once(
    registry: Registry, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    registry.swap("hostile", folder.copy("guests/hostile.wasm", 2))

    fail(registry, "trap")
    fail(registry, "unknown_id")
    assert answered_by(registry) == "2.wasm", "the good answer in between counts the failures anew"
    fail(registry, "trap")
    fail(registry, "grow_memory")
    assert status(registry).current.plugin.name == "2.wasm"
    with caplog.at_level(logging.ERROR, "pointsman"):
        fail(registry, "unknown_id")

    after = status(registry)
    assert (after.current.plugin.name, after.previous, after.reverts) == ("1.wasm", None, 1)
    assert answered_by(registry) == "1.wasm"
    assert [after.outcomes[each] for each in (Outcome.TRAP, Outcome.REJECTED, Outcome.MEMORY)] == [2, 2, 1]
    assert timedelta(0) < after.latency.p50 <= after.latency.p999 <= after.latency.max
    assert "`hostile` reverted to 0.2.0 after 3 failures; `2.wasm` (sha256:" in caplog.text
    assert "is quarantined, `1.wasm` (sha256:" in caplog.text


def test_with_none_to_revert_to_its_circuit_opens_for_longer_each_time(
    host: Host, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    registry = registry_with_hostile(host, folder, Options(longest_back_off=timedelta(seconds=3), clock=clock))
    for _ in range(3):
        fail(registry, "trap")
    assert caplog.messages[-1].startswith("`hostile`: circuit open for 1 s; `1.wasm` (sha256:")

    for length in (1, 2, 3, 3):
        clock.now += length - 0.5
        with pytest.raises(BackingOff) as raised:
            registry.evaluate_cycle("hostile", [], misdeed("none"))
        assert raised.value.remaining == timedelta(seconds=0.5)
        assert str(raised.value).endswith("times in a row; circuit open for 500 ms")
        assert status(registry).backing_off == timedelta(seconds=0.5)
        clock.now += 0.5
        fail(registry, "trap")

    clock.now += 3
    assert answered_by(registry) == "1.wasm"
    assert status(registry).backing_off is None
    assert status(registry).outcomes[Outcome.BACKING_OFF] == 4
    fail(registry, "trap")
    assert answered_by(registry) == "1.wasm", "one failure after a good answer is one failure"


def test_a_swap_closes_the_circuit(host: Host, folder: Folder) -> None:
    registry = registry_with_hostile(host, folder, Options(clock=Clock()))
    for _ in range(3):
        fail(registry, "trap")
    with pytest.raises(BackingOff):
        registry.evaluate_cycle("hostile", [], misdeed("none"))

    registry.swap("hostile", folder.copy("guests/hostile.wasm", 2))

    assert answered_by(registry) == "2.wasm"
    assert status(registry).previous is None, "a version that fails is none to revert to"


def test_latencies_are_those_of_the_calls(cache: Path, folder: Folder) -> None:
    host = Host(Limits(time=timedelta(milliseconds=50)), cache)
    registry = registry_with_hostile(host, folder)

    fail(registry, "loop_forever")

    latency = status(registry).latency
    assert timedelta(milliseconds=50) <= latency.p50 <= latency.max < timedelta(minutes=1)


def test_violations_are_counted_by_their_code(registry: Registry) -> None:
    fail(registry, "unknown_id")
    registry.evaluate_cycles_json("hostile", as_json(Request([], misdeed("again_at_once"))))

    assert status(registry).violations == {"next-evaluation-not-ahead": 1, "unknown-id": 1}


@pytest.mark.parametrize(
    ("liar", "problem"),
    [
        (lambda: patched("guests/hostile.wasm", "hostile", "Hostile"), 'its name is "Hostile", not kebab-case'),
        (lambda: hostile_version("schema-not-json"), "its config schema is not JSON"),
    ],
)
def test_a_version_that_describes_itself_wrongly_is_not_switched_to(  # type: ignore[no-untyped-def]
    registry: Registry, folder: Folder, liar, problem: str
) -> None:
    file = folder.write("liar.wasm", liar())

    error = refused(registry, file)
    (_, found) = registry.load_dir(folder.path)[1]

    assert error.problem is SwapProblem.DESCRIPTION
    assert problem in str(error)
    assert isinstance(found, SwapError)
    assert found.problem is SwapProblem.DESCRIPTION
    assert answered_by(registry) == "1.wasm"


def test_a_version_that_never_ends_describing_itself_is_not_switched_to(cache: Path, folder: Folder) -> None:
    registry = registry_with_hostile(Host(Limits(time=timedelta(milliseconds=100)), cache), folder)

    error = refused(registry, folder.write("liar.wasm", hostile_version("loop-in-describe")))
    assert error.problem is SwapProblem.DESCRIBE
    assert "ran for longer than 100ms" in str(error)
    error = refused(registry, folder.write("liar.wasm", hostile_version("schema-long")))
    assert error.problem is SwapProblem.DESCRIBE
    assert f"returned more than {16 << 20} bytes" in str(error)


def test_a_plugin_that_claims_to_be_another_strategy_must_take_its_configs(host: Host, folder: Folder) -> None:
    registry = Registry(host)
    registry.swap("batched", component("examples/batched.wasm"))
    registry.set_checks("batched", Checks((('{"batch": 2}', 3),)))
    folder.write("liar.wasm", patched("guests/hostile.wasm", "hostile", "batched"))

    ((_, result),) = registry.load_dir(folder.path)

    assert isinstance(result, SwapError)
    assert result.problem is SwapProblem.CONFIG
    assert registry.status()[0].current.plugin.name == "batched.wasm"


def test_a_refusal_is_no_failure_of_the_plugin(host: Host, folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    registry = registry_with_hostile(host, folder, Options(revert_after=1))

    fail(registry, "of_the_old_days")
    assert len(caplog.records) == 1
    # Of a batch it has its error in its place, and the call is as good as any.
    for _ in range(2):
        registry.evaluate_cycles("hostile", [([], misdeed("of_the_old_days"))] * 2)
    registry.evaluate_cycles_json("hostile", as_json(Request([], misdeed("of_the_old_days"))))
    with pytest.raises(InvalidRequests):
        registry.evaluate_cycles_json("hostile", b"[\xff]")

    assert answered_by(registry) == "1.wasm"
    assert status(registry).outcomes == {Outcome.OK: 4, Outcome.REFUSED: 2}
    assert len(caplog.records) == 2


def test_a_rejected_plan_in_a_batch_is_a_failure(host: Host, folder: Folder) -> None:
    for entry_point in ("evaluate_cycles", "evaluate_cycles_json"):
        registry = registry_with_hostile(host, folder, Options(revert_after=1))
        registry.swap("hostile", folder.copy("guests/hostile.wasm", 2))
        requests = [Request([], misdeed(word)) for word in ("none", "unknown_id", "unknown_id")]

        evaluated = getattr(registry, entry_point)(
            "hostile", as_json(*requests) if entry_point.endswith("json") else requests
        )

        assert evaluated.plugin.name == "2.wasm"
        assert status(registry).current.plugin.name == "1.wasm"


def test_options_that_cannot_be_are_an_error() -> None:
    with pytest.raises(ValueError, match="`revert_after` is 0; it must be at least 1"):
        Options(revert_after=0)
