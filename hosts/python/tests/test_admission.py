"""Files that are not loaded, and the error that says why."""

from __future__ import annotations

import contextlib
import random
from datetime import timedelta
from pathlib import Path

import pytest
from wasmtime import wat2wasm

import crash
from crash import section
from pointsman import Host, Limits, LoadError, LoadProblem, Plugin, PluginError, PluginTimeout, PluginTrap, RouteChanges
from support import component, given, patched, spec
from wrapper import CORE_MODULE, FUNCTIONS, MEMORY, strategy


def untyped(core: str, more: str = "", given: str = "") -> bytes:
    """A component with every function of the contract, all of them implemented by one without parameters and results,
    over a core module that begins as given."""
    text = f"""(component {more}
        (core module $m {core} (func (export "f")))
        (core instance $i (instantiate $m {given}))
        (func $f (canon lift (core func $i "f")))
        (instance $typed
            (export "evaluate-cycle" (func $f)) (export "describe" (func $f)) (export "check-config" (func $f)))
        (instance $json (export "evaluate-cycles" (func $f)) (export "check-config" (func $f)))
        (export "pointsman:strategy/strategy@0.2.0" (instance $typed))
        (export "pointsman:strategy/strategy-json@0.2.0" (instance $json)))"""
    return bytes(wat2wasm(text))


@pytest.fixture
def refused(host: Host, blue_green: Plugin) -> object:
    """The error of bytes that are not loaded; and the host goes on deciding."""

    def refuse(content: bytes) -> LoadError:
        with pytest.raises(LoadError) as raised:
            host.load_bytes("guest.wasm", content)
        assert blue_green.evaluate_cycle(given(), spec()).reason.code == "waiting-for-ready"
        return raised.value

    return refuse


def test_a_missing_file(host: Host) -> None:
    with pytest.raises(LoadError) as raised:
        host.load("no/such.wasm")
    assert raised.value.problem is LoadProblem.READ
    assert isinstance(raised.value.__cause__, FileNotFoundError)
    assert str(raised.value) == "cannot read `no/such.wasm`: No such file or directory"


@pytest.mark.parametrize("content", [b"", b"(component)", b"\0" * 1024, b"\0asm\x0d\0"])
def test_not_wasm(refused, content: bytes) -> None:  # type: ignore[no-untyped-def]
    assert refused(content).problem is LoadProblem.NOT_WASM


def test_a_core_module(refused) -> None:  # type: ignore[no-untyped-def]
    error = refused(bytes(wat2wasm("(module)")))

    assert error.problem is LoadProblem.CORE_MODULE
    assert str(error) == "`guest.wasm` is a core WebAssembly module, not a component; link it with `wasm-component-ld`"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('(component (import "clock" (func)))', "`clock`"),
        (
            '(component (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64))))))',
            "`wasi:random/random@0.2.0#get-random-u64`",
        ),
        (
            '(component (import "wasi:io/poll@0.2.0" (instance (export "pollable" (type (sub resource))))))',
            "`wasi:io/poll@0.2.0#pollable`",
        ),
    ],
)
def test_an_import(refused, text: str, what: str) -> None:  # type: ignore[no-untyped-def]
    error = refused(bytes(wat2wasm(text)))

    assert error.problem is LoadProblem.IMPORTS
    assert str(error) == f"`guest.wasm` imports {what}; a strategy must not import anything"


def test_a_core_module_that_imports(refused) -> None:  # type: ignore[no-untyped-def]
    text = """(component
        (core module $m (import "host" "clock" (func)))
        (core module $n (func (export "clock")))
        (core instance $i (instantiate $n))
        (core instance (instantiate $m (with "host" (instance $i)))))"""
    assert refused(bytes(wat2wasm(text))).problem is LoadProblem.NOT_A_STRATEGY


@pytest.mark.parametrize("is_nested", [False, True])
def test_two_core_modules(refused, is_nested: bool) -> None:  # type: ignore[no-untyped-def]
    more = section(CORE_MODULE, bytes(wat2wasm("(module)")))
    more = section(4, crash.component(more)) if is_nested else more

    error = refused(strategy(MEMORY + FUNCTIONS) + more)

    assert error.problem is LoadProblem.SEVERAL_MODULES
    assert str(error) == "`guest.wasm` has 2 core modules; this host needs exactly one: link its code into one"


