"""Swaps that work, and swaps that must not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pointsman import (
    Checks,
    Host,
    Limits,
    Options,
    Policy,
    Registry,
    Request,
    SwapError,
    SwapProblem,
    SwapResult,
    Vector,
)
from registries import answered_by, refused, registry_with_hostile, status
from support import Folder, as_json, component, hostile_version, misdeed, patched


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
