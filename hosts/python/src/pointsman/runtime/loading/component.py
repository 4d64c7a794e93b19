"""Components and core modules as bytes: sections, and what is in those that the host must know.

A component is a few sections around a core module, which has all of the code; the rest only says how the module's
numbers are strings and records. The module is taken out and run by itself, because only so can its code be seen and its
`memory.grow` be rewritten (see `meter.py`).

Only structure is read here. What it means, and whether it is right, wasmtime decides: of the module as it is, and of
the component with the bodies of the module's functions replaced by a trap, which takes some 20 ms instead of the time
that compiling the same code twice would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

COMPONENT_HEADER = b"\0asm\x0d\0\x01\0"
CORE_MODULE_HEADER = b"\0asm\x01\0\0\0"

_CORE_MODULE = 1
"""The id of a component's section that is a core module."""
_FUNCTION, _EXPORT, _CODE = 3, 7, 10

_TRAP = b"\x03\x00\x00\x0b"
"""A function's body, with its size: no locals, `unreachable`, `end`."""


class Malformed(Exception):
    """The bytes are not what they should be; one sentence."""


@dataclass(frozen=True)
class CoreModule:
    """What the host must know of a core module."""

    functions: int
    """How many functions it has. It imports none, so they are numbered from 0."""
    bodies: Sequence[bytes]
    """Their code, without sizes."""
    exports: Sequence[tuple[str, bytes]]
    """The names it exports, and each entry as it is written."""

    @classmethod
    def read(cls, core: bytes) -> CoreModule:
        """Reads a module that was found valid."""
        parts = {id: content for id, content in sections(core) if id != 0}
        functions, _ = read_number(parts.get(_FUNCTION, b"\0"), 0)
        return cls(functions, _bodies(parts.get(_CODE, b"\0")), _exports(parts.get(_EXPORT, b"\0")))


def core_modules(component: bytes) -> list[bytes]:
    """The core modules of a component, without those of components within it."""
    return [content for id, content in sections(component) if id == _CORE_MODULE]


def skeleton(component: bytes) -> bytes:
    """The component with every function of its core modules replaced by a trap.

    Raises `Malformed`.
    """
    parts = [component[:8]]
    for id, content in sections(component):
        if id == _CORE_MODULE:
            content = _hollow(content)
        parts += [bytes([id]), number(len(content)), content]
    return b"".join(parts)


def _hollow(core: bytes) -> bytes:
    parts = [core[:8]]
    for id, content in sections(core):
        if id == _CODE:
            count, _ = read_number(content, 0)
            # Each has at least a size, so there cannot be more than bytes.
            content = vector([_TRAP] * min(count, len(content)))
        parts += [bytes([id]), number(len(content)), content]
    return b"".join(parts)


def sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    """The sections of a component or core module: their ids and contents.

    Raises `Malformed`.
    """
    at = 8
    while at < len(module):
        id = module[at]
        size, start = read_number(module, at + 1)
        at = start + size
        if at > len(module):
            raise Malformed(f"section {id} goes beyond the end, at offset {start}")
        yield id, module[start:at]


def _bodies(section: bytes) -> list[bytes]:
    count, at = read_number(section, 0)
    bodies = []
    for _ in range(count):
        size, at = read_number(section, at)
        bodies.append(section[at : at + size])
        at += size
    return bodies


def _exports(section: bytes) -> list[tuple[str, bytes]]:
    count, at = read_number(section, 0)
    exports = []
    for _ in range(count):
        start = at
        length, at = read_number(section, at)
        name = section[at : at + length]
        # The kind is one byte; what is exported is a number.
        _, at = read_number(section, at + length + 1)
        exports.append((name.decode(), section[start:at]))
    return exports


def read_number(module: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number of at most 32 bits, and where it ends.

    Raises `Malformed`.
    """
    value = shift = 0
    while shift < 35:
        if at >= len(module):
            raise Malformed(f"a number goes beyond the end, at offset {at}")
        byte = module[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise Malformed(f"a number is longer than 32 bits, at offset {at}")


def number(value: int) -> bytes:
    """A number as unsigned LEB128."""
    digits = bytearray()
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)


def vector(entries: Sequence[bytes]) -> bytes:
    """Entries with their count before them."""
    return number(len(entries)) + b"".join(entries)
