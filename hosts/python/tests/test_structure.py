"""What a component may have too much of. Files are as deep as nothing that recurses could go."""

from __future__ import annotations

import random

import pytest
from wasmtime import wat2wasm

import crash
from crash import component, nested_blocks, nested_components, nested_types, references, section, with_code
from pointsman import Part
from pointsman.runtime.loading.component import Malformed, number
from pointsman.runtime.loading.structure import TooMuch, check
from support import ROOT


def excess(content: bytes) -> Part | None:
    """What there is too much of."""
    try:
        check(content)
    except TooMuch as error:
        return error.part
    return None


def excess_of(text: str) -> Part | None:
    return excess(bytes(wat2wasm(text)))


@pytest.mark.parametrize("kind", [crash.COMPONENT_TYPE, crash.INSTANCE_TYPE])
def test_nested_types(kind: int) -> None:
    assert excess(nested_types(kind, 31)) is None
    for levels in (32, 1_000, 100_000, 350_000):
        assert excess(nested_types(kind, levels)) is Part.NESTING, levels


def test_components_in_components() -> None:
    assert excess(nested_components(32)) is None
    for levels in (33, 1_000, 100_000):
        assert excess(nested_components(levels)) is Part.NESTING, levels


def test_types_in_components() -> None:
    # Types in the innermost component are as deep as the component and themselves.
    def around(levels: int) -> bytes:
        made = nested_types(crash.COMPONENT_TYPE, 15)
        for _ in range(levels):
            made = component(section(4, made))
        return made

    assert excess(around(16)) is None
    assert excess(around(17)) is Part.NESTING


TRY_TABLE = b"\x1f\x40\x01\x00\x05\x00"


@pytest.mark.parametrize(
    "opening",
    [crash.BLOCK, crash.LOOP, crash.IF, b"\x02\x80\x00", TRY_TABLE, b"\x41\x00\x0e\x02\x00\x00\x00\x02\x40"],
    ids=["blocks", "loops", "ifs", "with-a-type", "with-exceptions", "behind-a-table-of-branches"],
)
def test_blocks_in_blocks(opening: bytes) -> None:
    assert excess(nested_blocks(opening, 1_000)) is None
    for levels in (1_001, 10_000, 100_000):
        assert excess(nested_blocks(opening, levels)) is Part.BLOCKS, levels


def test_blocks_beside_each_other_are_not_nested() -> None:
    blocks = "(block (loop (if (i32.const 0) (then) (else))))" * 2_000

    assert excess_of(f"(component (core module (func {blocks})))") is None
    assert excess(with_code(b"\x02\x40\x0b" * 300_000 + b"\x0b")) is None


def test_ends_of_blocks_that_were_not_begun_make_no_room() -> None:
    assert excess(nested_blocks(crash.BLOCK, 1_001, before=b"\x0b" * 100_000)) is Part.BLOCKS


# Each could be taken for the beginning of a block, or for its end, by who does not know what it belongs to.
OPERANDS = """
    (drop (i32.const 2)) (drop (i64.const 0x183060c183060c1)) (drop (f32.const 0x1.04p-120)) (drop (f64.const 11))
    (drop (v128.const i32x4 0x02020202 0x03030303 0x0b0b0b0b 0x04040404))
    (drop (local.get 2)) (local.set 11 (i32.const 3)) (call_indirect (i32.const 2))
    (i32.store offset=2 (i32.const 4) (i32.load offset=11 (i32.const 2)))
    (memory.fill (i32.const 2) (i32.const 3) (i32.const 4)) (drop (memory.grow (i32.const 2)))
    (table.fill 0 (i32.const 2) (ref.null func) (i32.const 3)) (drop (i32.trunc_sat_f64_s (f64.const 2)))
    (drop (i8x16.shuffle 2 3 4 11 2 3 4 11 2 3 4 11 2 3 4 11 (local.get 12) (local.get 12)))
    (drop (i8x16.extract_lane_s 11 (local.get 12))) (drop (i64x2.mul (local.get 12) (local.get 12)))
    (drop (v128.load8_lane offset=2 3 (i32.const 2) (local.get 12)))
    (drop (select (result i32) (i32.const 2) (i32.const 3) (i32.const 4)))
"""


def test_operands_are_no_blocks() -> None:
    def text(levels: int) -> str:
        nested = f"block {OPERANDS}" * levels + "end " * levels
        locals = "(local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 v128)"
        return f"(component (core module (memory 1) (table 1 funcref) (func {locals} {nested})))"

    assert excess_of(text(1_000)) is None
    assert excess_of(text(1_001)) is Part.BLOCKS


def test_an_instruction_that_is_not_known_is_not_skipped() -> None:
    for code in (b"\xfe\x10\x02\x00", b"\xfb\x00\x00", b"\xff"):
        with pytest.raises(Malformed, match=f"instruction 0x{code[0]:02x} is not known, at offset"):
            check(nested_blocks(crash.BLOCK, 1_001, before=code))
    with pytest.raises(Malformed, match="a local is of an unknown type"):
        check(with_code(crash.BLOCK * 1_001, b"\x01\x01\x64"))


