"""How deep blocks are nested in functions.

Functions are most of a component's bytes, and hardly any could be too deep: each block takes two bytes or more, the
first of which is one of four, so that counting bytes bounds the depth. Only where that is not enough the code is read.
"""

from __future__ import annotations

import re
from typing import cast

from pointsman.errors.part import Part
from pointsman.runtime.loading.component import Malformed
from pointsman.runtime.loading.instructions import BLOCK, BR_TABLE, END, MEMORY_GROW, STRAIGHT
from pointsman.runtime.loading.structure.excess import at_most
from pointsman.runtime.loading.structure.reader import Reader

_TRY_TABLE = 0x1F
"""Exceptions are off; but too many blocks are too many, whatever they are."""

_OPENING = (b"\x02", b"\x03", b"\x04", bytes([_TRY_TABLE]))
"""block, loop, if, try_table."""

_LEAST = 2
"""How many bytes the beginning of a block takes at least: its opcode and its type."""

_WITHOUT_TAG = 0x02
"""The first kind of handler of exceptions that names no tag."""

_VALUE_TYPES = frozenset((0x7F, 0x7E, 0x7D, 0x7C, 0x7B, 0x70, 0x6F))

_NEXT = re.compile(
    rb"(?:" + STRAIGHT + rb"|" + MEMORY_GROW + rb")*+" + rb"(?:(" + BLOCK + rb")|(" + END + rb"))?+", re.DOTALL
)
"""Up to and with the next beginning or end of a block; without it before what has operands of another shape."""
_BEGINS, _ENDS = 1, 2


def check(code: Reader) -> None:
    """Finds blocks that are nested too deep, in a section of functions.

    Raises `TooMuch` and `Malformed`.
    """
    for _ in range(code.number()):
        size = code.number()
        start = code.at
        code.skip(size)
        if _may_be_deep(code.content, start, code.at):
            _walk(Reader(code.content, start, code.at))


def _may_be_deep(content: bytes, start: int, end: int) -> bool:
    limit = Part.BLOCKS.limit
    return end - start > limit * _LEAST and sum(content.count(byte, start, end) for byte in _OPENING) > limit


def _walk(body: Reader) -> None:
    """Follows how deep the blocks of a function are, in time in proportion to its size."""
    for _ in range(body.number()):
        # So many locals of one type.
        body.number()
        if body.byte() not in _VALUE_TYPES:
            raise Malformed(f"a local is of an unknown type, at offset {body.at - 1}")
    content, depth = body.content, 0
    while True:
        # It matches nothing at least.
        step = cast("re.Match[bytes]", _NEXT.match(content, body.at, body.end))
        body.at = step.end()
        if step.lastindex == _BEGINS:
            depth += 1
            at_most(Part.BLOCKS, depth)
        elif step.lastindex == _ENDS:
            # The last one ends the function.
            depth = max(0, depth - 1)
        elif body.at == body.end:
            return
        elif content[body.at] == BR_TABLE:
            body.byte()
            for _ in range(body.number() + 1):
                body.number()
        elif content[body.at] == _TRY_TABLE:
            depth += 1
            at_most(Part.BLOCKS, depth)
            _skip_try_table(body)
        else:
            raise Malformed(f"instruction 0x{content[body.at]:02x} is not known, at offset {body.at}")


def _skip_try_table(body: Reader) -> None:
    body.byte()
    # Its type, which may be longer than a number that is not negative.
    while body.byte() >= 0x80:
        pass
    for _ in range(body.number()):
        # Two of the four kinds of handlers name a tag.
        if body.byte() < _WITHOUT_TAG:
            body.number()
        body.number()
