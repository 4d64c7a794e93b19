"""Files that crash what reads them without measuring them first: parsers that recurse, compilers, runtimes.

The same as those of the Rust host's tests, `host-test/src/crash.rs`.
"""

from __future__ import annotations

from dataclasses import dataclass

from wasmtime import wat2wasm

from pointsman import Part
from support import ROOT

COMPONENT_HEADER = b"\0asm\x0d\0\x01\0"
CORE_MODULE_HEADER = b"\0asm\x01\0\0\0"

COMPONENT_TYPE, INSTANCE_TYPE = 0x41, 0x42
BLOCK, LOOP, IF = b"\x02\x40", b"\x03\x40", b"\x41\x00\x04\x40"


WORDS = {
    Part.NESTING: "nests components and types more than 32 deep; define them side by side",
    Part.TYPE_DEPTH: "has types that refer to each other over more than 100 levels; flatten them",
    Part.BLOCKS: "nests blocks more than 1000 deep in one function; split the function",
    Part.MEMORIES: "has more than 1 memory; link its code into one core module with one memory",
    Part.INSTANCES: "has more than 32 instances of nested components; link them into one",
}
"""Sentences of the loader, by file."""


@dataclass(frozen=True)
class Crash:
    """A file, and what it has too much of."""

    name: str
    part: Part
    content: bytes

    @property
    def message(self) -> str:
        """The sentence that refuses it."""
        return f"`{self.name}` {WORDS[self.part]}"


def files() -> list[Crash]:
    """One or more of each kind, the smallest that crashed something among them."""
    made = [
        ("two-memories", Part.MEMORIES, two_memories()),
        ("multiplying", Part.INSTANCES, multiplying(30)),
    ]
    for levels in (1_000, 100_000):
        made += [
            (f"component-types-{levels}", Part.NESTING, nested_types(COMPONENT_TYPE, levels)),
            (f"instance-types-{levels}", Part.NESTING, nested_types(INSTANCE_TYPE, levels)),
            (f"components-{levels}", Part.NESTING, nested_components(levels)),
        ]
    for levels in (127, 10_000):
        made += [
            (f"component-references-{levels}", Part.TYPE_DEPTH, references(COMPONENT_TYPE, 0x04, levels)),
            (f"instance-references-{levels}", Part.TYPE_DEPTH, references(INSTANCE_TYPE, 0x05, levels)),
        ]
    for name, opening in (("blocks", BLOCK), ("loops", LOOP), ("ifs", IF)):
        made += [(f"{name}-{levels}", Part.BLOCKS, nested_blocks(opening, levels)) for levels in (10_000, 100_000)]
    return [Crash(f"{name}.wasm", part, content) for name, part, content in made]


def two_memories() -> bytes:
    """Two nested components with a memory each, and a string that is passed from one to the other."""
    return bytes(wat2wasm((ROOT / "host-test" / "fixtures" / "two_memories.wat").read_text()))


def nested_types(kind: int, levels: int) -> bytes:
    """Types with one declaration each, another type, in so many others."""
    return component(section(7, b"\x01" + bytes([kind, 1, 1]) * levels + bytes([kind, 0])))


def nested_components(levels: int) -> bytes:
    """A component in so many others."""
    sizes = [len(COMPONENT_HEADER)]
    for _ in range(levels):
        sizes.append(len(COMPONENT_HEADER) + 1 + len(number(sizes[-1])) + sizes[-1])
    before = (COMPONENT_HEADER + b"\x04" + number(inside) for inside in reversed(sizes[:-1]))
    return b"".join(before) + COMPONENT_HEADER


def references(kind: int, sort: int, levels: int) -> bytes:
    """Types side by side: each but the first exports something of the one before."""
    # Two declarations: an alias of a type outside, and an export of that type.
    types = (
        bytes([kind, 2, 0x02, 0x03, 0x02, 1]) + number(before) + bytes([0x04, 0, 1, ord("a"), sort, 0])
        for before in range(levels)
    )
    return component(section(7, number(levels + 1) + bytes([kind, 0]) + b"".join(types)))


def multiplying(levels: int) -> bytes:
    """Each level instantiates the one inside twice."""
    made = component(b"")
    for _ in range(levels):
        made = component(section(4, made) + section(5, bytes([2, 0, 0, 0, 0, 0, 0])))
    return made


def nested_blocks(opening: bytes, levels: int, before: bytes = b"") -> bytes:
    """A function with blocks in each other, that are opened so, and something before them."""
    return with_code(before + opening * levels + b"\x0b" * (levels + 1))


def with_code(code: bytes, locals: bytes = b"\x00") -> bytes:
    """A component with a core module with one function."""
    body = locals + code
    functions = section(10, b"\x01" + number(len(body)) + body)
    return component(
        section(1, CORE_MODULE_HEADER + section(1, bytes([1, 0x60, 0, 0])) + section(3, bytes([1, 0])) + functions)
    )


def component(sections: bytes) -> bytes:
    return COMPONENT_HEADER + sections


def section(id: int, content: bytes) -> bytes:
    return bytes([id]) + number(len(content)) + content


def number(value: int) -> bytes:
    """A number as unsigned LEB128."""
    digits = bytearray()
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