@pytest.mark.parametrize(("kind", "sort"), [(crash.INSTANCE_TYPE, 0x05), (crash.COMPONENT_TYPE, 0x04)])
def test_types_that_refer_to_each_other(kind: int, sort: int) -> None:
    # Written side by side, so they are nested in nothing; wasmtime's parser panics at 127.
    assert excess(references(kind, sort, 99)) is None
    for levels in (100, 126, 1_000, 30_000):
        assert excess(references(kind, sort, levels)) is Part.TYPE_DEPTH, levels


@pytest.mark.parametrize(
    "of",
    [
        "list {}",
        "option {}",
        'record (field "a" u8) (field "b" {})',
        "tuple u8 {}",
        'variant (case "a") (case "b" {})',
        "result {}",
        "result (error {})",
    ],
)
def test_values_in_values(of: str) -> None:
    def text(levels: int) -> str:
        types = (f"(type $t{i} ({of.format(f'$t{i - 1}')}))" for i in range(1, levels))
        return f"(component (type $t0 string) {' '.join(types)})"

    assert excess_of(text(100)) is None
    assert excess_of(text(101)) is Part.TYPE_DEPTH


@pytest.mark.parametrize(
    ("start", "link"),
    [
        ("", '(instance $i{i} (export "a" (instance $i{before})))'),
        (
            "",
            '(instance $n{i} (export "a" (instance $i{before}))) (export $i{i} "e{i}" (instance $n{i}))',
        ),
        (
            "",
            '(component $c{i} (alias outer 1 $c{before} (component $c)) (export "a" (component $c)))',
        ),
        (
            "(type $t0 (instance))",
            """(type $t{i} (instance (alias outer 1 $t{before} (type $t)) (export "a" (instance (type $t)))))
            (import "i{i}" (instance $i{i} (type $t{i})))""",
        ),
    ],
    ids=["bundles", "exports", "components", "imports"],
)
def test_instances_that_refer_to_each_other(start: str, link: str) -> None:
    """The same depth in ways that need no type to be written."""

    def text(levels: int) -> str:
        links = (link.format(i=i, before=i - 1) for i in range(1, levels))
        return f"(component (component $c0) (instance $i0) {start} {' '.join(links)})"

    assert excess_of(text(60)) is None
    assert excess_of(text(200)) is Part.TYPE_DEPTH


def test_instances_of_functions_are_as_deep_as_those() -> None:
    def text(levels: int) -> str:
        types = " ".join(f"(type $t{i} (list $t{i - 1}))" for i in range(1, levels))
        bundles = " ".join(f'(instance $i{i} (export "a" (instance $i{i - 1})))' for i in range(1, levels))
        function = f'(import "f" (func $f (param "a" $t{levels - 1}))) (instance $i0 (export "a" (func $f)))'
        return f"(component (type $t0 string) {types} {function} {bundles})"

    assert excess_of(text(49)) is None
    assert excess_of(text(51)) is Part.TYPE_DEPTH


def test_a_string_between_two_memories() -> None:
    assert excess(crash.two_memories()) is Part.MEMORIES


MEMORY = "(core module $m (memory 1))"
NO_MEMORY = "(core module $m (func))"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ("{module} (core instance (instantiate $m))", None),
        ("{module}", None),
        ("{module} (core instance (instantiate $m)) (core instance (instantiate $m))", Part.MEMORIES),
        ("(component $c {module} (core instance (instantiate $m))) (instance (instantiate $c))", None),
        (
            """(component $c {module} (core instance (instantiate $m)))
            (instance (instantiate $c)) (instance (instantiate $c))""",
            Part.MEMORIES,
        ),
        (
            """{module} (core instance (instantiate $m))
            (component $c (alias outer 1 $m (core module $m)) (core instance (instantiate $m)))
            (instance (instantiate $c))""",
            Part.MEMORIES,
        ),
        (
            """{module} (component $c (import "m" (core module $m))
            (core instance (instantiate $m)) (core instance (instantiate $m)))
            (instance (instantiate $c (with "m" (core module $m))))""",
            Part.MEMORIES,
        ),
        (
            """(component $c {module} (export "m" (core module $m))) (instance $i (instantiate $c))
            (alias export $i "m" (core module $m))
            (core instance (instantiate $m)) (core instance (instantiate $m))""",
            Part.MEMORIES,
        ),
        (
            """{module} (export $n "m" (core module $m))
            (core instance (instantiate $n)) (core instance (instantiate $m))""",
            Part.MEMORIES,
        ),
        (
            """(component $c {module} (core instance (instantiate $m))) (export $d "c" (component $c))
            (instance (instantiate $d)) (instance (instantiate $c))""",
            Part.MEMORIES,
        ),
    ],
    ids=[
        "one",
        "none",
        "twice",
        "in-a-component",
        "in-a-component-twice",
        "in-a-component-and-outside",
        "handed-in",
        "taken-out",
        "by-its-second-name",
        "in-a-component-by-its-second-name",
    ],
)
def test_instances_of_a_memory(parts: str, expected: Part | None) -> None:
    def text(module: str) -> str:
        return f"(component {parts.format(module=module)})"

    assert excess_of(text(MEMORY)) is expected
    # What a module is handed in or taken out of is not looked into.
    if "import" not in parts and "alias export" not in parts:
        assert excess_of(text(NO_MEMORY)) is None


