"""Reading and rewriting core modules."""

from __future__ import annotations

import pytest
from wasmtime import Config, Engine, Instance, Module, Store, Trap, TrapCode, WasmtimeError, wat2wasm

from pointsman.runtime.loading.component import CoreModule, Malformed, core_modules, number, read_number
from pointsman.runtime.loading.meter import REFUSED, metered
from support import component

PAGES = 4
"""The limit of the tests here."""


def rewritten(text: str, *exports: str) -> bytes:
    core = bytes(wat2wasm(text))
    return metered(core, CoreModule.read(core), frozenset(exports), PAGES)


@pytest.mark.parametrize(
    ("pages", "refused"),
    [(1, 0), (3, 0), (4, 1), (0xFFFF_FFFF - (1 << 32), 1)],
)
def test_a_refused_growth_ends_the_call_and_is_told(pages: int, refused: int) -> None:
    module = rewritten(
        """(module (memory (export "memory") 1)
             (global (export "dropped") (mut i32) (i32.const 7))
             (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))""",
        "memory",
        "grow",
    )
    store = Store(Engine())
    store.set_limits(memory_size=PAGES << 16)
    exports = Instance(store, Module(store.engine, module), []).exports(store)
    assert list(exports) == ["memory", "grow", REFUSED]

    if refused:
        with pytest.raises(Trap) as raised:
            exports["grow"](store, pages)  # type: ignore[operator]
        assert raised.value.trap_code is TrapCode.UNREACHABLE
    else:
        assert exports["grow"](store, pages) == 1  # type: ignore[operator]
    assert exports[REFUSED].value(store) == refused  # type: ignore[union-attr]


def test_a_growth_beyond_the_modules_own_most_is_its_own_affair() -> None:
    module = rewritten(
        """(module (memory 1 2)
             (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))""",
        "grow",
    )
    store = Store(Engine())
    exports = Instance(store, Module(store.engine, module), []).exports(store)

    assert exports["grow"](store, 2) == -1  # type: ignore[operator]
    assert exports[REFUSED].value(store) == 0  # type: ignore[union-attr]
    with pytest.raises(Trap):
        exports["grow"](store, PAGES)  # type: ignore[operator]
    assert exports[REFUSED].value(store) == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("pages", [1, 63, 64, 127, 128, 8191, 8192, 65_536])
def test_the_limit_is_written_as_it_is(pages: int) -> None:
    core = bytes(
        wat2wasm('(module (memory 0) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))')
    )
    module = metered(core, CoreModule.read(core), frozenset({"grow"}), pages)
    store = Store(Engine())
    store.set_limits(memory_size=0)
    exports = Instance(store, Module(store.engine, module), []).exports(store)

    assert exports["grow"](store, pages) == -1  # type: ignore[operator]
    with pytest.raises(Trap):
        exports["grow"](store, pages + 1)  # type: ignore[operator]


# Every operand here contains the bytes of `memory.grow`, 0x40 0x00, or ends just before them.
LOOKALIKES = """(module (memory 1) (table 3 funcref) (elem (i32.const 0) $f $f $f) (data "0123456789")
  (global $g (mut i64) (i64.const 64))
  (func $f (param i32) (result i32) (local i64 f32 f64 v128)
    (block (block (block (br_table 0 1 2 0 (local.get 0))))) (local.set 1 (i64.const 0x2000)) (local.set 2 (f32.const
    2.0)) (local.set 3 (f64.const 2.0)) (local.set 4 (v128.const i32x4 0x40 0x40 0x4000 0x400040)) (local.set 4
    (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 4) (local.get 4))) (v128.store8_lane offset=64 0
    (i32.const 64) (local.get 4)) (drop (i32.trunc_sat_f32_s (local.get 2))) (drop (i8x16.extract_lane_s 1 (local.get
    4))) (drop (i32x4.add (local.get 4) (local.get 4))) (drop (i64x2.abs (v128.load offset=64 (i32.const 0))))
    (i32.store offset=64 (i32.const 64) (memory.size)) (i64.store offset=8192 (i32.const 0) (global.get $g))
    (memory.copy (i32.const 0) (i32.const 64) (i32.const 64)) (memory.fill (i32.const 0) (i32.const 0) (i32.const 64))
    (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop 0) (table.copy (i32.const 0) (i32.const 1)
    (i32.const 1)) (drop (table.grow (ref.null func) (i32.const 0))) (table.fill (i32.const 0) (ref.func $f) (i32.const
    1)) (drop (table.size)) (drop (ref.is_null (table.get 0 (i32.const 0)))) (drop (select (result i64) (i64.const 64)
    (i64.const 0) (i32.const 64))) (drop (call_indirect (param i32) (result i32) (i32.const 1) (i32.const 0))) (if
    (result i32) (i32.const 64) (then (i32.const 64)) (else (i32.const 0)))))"""


def test_what_looks_like_a_growth_is_left_alone() -> None:
    core = bytes(wat2wasm(LOOKALIKES))
    assert core.count(b"\x40\x00") >= 6

    before, after = CoreModule.read(core), CoreModule.read(rewritten(LOOKALIKES))

    # What was there is as it was, and the function that grows memory comes after it.
    assert list(after.bodies[:-1]) == list(before.bodies)
    assert after.functions == before.functions + 1
    Module.validate(Engine(), rewritten(LOOKALIKES))


def test_an_instruction_that_is_not_known_is_an_error() -> None:
    # 0x06 is a `try` that was never standardized.
    with pytest.raises(Malformed, match="instruction 0x06 is not known"):
        rewritten_body(b"\x00\x06\x40\x0b\x0b")


def rewritten_body(body: bytes) -> bytes:
    core = bytes(wat2wasm("(module (func))"))
    module = CoreModule.read(core)
    return metered(core, CoreModule(module.functions, [body], module.exports), frozenset(), PAGES)


def test_every_component_has_its_one_growth_rewritten() -> None:
    for name in ("plugins/blue_green.wasm", "plugins/rolling_update.wasm", "plugins/guard.wasm", "guests/hostile.wasm"):
        (core,) = core_modules(component(name).read_bytes())
        before = CoreModule.read(core)
        after = CoreModule.read(metered(core, before, frozenset({"memory"}), PAGES))
        changed = [i for i, body in enumerate(before.bodies) if after.bodies[i] != body]
        assert len(changed) == 1
        Module.validate(Engine(), metered(core, before, frozenset({"memory"}), PAGES))


def test_a_module_that_wasmtime_would_not_take_is_not_taken_after_rewriting() -> None:
    core = bytes(wat2wasm('(module (func (export "f") (result i32) (i32.const 1)))'))
    broken = CoreModule.read(core)
    # A body that leaves nothing where a number must be.
    module = metered(core, CoreModule(broken.functions, [b"\x00\x0b"], broken.exports), frozenset({"f"}), PAGES)

    with pytest.raises(WasmtimeError):
        Module(Engine(Config()), module)


@pytest.mark.parametrize("value", [0, 1, 127, 128, 16_384, (1 << 32) - 1])
def test_numbers(value: int) -> None:
    assert read_number(b"x" + number(value) + b"y", 1) == (value, 1 + len(number(value)))


@pytest.mark.parametrize("content", [b"", b"\x80", b"\xff" * 5 + b"\x01"])
def test_numbers_that_do_not_end(content: bytes) -> None:
    with pytest.raises(Malformed):
        read_number(content, 0)
