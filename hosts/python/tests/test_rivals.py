"""Several files of one strategy in a folder: the newest version runs, running and after a restart alike."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from pointsman import Host, Registry, Swap, SwapError, SwapProblem
from pointsman.registry.precedence import precedence
from support import Folder, hostile_version, versioned
from watching import watched

ORDER = [
    "no version", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2",
    "1.0.0-beta.11", "1.0.0", "1.0.9", "1.0.10", "1.10.0", "2.0.0",
]  # fmt: skip
"""Versions from the oldest to the newest, as Semantic Versioning has it."""


def test_precedence_is_that_of_semantic_versioning() -> None:
    assert [*map(precedence, ORDER)] == sorted({precedence(each) for each in ORDER})
    assert precedence("1.0.0+a") == precedence("1.0.0+b")


def version(number: str, mode: str = "honest") -> bytes:
    return versioned(hostile_version(mode), number)


def current(registry: Registry) -> str:
    return registry.status()[0].current.version


@pytest.mark.parametrize("names", list(permutations(["a.wasm", "b.wasm", "c.wasm"])))
def test_names_and_times_decide_nothing(host: Host, folder: Folder, names: tuple[str, ...]) -> None:
    for name, number in zip(names, ("0.3.0", "0.3.9", "0.3.1"), strict=True):
        folder.write(name, version(number))
    registry = Registry(host)

    registry.load_dir(folder.path)
    assert current(registry) == "0.3.9"
    assert registry.status()[0].previous is not None
    again = registry.load_dir(folder.path)
    assert current(registry) == "0.3.9"
    problems = [result.problem for _, result in again if isinstance(result, SwapError)]
    assert problems == [SwapProblem.RIVAL] * 2


def test_running_and_after_a_restart_the_same_runs(host: Host, folder: Folder) -> None:
    folder.write("b.wasm", version("0.3.1"))
    with watched(host, folder.path) as it:
        assert it.next() == ("b.wasm", "loaded")
        folder.write("c.wasm", version("0.3.0"))
        assert it.next() == ("c.wasm", "failed")
        folder.write("a.wasm", version("0.3.2"))
        assert it.next() == ("a.wasm", "swapped")
        assert current(it.registry) == "0.3.2"

        (folder.path / "a.wasm").unlink()
        assert ("b.wasm", "swapped") in (it.next(), it.next())
        assert current(it.registry) == "0.3.1"
        # The newest becomes the oldest.
        folder.write("b.wasm", version("0.2.9"))
        told = {it.next(), it.next()}
        assert ("c.wasm", "swapped") in told or it.next() == ("c.wasm", "swapped")
        assert current(it.registry) == "0.3.0"
    restarted = Registry(host)
    restarted.load_dir(folder.path)
    assert current(restarted) == "0.3.0"


def test_a_tie_is_refused_and_told(host: Host, folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    folder.write("a.wasm", version("0.3.0"))
    folder.write("b.wasm", version("0.3.0", "cautious"))
    registry = Registry(host)

    results: list[Any] = [result for _, result in registry.load_dir(folder.path)]

    assert [result.problem for result in results] == [SwapProblem.RIVAL] * 2
    assert registry.status() == []
    assert "`a.wasm` has version 0.3.0 of `hostile`, too: remove one of them" in caplog.text
    (folder.path / "a.wasm").unlink()
    ((_, loaded),) = registry.load_dir(folder.path)
    assert isinstance(loaded, Swap)
    # What runs goes on, whichever of them it is.
    folder.write("a.wasm", version("0.3.0"))
    registry.load_dir(folder.path)
    assert registry.status()[0].current.plugin.name == "b.wasm"


def test_a_tie_that_is_settled_is_no_tie(host: Host, folder: Folder) -> None:
    folder.write("a.wasm", version("0.3.0"))
    with watched(host, folder.path) as it:
        assert it.next() == ("a.wasm", "loaded")
        folder.write("b.wasm", version("0.3.0", "cautious"))
        assert it.next() == ("b.wasm", "failed")
        (folder.path / "a.wasm").unlink()
        assert it.next() == ("b.wasm", "swapped")
