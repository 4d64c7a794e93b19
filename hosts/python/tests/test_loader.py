"""The loader in its sandbox: budgets, failures, several loads at once."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from wasmtime import Module, wat2wasm

from crash import BLOCK, nested_blocks
from pointsman import BLUE_GREEN, Host, HostError, Limits, LoadError, LoadProblem, PluginId, PluginLimit
from pointsman.components import LOADER
from pointsman.plugin.contracts import STRATEGY
from pointsman.runtime.cache import Cache
from pointsman.runtime.engine import bare_engine
from pointsman.runtime.file import ComponentFile
from pointsman.runtime.loader import PROBLEMS, REFUSED, Admitted, Loader, loader
from support import ROOT, component, misdeed
from wrapper import FUNCTIONS, MEMORY, strategy

BLOCKS = 300


def test_a_budget_refuses(host: Host) -> None:
    with pytest.raises(LoadError) as raised:
        host.load_bytes("guest.wasm", nested_blocks(BLOCK, BLOCKS))

    assert (raised.value.problem, raised.value.budget) == (LoadProblem.OVER_BUDGET, "depth")
    assert raised.value.part is None
    assert "the budget `depth` is 256; split the function, or raise the budget" in str(raised.value)
    assert str(raised.value).startswith("`guest.wasm` has ")


def test_a_branch_table_that_is_dear(host: Host) -> None:
    """Few bytes, and each makes an edge for a compiler."""
    table = f"(br_table {'0 ' * 2_000_000} (i32.const 0))"
    with pytest.raises(LoadError) as raised:
        host.load_bytes("guest.wasm", strategy(f"{MEMORY} {FUNCTIONS} (func (block {table}))"))

    assert raised.value.problem is LoadProblem.OVER_BUDGET
    assert raised.value.budget in ("work", "function-work")


def test_a_budget_is_raised(cache: Path) -> None:
    """A raised one lets the file come as far as the contract."""
    host = Host(Limits(budgets={"depth": BLOCKS + 1}), cache)

    with pytest.raises(LoadError) as raised:
        host.load_bytes("guest.wasm", nested_blocks(BLOCK, BLOCKS))
    assert raised.value.problem is LoadProblem.NOT_A_STRATEGY


def test_a_lower_budget_is_for_plugins_and_not_for_the_guard(cache: Path) -> None:
    host = Host(Limits(budgets={"work": 1000}), cache)

    with pytest.raises(LoadError) as raised:
        host.load(BLUE_GREEN)
    assert (raised.value.problem, raised.value.budget) == (LoadProblem.OVER_BUDGET, "work")
    assert str(raised.value).startswith("`blue_green.wasm` has ")
    assert "the budget `work` is 1000" in str(raised.value)


@pytest.mark.parametrize(
    ("budgets", "words"),
    [
        ({"lops": 1}, "there is no budget `lops`; there are work, function-work,"),
        ({"work": -1}, "invalid value: integer `-1`"),
    ],
)
def test_a_budget_that_there_is_not(cache: Path, budgets: dict[str, int], words: str) -> None:
    with pytest.raises(HostError) as raised:
        Host(Limits(budgets=budgets), cache)

    assert str(raised.value).startswith("limit `budgets` is not right: a plugin cannot be loaded, because the options")
    assert words in str(raised.value)


def test_limits_keep_their_budgets() -> None:
    budgets = {"work": 1}
    limits = Limits(budgets=budgets)
    budgets["work"] = 2

    assert limits.budgets == {"work": 1}
    assert hash(limits) == hash(Limits(budgets=limits.budgets))


def test_two_loads_at_once(host: Host) -> None:
    """And more than may be at once: they wait for each other."""
    good, bad = BLUE_GREEN.read_bytes(), nested_blocks(BLOCK, BLOCKS)

    def load(number: int) -> str:
        try:
            return host.load_bytes("guest.wasm", bad if number % 2 else good).describe().name
        except LoadError as error:
            return error.problem

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(load, range(6))) == ["blue-green", LoadProblem.OVER_BUDGET] * 3


def test_a_process_has_one_loader(cache: Path) -> None:
    assert loader(LOADER, Cache(cache)) is loader(LOADER, None)


def failing(allocate: str, load: str) -> Loader:
    text = f"""(module (memory (export "memory") 1 8192)
        (data (i32.const 1024) "\\07\\00\\00\\00{{\\22ok\\22:1" "\\00" "\\02\\00\\00\\00[]\\00\\00\\00\\00")
        (func (export "allocate") (param i32) (result i32) {allocate})
        (func (export "load") (result i32) {load}))"""
    return Loader(bytes(wat2wasm(text)), None)


HUNGRY = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable"


@pytest.mark.parametrize(
    ("allocate", "load", "reason"),
    [
        ("i32.const 64", "unreachable", "unreachable"),
        ("unreachable", "i32.const 64", "unreachable"),
        ("i32.const 64", HUNGRY, "unreachable"),
        ("i32.const -16", "i32.const 64", "are not within"),
        ("i32.const 64", "i32.const -16", "are not within"),
        ("i32.const 64", "i32.const 1026", "are not within"),
        ("i32.const 64", "i32.const 1024", "Expecting"),
        ("i32.const 64", "i32.const 1036", "it does not answer as the loader does"),
    ],
)
def test_a_loader_that_fails_refuses_the_file(allocate: str, load: str, reason: str) -> None:
    file = ComponentFile(PluginId("guest.wasm", "sha256:"), b"")
    with pytest.raises(LoadError) as raised:
        failing(allocate, load).admit(file, STRATEGY, Limits())

    assert raised.value.problem is LoadProblem.MALFORMED
    assert str(raised.value).startswith("`guest.wasm` made the loader fail, a bug in it or too little memory for it: ")
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_every_kind_of_refusal_has_its_problem() -> None:
    """Those that are fields of `Refusal`, in `hosts/loader/src/refusal.rs`."""
    source = (ROOT / "hosts" / "loader" / "src" / "refusal.rs").read_text().partition("pub enum Refusal")[2]
    kinds = re.findall(r"^    ([A-Z]\w+)(?: \{|,)$", source.partition("\n}\n")[0], re.MULTILINE)

    assert {re.sub(r"(?<!^)(?=[A-Z])", "-", kind).lower() for kind in kinds} == set(PROBLEMS)


def test_what_is_no_module_is_no_loader() -> None:
    with pytest.raises(HostError, match="there is no loader"):
        Loader(b"(", None)


def admitted(path: Path) -> Admitted:
    content = path.read_bytes()
    id = PluginId(path.name, f"sha256:{hashlib.sha256(content).hexdigest()}")
    return loader(LOADER, None).admit(ComponentFile(id, content), STRATEGY, Limits())


def test_what_it_gives(cache: Path) -> None:
    """A core module that is whole in itself, and tells whether it was refused memory."""
    made = admitted(component("guests/hostile.wasm"))

    module = Module(bare_engine(), made.core)
    assert module.imports == []
    assert {"memory", "cabi_realloc", REFUSED} <= {export.name for export in module.exports}
    assert made.version == "0.2.0"


def test_memory_that_is_refused_is_told(cache: Path) -> None:
    plugin = Host(Limits(memory=4 << 20), cache).load(component("guests/hostile.wasm"))

    with pytest.raises(PluginLimit, match="memory"):
        plugin.evaluate_cycle([], misdeed("grow_memory"))
