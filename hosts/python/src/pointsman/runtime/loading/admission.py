"""What a file must be to be loaded: a component that exports a supported contract and imports no function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wasmtime import Engine, FuncType, MemoryType, Module, WasmtimeError
from wasmtime.component import Component, ComponentInstanceType, ComponentItem, ValType
from wasmtime.component import FuncType as ComponentFunction

from pointsman.contract.words import listed
from pointsman.errors import LoadError, LoadProblem
from pointsman.runtime.contract import Contract
from pointsman.runtime.limits import PAGE, Limits
from pointsman.runtime.loading import structure
from pointsman.runtime.loading.component import (
    COMPONENT_HEADER,
    CORE_MODULE_HEADER,
    CoreModule,
    Malformed,
    core_modules,
    sections,
    skeleton,
)
from pointsman.runtime.loading.meter import metered

_I32 = ["i32"]


_REALLOC = "cabi_realloc"
_CORE_IMPORTS = 2
"""The section of a core module's imports."""


@dataclass(frozen=True)
class Admitted:
    """A component that may be loaded."""

    version: str
    """The contract's version."""
    exports: Sequence[str]
    """The names of what it exports."""
    functions: Mapping[str, Sequence[str]]
    """The names of the functions that its core module must export, with the types of their parameters. Each returns one
    i32."""
    core: bytes
    """Its core module, to be compiled."""


def admit(engine: Engine, name: str, component: bytes, contract: Contract, limits: Limits) -> Admitted:
    """Raises `LoadError`, which says what about the bytes is not right."""
    _check_header(name, component)
    _check_structure(name, component)
    try:
        modules = core_modules(component)
        for module in modules:
            Module.validate(engine, module)
        whole = Component(engine, skeleton(component))
        # Imports first: a component made for another kind of host is best told by what it wants from it.
        _check_imports(name, whole, engine, contract)
        version = _version(name, whole, engine, contract)
        functions = _functions(name, whole, engine, contract, version)
        if len(modules) != 1:
            raise LoadError(
                LoadProblem.SEVERAL_MODULES, f"`{name}` has {len(modules)} core modules; this host needs exactly one"
            )
        if any(id == _CORE_IMPORTS for id, _ in sections(modules[0])):
            message = f"`{name}`'s core module imports something; this host needs one that is whole in itself"
            raise LoadError(LoadProblem.IMPORTS, message)
        core = metered(
            modules[0], CoreModule.read(modules[0]), frozenset({*functions, "memory"}), limits.memory // PAGE
        )
        return Admitted(version, list(whole.type.exports(engine)), functions, core)
    except (Malformed, WasmtimeError) as error:
        raise malformed(name, error) from error


def malformed(name: str, error: Exception) -> LoadError:
    """What wasmtime, or the reader of sections, has against a component."""
    return LoadError(LoadProblem.MALFORMED, f"`{name}` is not a valid component: {' '.join(str(error).split())}")


def _check_header(name: str, component: bytes) -> None:
    header = component[:8]
    if header == CORE_MODULE_HEADER:
        message = f"`{name}` is a core WebAssembly module, not a component; link it with `wasm-component-ld`"
        raise LoadError(LoadProblem.CORE_MODULE, message)
    if header != COMPONENT_HEADER:
        raise LoadError(LoadProblem.NOT_WASM, f"`{name}` is not WebAssembly")


def _check_structure(name: str, component: bytes) -> None:
    """Must come before wasmtime sees the bytes."""
    try:
        structure.check(component)
    except structure.TooMuch as excess:
        raise LoadError(LoadProblem.TOO_COMPLEX, f"`{name}` {excess}", excess.part) from None
    except Malformed as error:
        raise malformed(name, error) from error


def _check_imports(name: str, component: Component, engine: Engine, contract: Contract) -> None:
    """What is imported must not reach anything: it may only be types. The contract's own types come as an import of an
    instance that has nothing else.
    """
    imports = []
    for imported, extern in component.type.imports(engine).items():
        what = _item(extern)
        if isinstance(what, ComponentInstanceType):
            members = what.exports(engine).items()
            imports += [f"{imported}#{member}" for member, of in members if not isinstance(_item(of), ValType)]
        elif not isinstance(what, ValType):
            imports.append(imported)
    if imports:
        message = f"`{name}` imports {listed(imports)}; a {contract.name} must not import anything"
        raise LoadError(LoadProblem.IMPORTS, message)


def _version(name: str, component: Component, engine: Engine, contract: Contract) -> str:
    """The supported version of the contract that is exported."""
    exported = (export.partition("@") for export in component.type.exports(engine))
    found = [version for export, _, version in exported if export == contract.main]
    if not found:
        message = f"`{name}` is a component but not a {contract.name}: it does not export `{contract.main}`"
        raise LoadError(LoadProblem.NOT_A_STRATEGY, message)
    for version in contract.versions:
        if version in found:
            return version
    message = (
        f"`{name}` exports contract version {listed(found)}; this host supports {listed(contract.versions)}: rebuild "
        'it with that version of `pointsman` (CONTRIBUTING, "From 0.1.0 to 0.2.0")'
    )
    raise LoadError(LoadProblem.UNSUPPORTED_CONTRACT, message)


def _functions(
    name: str, component: Component, engine: Engine, contract: Contract, version: str
) -> dict[str, Sequence[str]]:
    """The contract's functions by the names that they have in the core module."""
    exports = component.type.exports(engine)
    functions: dict[str, Sequence[str]] = {_REALLOC: _I32 * 4}
    for interface, members in contract.functions.items():
        entry_point = f"{interface}@{version}"
        instance = _item(exports[entry_point]) if entry_point in exports else None
        found = instance.exports(engine) if isinstance(instance, ComponentInstanceType) else {}
        for function, parameters in members.items():
            if function not in found or not isinstance(_item(found[function]), ComponentFunction):
                raise _missing(name, f"{entry_point}#{function}")
            functions[f"{entry_point}#{function}"] = parameters
    return functions


def check_module(name: str, module: Module, functions: Mapping[str, Sequence[str]], limits: Limits) -> None:
    """Whether the compiled core module has the functions, of the contract's types, and starts with no more memory than
    it may.

    Raises `LoadError`.
    """
    found = {export.name: export.type for export in module.exports}
    for function, parameters in functions.items():
        type = found.get(function)
        if not isinstance(type, FuncType):
            raise _missing(name, function)
        if [str(each) for each in type.params] != parameters or [str(each) for each in type.results] != _I32:
            message = f"`{name}` exports `{function}` with another type than the contract's"
            raise LoadError(LoadProblem.WRONG_TYPE, message)
    memory = found.get("memory")
    if not isinstance(memory, MemoryType):
        raise _missing(name, "memory")
    needed = memory.limits.min * PAGE
    if needed > limits.memory:
        message = f"`{name}` needs {needed} bytes of memory to start, the limit is {limits.memory}"
        raise LoadError(LoadProblem.MEMORY, message)


def _item(extern: Any) -> ComponentItem | None:
    """What is imported or exported; None for what wasmtime's package has no class for."""
    try:
        # Before wasmtime 49 it is the item itself.
        item: ComponentItem = getattr(extern, "ty", extern)
        return item
    except TypeError:
        return None


def _missing(name: str, export: str) -> LoadError:
    return LoadError(LoadProblem.MISSING_EXPORT, f"`{name}` does not export `{export}`")