def test_core_modules_and_their_instances() -> None:
    module, instance = "(core module)", "(core instance (instantiate $m))"
    assert excess_of(f"(component {module * 8})") is None
    assert excess_of(f"(component {module * 9})") is Part.CORE_MODULES
    assert excess_of(f"(component (component {module * 3}) (component {module * 6}))") is Part.CORE_MODULES

    assert excess_of(f"(component {NO_MEMORY} {instance * 8})") is None
    assert excess_of(f"(component {NO_MEMORY} {instance * 9})") is Part.CORE_INSTANCES


def test_instances_that_multiply() -> None:
    # 2 + 4 + 8 + 16.
    assert excess(crash.multiplying(4)) is None
    assert excess(crash.multiplying(5)) is Part.INSTANCES
    # Some hundred bytes, a billion instances.
    assert excess(crash.multiplying(30)) is Part.INSTANCES


def test_an_instance_of_a_component_that_is_handed_in() -> None:
    assert excess_of('(component (import "c" (component $c)) (instance (instantiate $c)))') is Part.OPAQUE_INSTANCES


def test_declarations() -> None:
    def types(count: int) -> bytes:
        return component(section(7, number(count) + b"\x73" * count))

    assert excess(types(100_000)) is None
    assert excess(types(100_001)) is Part.DECLARATIONS
    # A count is not believed to have anything behind it.
    most = number(0xFFFF_FFFF)
    assert excess(component(section(7, most))) is Part.DECLARATIONS
    assert excess(component(section(7, b"\x01\x42" + most))) is Part.DECLARATIONS
    for id in (2, 3, 5, 6, 10, 11):
        assert excess(component(section(id, most))) is Part.DECLARATIONS, id
    assert excess(component(section(5, b"\x01\x01" + most))) is Part.DECLARATIONS


def test_types_of_every_kind_are_read() -> None:
    # What comes after each is found.
    kinds = [
        *(bytes([primitive]) for primitive in (*range(0x73, 0x80), 0x64)),
        b"\x72\x01\x01a\x73",
        b"\x71\x02\x01a\x01\x73\x00\x01b\x00\x00",
        b"\x70\x73",
        b"\x63\x73\x7f",
        b"\x6f\x02\x73\x7f",
        b"\x6e\x01\x01a",
        b"\x6d\x01\x01a",
        b"\x6b\x73",
        b"\x6a\x01\x73\x00",
        b"\x69\x00",
        b"\x68\x00",
        b"\x67\x73\x05",
        b"\x66\x01\x73",
        b"\x65\x00",
        b"\x40\x01\x01a\x73\x00\x7f",
        b"\x43\x00\x01\x00",
        b"\x3f\x7f\x01\x05",
    ]
    behind = bytes([0x42, 1, 1]) * 32 + b"\x42\x00"
    for kind in kinds:
        assert excess(component(section(7, b"\x02" + kind + behind))) is Part.NESTING, kind.hex()
    for kind in (b"\x6c", b"\x50", b"\x70\x40", b"\x70\xff\xff\xff\xff\x1f"):
        with pytest.raises(Malformed, match="unknown"):
            check(component(section(7, b"\x02" + kind + behind)))


def test_components_that_toolchains_make_pass() -> None:
    target = ROOT / "target"
    found = [*(target / "plugins").glob("*.wasm"), *(target / "guests").glob("*.wasm"), *target.glob("examples/*.wasm")]
    assert len(found) >= 4, "run `make components` first"
    for file in found:
        assert excess(file.read_bytes()) is None, file


def test_every_limit_is_told_with_what_would_be_right() -> None:
    # In the words of the Rust host.
    source = (ROOT / "hosts" / "rust" / "src" / "structure.rs").read_text()
    for part in Part:
        words = part.words if part.limit == 0 else part.words.replace(f"more than {part.limit} ", "more than {limit} ")
        assert f'"{words}"' in source, part
    assert Part.MEMORIES.words == "has more than 1 memory; link its code into one core module with one memory"


def test_any_bytes_are_walked_to_an_end() -> None:
    chance = random.Random(9)
    for _ in range(3_000):
        noise = chance.randbytes(chance.randrange(200))
        for content in (component(noise), *(component(section(id, noise)) for id in range(1, 13))):
            try:
                check(content)
            except (TooMuch, Malformed):
                continue