def test_a_core_module_that_imports_what_its_component_does_not_give(refused) -> None:  # type: ignore[no-untyped-def]
    error = refused(strategy(f'(import "made" "drop" (func (param i32))) {MEMORY} {FUNCTIONS}'))

    assert error.problem is LoadProblem.MALFORMED
    assert "missing module instantiation argument named `made`" in str(error)


def test_another_contract_version(refused) -> None:  # type: ignore[no-untyped-def]
    text = '(component (instance $i) (export "pointsman:strategy/strategy@0.1.0" (instance $i)))'

    error = refused(bytes(wat2wasm(text)))

    assert error.problem is LoadProblem.UNSUPPORTED_CONTRACT
    assert str(error) == (
        "`guest.wasm` exports contract `0.1.0`; this host supports 0.2.0: rebuild it with pointsman 0.2 "
        "(CONTRIBUTING, 'From 0.1.0 to 0.2.0')"
    )


def test_a_component_that_is_no_strategy(refused) -> None:  # type: ignore[no-untyped-def]
    assert refused(bytes(wat2wasm("(component)"))).problem is LoadProblem.NOT_A_STRATEGY
    assert refused(component("plugins/guard.wasm").read_bytes()).problem is LoadProblem.NOT_A_STRATEGY


def test_half_a_contract(refused) -> None:  # type: ignore[no-untyped-def]
    text = '(component (instance $i) (export "pointsman:strategy/strategy@0.2.0" (instance $i)))'

    error = refused(bytes(wat2wasm(text)))

    assert error.problem is LoadProblem.MISSING_EXPORT
    assert str(error) == "`guest.wasm` does not export `pointsman:strategy/strategy@0.2.0#evaluate-cycle`"


def test_a_part_of_the_contract(refused) -> None:  # type: ignore[no-untyped-def]
    error = refused(patched("plugins/blue_green.wasm", "strategy-json", "strategy-jsom"))

    assert error.problem is LoadProblem.MISSING_EXPORT
    assert str(error) == "`guest.wasm` does not export `pointsman:strategy/strategy-json@0.2.0#evaluate-cycles`"


def test_a_core_module_without_the_functions(refused) -> None:  # type: ignore[no-untyped-def]
    error = refused(strategy(MEMORY))

    assert error.problem is LoadProblem.MALFORMED
    assert "core instance 0 has no export named `pointsman:strategy/strategy@0.2.0#evaluate-cycle`" in str(error)


def test_functions_of_another_type(refused) -> None:  # type: ignore[no-untyped-def]
    wrong = FUNCTIONS.replace('cycles") (param i32 i32)', 'cycles") (param i32 i64)')
    assert refused(strategy(MEMORY + wrong)).problem is LoadProblem.MALFORMED

    field = patched("plugins/blue_green.wasm", "stable-revision", "staple-revision")
    for content in (untyped(MEMORY), field):
        error = refused(content)
        assert error.problem is LoadProblem.WRONG_TYPE
        assert str(error) == (
            "`guest.wasm` exports `pointsman:strategy/strategy@0.2.0#evaluate-cycle` with another type than the "
            "contract's"
        )


def test_a_trap_at_the_start(refused) -> None:  # type: ignore[no-untyped-def]
    error = refused(strategy(MEMORY + FUNCTIONS + "(func $start unreachable) (start $start)"))

    assert error.problem is LoadProblem.START
    assert isinstance(error.__cause__, PluginTrap)


def test_an_endless_loop_at_the_start(cache: Path) -> None:
    host = Host(Limits(time=timedelta(milliseconds=50)), cache)
    with pytest.raises(LoadError) as raised:
        host.load_bytes("guest.wasm", strategy(MEMORY + FUNCTIONS + "(func $s (loop br 0)) (start $s)"))

    assert raised.value.problem is LoadProblem.START
    assert isinstance(raised.value.__cause__, PluginTimeout)


def test_more_memory_at_the_start_than_the_limit(refused) -> None:  # type: ignore[no-untyped-def]
    error = refused(strategy('(memory (export "memory") 1025)' + FUNCTIONS))

    assert error.problem is LoadProblem.MEMORY
    assert str(error) == f"`guest.wasm` needs {1025 << 16} bytes of memory to start, the limit is {1024 << 16}"


