"""Strategies with a core module that is written by hand, in the component that a toolchain made around blue-green's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from wasmtime import wat2wasm

from crash import section
from support import component

HEADER = 8
CORE_MODULE = 1
"""The id of a component's section that is a core module."""

TYPED, JSON = "pointsman:strategy/strategy@0.2.0", "pointsman:strategy/strategy-json@0.2.0"
FUNCTIONS = f"""(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export "{TYPED}#evaluate-cycle") (param i32) (result i32) (i32.const 0))
    (func (export "{TYPED}#describe") (result i32) (i32.const 0))
    (func (export "{TYPED}#check-config") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export "{JSON}#evaluate-cycles") (param i32 i32) (result i32) (i32.const 0))
    (func (export "{JSON}#check-config") (param i32 i32) (result i32) (i32.const 0))
    (func (export "cabi_post_{TYPED}#evaluate-cycle") (export "cabi_post_{TYPED}#describe")
        (export "cabi_post_{TYPED}#check-config") (export "cabi_post_{JSON}#evaluate-cycles")
        (export "cabi_post_{JSON}#check-config") (param i32))
"""
MEMORY = '(memory (export "memory") 1)'


def strategy(core: str) -> bytes:
    """A strategy over this core module, which has to export what the toolchain's component wants of it."""
    before, after = _around()
    return before + section(CORE_MODULE, bytes(wat2wasm(f"(module {core})"))) + after


@cache
def _around() -> tuple[bytes, bytes]:
    content = component("plugins/blue_green.wasm").read_bytes()
    ((start, end),) = [(start, end) for id, start, end in _sections(content) if id == CORE_MODULE]
    return content[:start], content[end:]


def _sections(content: bytes) -> Iterator[tuple[int, int, int]]:
    """The sections: their ids, where they start and where they end."""
    at = HEADER
    while at < len(content):
        start, size, shift = at, 0, 0
        at += 1
        while True:
            byte = content[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
        at += size
        yield content[start], start, at
