"""Makes it known that memory was refused.

To a WebAssembly program, memory that it cannot have is a number, -1, and most programs answer it with a trap of their
own: the runtime cannot tell that from a bug. So a plugin's core module is rewritten when it is loaded. Each
`memory.grow` becomes a call of a function that is added at the end:

```wat
(global $refused (export "pointsman:memory-refused") (mut i32) (i32.const 0))
(func $grow (param $pages i32) (result i32) (local $before i32)
  (if (i32.eq (local.tee $before (memory.grow (local.get $pages))) (i32.const -1))
    (then (if (i64.gt_u (i64.add (i64.extend_i32_u (memory.size)) (i64.extend_i32_u (local.get $pages)))
                        (i64.const the limit))
      (then (global.set $refused (i32.const 1)) unreachable))))
  (local.get $before))
```

A growth beyond the limit thus ends the call, and the global says why; one beyond what the module itself declares as its
most is the module's own affair, and -1 as ever. Nothing that was there gets another number, because what is added comes
last. Of the exports only those remain that the host calls.

To find each `memory.grow` every instruction must be known, for its operands could look like one; see
`instructions.py`. Modules were found valid before they come here, and the result is validated again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pointsman.runtime.loading.component import CoreModule, Malformed, number, read_number, sections, vector
from pointsman.runtime.loading.instructions import BLOCK, BR_TABLE, END, MEMORY_GROW, STRAIGHT

REFUSED = "pointsman:memory-refused"
"""The global that is 1 once memory was refused."""

_PLAIN = re.compile(rb"(?:" + STRAIGHT + rb"|" + BLOCK + rb"|" + END + rb")*+", re.DOTALL)
"""A run of instructions of which none is `memory.grow`."""

_TYPE, _FUNCTION, _GLOBAL, _EXPORT, _CODE = 1, 3, 6, 7, 10
# Not in the order of their numbers: the count of data segments stands before the code. Exceptions' tags are not
# admitted.
_ORDER = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11)

_I32 = b"\x7f"


def metered(core: bytes, module: CoreModule, exports: frozenset[str], most_pages: int) -> bytes:
    """The core module with its growth beyond so many pages told, and of its exports only these.

    Raises `Malformed` for an instruction that is not known.
    """
    parts = {id: content for id, content in sections(core) if id != 0}
    function = module.functions
    grow_type, types = _appended(parts.get(_TYPE), b"\x60\x01" + _I32 + b"\x01" + _I32)
    _, functions = _appended(parts.get(_FUNCTION), number(grow_type))
    refused, globals_ = _appended(parts.get(_GLOBAL), _I32 + b"\x01\x41\x00\x0b")
    call = b"\x10" + number(function)
    bodies = [_rewritten(body, call) for body in module.bodies]
    bodies.append(_grow(refused, most_pages))
    kept = [raw for name, raw in module.exports if name in exports]
    name = REFUSED.encode()
    kept.append(number(len(name)) + name + b"\x03" + number(refused))
    parts |= {
        _TYPE: types,
        _FUNCTION: functions,
        _GLOBAL: globals_,
        _EXPORT: vector(kept),
        _CODE: vector([number(len(body)) + body for body in bodies]),
    }
    unknown = parts.keys() - set(_ORDER)
    if unknown:
        raise Malformed(f"a core module's section {min(unknown)} is not known")
    written = (bytes([id]) + number(len(parts[id])) + parts[id] for id in _ORDER if id in parts)
    return core[:8] + b"".join(written)


def _appended(section: bytes | None, entry: bytes) -> tuple[int, bytes]:
    """A section with one entry more, and the number of that entry. For sections whose entries the module itself
    defines: it imports nothing, so they are numbered from 0.
    """
    count, start = read_number(section, 0) if section else (0, 0)
    return count, number(count + 1) + (section or b"")[start:] + entry


def _grow(refused: int, most_pages: int) -> bytes:
    """The body of the function that grows memory."""
    # One local; local.get 0; memory.grow; local.tee 1; i32.const -1; i32.eq; if
    start = b"\x01\x01\x7f\x20\x00" + MEMORY_GROW + b"\x22\x01\x41\x7f\x46\x04\x40"
    # memory.size; i64.extend_i32_u; local.get 0; i64.extend_i32_u; i64.add; i64.const; i64.gt_u; if
    is_beyond = b"\x3f\x00\xad\x20\x00\xad\x7c\x42" + _signed(most_pages) + b"\x56\x04\x40"
    # i32.const 1; global.set; unreachable; end; end; local.get 1; end
    return start + is_beyond + b"\x41\x01\x24" + number(refused) + b"\x00\x0b\x0b\x20\x01\x0b"


def _signed(value: int) -> bytes:
    """A number that is not negative as signed LEB128: with room for the sign in its last byte."""
    unsigned = number(value)
    return unsigned if not unsigned[-1] & 0x40 else unsigned[:-1] + bytes((unsigned[-1] | 0x80, 0))


def _rewritten(body: bytes, call: bytes) -> bytes:
    """A function's body with each `memory.grow` replaced."""
    pieces = []
    done = 0
    for place in _growths(body):
        pieces += [body[done:place], call]
        done = place + len(MEMORY_GROW)
    if not pieces:
        return body
    return b"".join([*pieces, body[done:]])


def _growths(body: bytes) -> Iterator[int]:
    """Where `memory.grow` is in a function's body."""
    groups, at = read_number(body, 0)
    for _ in range(groups):
        # So many locals of one type, which is a byte for all types that are admitted.
        _, at = read_number(body, at)
        at += 1
    while True:
        run = _PLAIN.match(body, at)
        at = run.end() if run else at
        if at >= len(body):
            return
        if body.startswith(MEMORY_GROW, at):
            yield at
            at += len(MEMORY_GROW)
        elif body[at] == BR_TABLE:
            # The targets and the default.
            targets, at = read_number(body, at + 1)
            for _ in range(targets + 1):
                _, at = read_number(body, at)
        else:
            raise Malformed(f"instruction 0x{body[at]:02x} is not known")
