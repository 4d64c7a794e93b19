"""The instructions of WebAssembly: what follows each opcode.

`meter.py` and `structure/blocks.py` look for a few of them, and must know all others to find those: an operand could
look like one. The table needs to be right only for what wasmtime takes with the host's settings (see `host.py`); an
instruction that is not in it is an error, never skipped. Patterns are those of `re`, with `re.DOTALL`.
"""

from __future__ import annotations

LEB = rb"[\x80-\xff]*+[\x00-\x7f]"
"""A number."""

_MEMARG = LEB + LEB

BLOCK = rb"[\x02-\x04]" + LEB
"""block, loop, if, with their type."""

END = rb"\x0b"

STRAIGHT = (
    # unreachable, nop, else, return, drop, select; comparisons, arithmetic, conversions; ref.is_null
    rb"[\x00\x01\x05\x0f\x1a\x1b\x45-\xc4\xd1]"
    # br, br_if; call, return_call; locals, globals, tables; i32.const, i64.const; ref.null, ref.func
    rb"|[\x0c\x0d\x10\x12\x20-\x26\x41\x42\xd0\xd2]"
    + LEB
    +
    # call_indirect, return_call_indirect; loads and stores
    rb"|[\x11\x13\x28-\x3e]"
    + _MEMARG
    +
    # select with its one type; memory.size
    rb"|\x1c\x01.|\x3f\x00"
    # f32.const, f64.const
    rb"|\x43.{4}|\x44.{8}"
    # saturating conversions; bulk operations on memories and tables
    rb"|\xfc(?:[\x00-\x07]|[\x09\x0b\x0d\x0f-\x11]" + LEB + rb"|[\x08\x0a\x0c\x0e]" + LEB + LEB + rb")"
    # vectors: memory; constants and shuffles; lanes; memory and a lane; all others, whose opcodes are 1 or 2 bytes long
    rb"|\xfd(?:[\x00-\x0b\x5c\x5d]" + _MEMARG + rb"|[\x0c\x0d].{16}|[\x15-\x22].|[\x54-\x5b]" + _MEMARG + rb"."
    rb"|[\x0e-\x14\x23-\x53\x5e-\x7f]|[\x80-\xff][\x01\x02])"
)
"""All that have operands of a fixed shape, but those above and `memory.grow`."""

MEMORY_GROW = b"\x40\x00"
BR_TABLE = 0x0E
"""So many targets, and the default."""