def test_a_file_above_the_size_limit(cache: Path) -> None:
    # A host whose limit is below the guard has none.
    size = max(component(f"plugins/{name}.wasm").stat().st_size for name in ("guard", "blue_green"))
    host = Host(Limits(component=size), cache)

    assert host.load(component("plugins/blue_green.wasm")).size <= size
    with pytest.raises(LoadError) as raised:
        host.load_bytes("large.wasm", b"\0" * (size + 1))
    assert raised.value.problem is LoadProblem.TOO_LARGE
    assert str(raised.value) == f"`large.wasm` has {size + 1} bytes, the limit is {size}"


def test_pointers_of_a_plugin_are_not_believed(host: Host) -> None:
    # Its `cabi_realloc` gives address 0, and its functions return it: an `ok` whose text has no length, or is nothing.
    plugin = host.load_bytes("zero.wasm", strategy(MEMORY + FUNCTIONS))
    assert plugin.describe().name == ""

    for answer in ("-4", "65532", "65536", "-1"):
        functions = FUNCTIONS.replace("(result i32) (i32.const 0)", f"(result i32) (i32.const {answer})")
        plugin = host.load_bytes("wild.wasm", strategy(MEMORY + functions))
        for call in (plugin.describe, lambda plugin=plugin: plugin.evaluate_cycles_json("[]")):
            with pytest.raises(Exception, match="bytes of memory") as raised:
                call()
            assert type(raised.value).__name__ == "BrokenContract"


def test_a_call_ends_before_the_next_begins(host: Host) -> None:
    """What was returned is given back first: some toolchains' components take no call before that."""
    free = "(if (global.get $busy) (then unreachable))"
    begin = f"{free} (global.set $busy (i32.const 1)) (i32.const 0)"
    functions = (
        FUNCTIONS.replace(
            'cycles") (param i32 i32) (result i32) (i32.const 0)', f'cycles") (param i32 i32) (result i32) {begin}'
        )
        .replace(
            "(param i32 i32 i32 i32) (result i32) (i32.const 0)",
            f"(param i32 i32 i32 i32) (result i32) {free} (i32.const 100)",
        )
        .replace("(param i32))", "(param i32) (global.set $busy (i32.const 0)))")
    )
    plugin = host.load_bytes("busy.wasm", strategy(f"{MEMORY} (global $busy (mut i32) (i32.const 0)) {functions}"))

    assert plugin._strategy.ask([b"[]"] * 3) == [""] * 3


def test_truncated_components(refused) -> None:  # type: ignore[no-untyped-def]
    content = component("plugins/blue_green.wasm").read_bytes()
    for length in (8, 9, 100, len(content) // 2, len(content) - 1):
        # After the bare header there is nothing: an empty component.
        expected = LoadProblem.NOT_A_STRATEGY if length == 8 else LoadProblem.MALFORMED
        assert refused(content[:length]).problem is expected, length


def test_mutated_components_are_refused_or_held_to_the_limits(host: Host) -> None:
    content = component("plugins/blue_green.wasm").read_bytes()
    chance = random.Random(7)
    refused = 0
    for _ in range(100):
        mutated = bytearray(content)
        # Where the structure is, and in the code.
        for _ in range(chance.randint(1, 3)):
            place = chance.choice([chance.randrange(1500), chance.randrange(len(content)), len(content) - 1])
            mutated[place - chance.randrange(1000)] ^= 1 << chance.randrange(8)
        try:
            plugin = host.load_bytes("mutated.wasm", bytes(mutated))
        except LoadError:
            refused += 1
            continue
        with contextlib.suppress(PluginError):
            assert isinstance(plugin.evaluate_cycle(given(), spec()), RouteChanges)
    assert 20 < refused < 100


def test_random_bytes(host: Host) -> None:
    chance = random.Random(8)
    for _ in range(200):
        noise = chance.randbytes(chance.randrange(1000))
        for content in (noise, b"\0asm\x0d\0\x01\0" + noise):
            with pytest.raises(LoadError):
                host.load_bytes("noise.wasm", content)
