"""Bounds a component's structure before wasmtime sees its bytes.

Parsers of components recurse into nested types, components and blocks, runtimes multiply instances that instantiate
each other, and wasmtime panics where it has to copy a string between two memories. A few kilobytes are enough to end
a process with any of these: through wasmtime's C interface a panic is no exception, it aborts. So a file is walked here
first, in time and memory in proportion to its size and without recursion, and what has more of a `Part` than toolchains
make is refused. Whether the rest of it is right is wasmtime's to say; but what cannot be read here is refused too,
because nothing behind it was measured.

This package knows neither the contract nor a runtime. The limits and their words are those of the Rust host.

| file | what it is for |
|---|---|
| `part.py` | what there may be too much of, and how much is too much |
| `reader.py` | reading bytes, and what names and references look like in them |
| `scope.py` | index spaces: how deep types refer to each other, what an instance consists of |
| `types.py` | component types and instance types, without recursion |
| `blocks.py` | how deep blocks are nested in functions |
"""

from __future__ import annotations

from pointsman.errors.part import Part
from pointsman.runtime.loading.component import COMPONENT_HEADER, CORE_MODULE_HEADER, Malformed
from pointsman.runtime.loading.structure import blocks, types
from pointsman.runtime.loading.structure.excess import TooMuch, at_most
from pointsman.runtime.loading.structure.reader import Kind, Reader
from pointsman.runtime.loading.structure.scope import Scopes

__all__ = ["Part", "TooMuch", "check"]

# Sections of a component.
_CORE_MODULE, _CORE_INSTANCE, _CORE_TYPE, _COMPONENT = 1, 2, 3, 4
_INSTANCE, _ALIAS, _TYPE, _IMPORT, _EXPORT = 5, 6, 7, 10, 11
# Sections of a core module.
_MEMORY, _CODE = 5, 10

# How an instance is made.
_INSTANTIATED, _BUNDLED = 0, 1


def check(component: bytes) -> None:
    """Finds what a component has too much of. The bytes need not be one.

    Raises `TooMuch`, or `Malformed` for what cannot be read.
    """
    reader = Reader(component)
    reader.header(COMPONENT_HEADER)
    scopes = Scopes()
    scopes.open()
    # Of what is around the component that is being read, up to where it goes.
    around: list[int] = []
    modules = 0
    while True:
        if reader.at == reader.end:
            scopes.close_component()
            if not around:
                return
            reader.end = around.pop()
            continue
        id, section = reader.section()
        if id == _COMPONENT:
            # Entered, not read as a whole: the same reader goes on inside.
            around.append(reader.end)
            reader.at, reader.end = section.at, section.end
            reader.header(COMPONENT_HEADER)
            scopes.open()
        elif id == _CORE_MODULE:
            modules += 1
            at_most(Part.CORE_MODULES, modules)
            scopes.last.modules.append(_memories(section))
        else:
            _read_section(id, section, scopes)


def _memories(module: Reader) -> int:
    """How many memories a core module has; its functions are looked at on the way."""
    module.header(CORE_MODULE_HEADER)
    memories = 0
    while module.at < module.end:
        id, section = module.section()
        if id == _MEMORY:
            memories += section.number()
        elif id == _CODE:
            blocks.check(section)
    return memories


def _read_section(id: int, section: Reader, scopes: Scopes) -> None:
    if id == _TYPE:
        types.read(section, scopes)
        return
    read = _READERS.get(id)
    if read is None:
        # What ties the parts together.
        return
    count = section.number()
    scopes.count(count)
    if id != _CORE_TYPE:
        for _ in range(count):
            read(section, scopes)


def _core_instance(section: Reader, scopes: Scopes) -> None:
    how = section.byte()
    if how == _INSTANTIATED:
        scopes.last.instantiate_module(section.number())
    elif how != _BUNDLED:
        raise Malformed(f"an instance is made in an unknown way, {how}")
    # Arguments, or exports of what there is: a name, a byte that says what it is, a number.
    for _ in range(section.number()):
        section.name()
        section.byte()
        section.number()


def _instance(section: Reader, scopes: Scopes) -> None:
    how = section.byte()
    if how == _INSTANTIATED:
        scopes.last.instantiate(section.number())
        for _ in range(section.number()):
            section.name()
            section.sort()
            section.number()
    elif how == _BUNDLED:
        members = section.number()
        scopes.count(members)
        scopes.bundle(_member(section) for _ in range(members))
    else:
        raise Malformed(f"an instance is made in an unknown way, {how}")


def _member(section: Reader) -> tuple[Kind, int]:
    section.extern_name()
    return section.kind(), section.number()


def _alias(section: Reader, scopes: Scopes) -> None:
    scopes.alias(section.alias())


def _import(section: Reader, scopes: Scopes) -> None:
    section.extern_name()
    scopes.declare(section.type_ref())


def _export(section: Reader, scopes: Scopes) -> None:
    section.extern_name()
    kind, index = section.kind(), section.number()
    ascribed = section.type_ref() if section.flag() else None
    scopes.export(kind, index, ascribed)


def _core_type(section: Reader, scopes: Scopes) -> None:
    """Counted only: core types do not nest."""


_READERS = {
    _CORE_INSTANCE: _core_instance,
    _CORE_TYPE: _core_type,
    _INSTANCE: _instance,
    _ALIAS: _alias,
    _IMPORT: _import,
    _EXPORT: _export,
}
