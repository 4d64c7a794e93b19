"""Reading a component's bytes: numbers, names, and how things are referred to.

The format is that of the component model's `Binary.md`, as wasmtime's parser takes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from pointsman.runtime.loading.component import Malformed

_CORE = 0x00
"""The sort of what belongs to core modules; a byte with its own sort follows."""
_CORE_MODULE = 0x11

_PRIMITIVES = frozenset((*range(0x73, 0x80), 0x64))


class Kind(IntEnum):
    """What kind of thing is imported, exported, or referred to."""

    FUNC = 0x01
    VALUE = 0x02
    TYPE = 0x03
    COMPONENT = 0x04
    INSTANCE = 0x05
    MODULE = 0x100 + _CORE_MODULE


_KINDS = {int(kind): kind for kind in Kind}


@dataclass(frozen=True)
class TypeRef:
    """What something is that is imported or declared."""

    kind: Kind
    index: int | None
    """Its type, by index; None where that refers to no other."""


@dataclass(frozen=True)
class InstanceExport:
    """An alias of something in an instance."""

    kind: Kind
    instance: int


@dataclass(frozen=True)
class Outer:
    """An alias of something in what is around; so many levels out, 0 being the innermost."""

    kind: Kind
    count: int
    index: int


Alias = InstanceExport | Outer | None
"""None for what belongs to core modules, which is not followed."""


class Reader:
    """Reads bytes from one place up to another. Its methods raise `Malformed`."""

    __slots__ = ("_bytes", "at", "end")

    def __init__(self, content: bytes, at: int = 0, end: int | None = None) -> None:
        self._bytes = content
        self.at = at
        self.end = len(content) if end is None else end

    @property
    def content(self) -> bytes:
        """What it reads in, all of it."""
        return self._bytes

    def byte(self) -> int:
        """The next byte."""
        at = self.at
        if at >= self.end:
            raise self.early()
        self.at = at + 1
        return self._bytes[at]

    def peek(self) -> int:
        """The next byte, which stays the next."""
        if self.at >= self.end:
            raise self.early()
        return self._bytes[self.at]

    def flag(self) -> bool:
        """A byte that is 0 or 1."""
        byte = self.byte()
        if byte > 1:
            raise Malformed(f"a flag is neither 0 nor 1, at offset {self.at - 1}")
        return byte == 1

    def skip(self, count: int) -> None:
        """Skips so many bytes."""
        self.at += count
        if self.at > self.end:
            raise self.early()

    def number(self) -> int:
        """An unsigned LEB128 number of at most 32 bits."""
        value = self.byte()
        if value < 0x80:
            return value
        value, shift = value & 0x7F, 7
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 and value < 1 << 32:
                return value
            if byte < 0x80 or shift > 28:
                raise Malformed(f"a number is longer than 32 bits, at offset {self.at}")

    def name(self) -> None:
        """A text, which is skipped."""
        self.skip(self.number())

    def header(self, expected: bytes) -> None:
        """How a component or core module begins."""
        start = self.at
        self.skip(len(expected))
        if self._bytes[start : self.at] != expected:
            raise Malformed(f"a part begins as no such part does, at offset {start}")

    def section(self) -> tuple[int, Reader]:
        """The id of the next section, and what reads it; this goes on behind it."""
        id = self.byte()
        size = self.number()
        start = self.at
        if start + size > self.end:
            raise Malformed(f"section {id} goes beyond the end, at offset {start}")
        self.at = start + size
        return id, Reader(self._bytes, start, self.at)

    def extern_name(self) -> None:
        """The name of an import or export, which is skipped."""
        kind = self.byte()
        self.name()
        if kind == 0x02:
            for _ in range(self.number()):
                self.byte()
                self.name()
        elif kind > 0x02:
            raise Malformed(f"a name is of an unknown kind, {kind}")

    def sort(self) -> int:
        """What an index is of; of what belongs to core modules, 256 more."""
        sort = self.byte()
        return 0x100 + self.byte() if sort == _CORE else sort

    def kind(self) -> Kind:
        """What kind of thing is referred to."""
        return _kind(self.sort())

    def value(self) -> int | None:
        """The type of a value: an index, or None for a primitive one."""
        if self.peek() in _PRIMITIVES:
            self.at += 1
            return None
        # A signed number of 33 bits, which an index is not below 0.
        value = shift = 0
        while shift < 35:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                if byte & 0x40 or value >= 1 << 32:
                    break
                return value
        raise Malformed(f"a value is of an unknown type, at offset {self.at - 1}")

    def optional_value(self) -> int | None:
        """The type of a value, if there is one."""
        return self.value() if self.flag() else None

    def type_ref(self) -> TypeRef:
        """What something is that is imported or declared."""
        kind = self.kind()
        if kind is Kind.VALUE:
            return TypeRef(kind, self.value())
        if kind is Kind.TYPE and self.flag():
            # A resource.
            return TypeRef(kind, None)
        index = self.number()
        # Types of core modules do not nest.
        return TypeRef(kind, None if kind is Kind.MODULE else index)

    def alias(self) -> Alias:
        """A reference to something in an instance, or in what is around."""
        sort = self.sort()
        target = self.byte()
        if target in (0x00, 0x01):
            instance = self.number()
            self.name()
            return InstanceExport(_kind(sort), instance) if target == 0 else None
        if target != 0x02:
            raise Malformed(f"an alias is of an unknown kind, {target}")
        outer, index = self.number(), self.number()
        return None if sort == _OUTER_CORE_TYPE else Outer(_kind(sort), outer, index)

    def early(self) -> Malformed:
        """What is wrong where something is missing."""
        return Malformed(f"it ends too early, at offset {self.end}")


_OUTER_CORE_TYPE = 0x110


def _kind(sort: int) -> Kind:
    kind = _KINDS.get(sort)
    if kind is None:
        raise Malformed(f"something is of an unknown sort, {sort & 0xFF:#x}")
    return kind
