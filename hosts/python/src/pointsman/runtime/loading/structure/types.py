"""Component types and instance types, which contain declarations of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pointsman.runtime.loading.component import Malformed
from pointsman.runtime.loading.structure.reader import Reader
from pointsman.runtime.loading.structure.scope import Scopes

# First bytes of the types that contain others.
_COMPONENT, _INSTANCE = 0x41, 0x42

# First bytes of declarations in them.
_TYPE, _ALIAS, _IMPORT, _EXPORT = 0x01, 0x02, 0x03, 0x04

_FUNCTIONS = (0x40, 0x43)


def read(section: Reader, scopes: Scopes) -> None:
    """Reads a section of types. Those that contain others are entered level by level, without recursion.

    Raises `TooMuch` and `Malformed`.
    """
    count = section.number()
    scopes.count(count)
    # How many types or declarations are left, of the section and of each type that is entered.
    left = [count]
    while left:
        if left[-1] == 0:
            left.pop()
            # The section itself is no type.
            if left:
                scopes.close_type()
            continue
        left[-1] -= 1
        if len(left) > 1 and not _is_type(section, scopes):
            continue
        kind = section.byte()
        if kind in (_COMPONENT, _INSTANCE):
            declarations = section.number()
            scopes.count(declarations)
            scopes.open()
            left.append(declarations)
        else:
            scopes.add_type(_depth(kind, section, scopes), is_function=kind in _FUNCTIONS)


def _is_type(section: Reader, scopes: Scopes) -> bool:
    """Reads what stands before a type in a declaration, or the whole declaration where it declares something else."""
    declaration = section.byte()
    if declaration == _TYPE:
        return True
    if declaration == _ALIAS:
        scopes.alias(section.alias())
    elif declaration in (_IMPORT, _EXPORT):
        section.extern_name()
        scopes.declare(section.type_ref())
    else:
        # Core types among them, which only components that take core modules as values have.
        raise Malformed(f"a type has a declaration of an unknown kind, {declaration}")
    return False


def _depth(kind: int, section: Reader, scopes: Scopes) -> int:
    """Over how many levels a type without declarations refers to others; the type is read."""
    read = _WITHOUT_DECLARATIONS.get(kind)
    if read is None:
        raise Malformed(f"a type is of an unknown kind, {kind:#x}")
    depth_of = scopes.last.type_depth
    # Primitive values are one deep, and what consists of them is one deeper; what has none is one deep itself.
    return max(map(depth_of, read(section)), default=0) + 1


def _nothing(_: Reader) -> Iterable[int | None]:
    return ()


def _value(section: Reader) -> Iterable[int | None]:
    yield section.value()


def _optional_value(section: Reader) -> Iterable[int | None]:
    if section.flag():
        yield section.value()


def _record(section: Reader) -> Iterable[int | None]:
    for _ in range(section.number()):
        section.name()
        yield section.value()


def _variant(section: Reader) -> Iterable[int | None]:
    for _ in range(section.number()):
        section.name()
        yield from _optional_value(section)
        # Once the case that it refined.
        section.byte()


def _tuple(section: Reader) -> Iterable[int | None]:
    for _ in range(section.number()):
        yield section.value()


def _labels(section: Reader) -> Iterable[int | None]:
    for _ in range(section.number()):
        section.name()
    return ()


def _two_values(section: Reader) -> Iterable[int | None]:
    yield section.value()
    yield section.value()


def _result(section: Reader) -> Iterable[int | None]:
    yield from _optional_value(section)
    yield from _optional_value(section)


def _handle(section: Reader) -> Iterable[int | None]:
    section.number()
    return ()


def _fixed_length_list(section: Reader) -> Iterable[int | None]:
    yield section.value()
    section.number()


def _function(section: Reader) -> Iterable[int | None]:
    yield from _record(section)
    if section.flag():
        section.byte()
    else:
        yield section.value()


def _resource(section: Reader) -> Iterable[int | None]:
    section.byte()
    if section.flag():
        section.number()
    return ()


_WITHOUT_DECLARATIONS: dict[int, Callable[[Reader], Iterable[int | None]]] = {
    **dict.fromkeys((*range(0x73, 0x80), 0x64), _nothing),
    **dict.fromkeys(_FUNCTIONS, _function),
    0x3F: _resource,
    0x63: _two_values,
    0x65: _optional_value,
    0x66: _optional_value,
    0x67: _fixed_length_list,
    0x68: _handle,
    0x69: _handle,
    0x6A: _result,
    0x6B: _value,
    0x6D: _labels,
    0x6E: _labels,
    0x6F: _tuple,
    0x70: _value,
    0x71: _variant,
    0x72: _record,
}
"""How each kind of type is read: it gives the types of the values in it."""
