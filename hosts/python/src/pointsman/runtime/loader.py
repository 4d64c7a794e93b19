"""Loading: from the bytes of a component to a compiled core module, or a refusal that says why.

The rest of the host knows nothing of what is behind `load`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wasmtime import Engine, Module, WasmtimeError

from pointsman.runtime.contract import Contract
from pointsman.runtime.file import ComponentFile
from pointsman.runtime.limits import Limits
from pointsman.runtime.loading import admission
from pointsman.runtime.loading.meter import REFUSED

__all__ = ["REFUSED", "load"]


@dataclass(frozen=True)
class Admitted:
    """A component that was found right."""

    version: str
    """The contract's version."""
    exports: Sequence[str]
    """The names of what it exports."""
    module: Module
    """Its core module, compiled. It imports nothing and exports `memory`, `cabi_realloc`, the contract's functions, and
    the global `REFUSED`, which is 1 once the limit refused memory."""


def load(engine: Engine, file: ComponentFile, contract: Contract, limits: Limits) -> Admitted:
    """Checks a component, takes its core module out and compiles it.

    # Errors
    `LoadError`, which says what about the file is not right.
    """
    name = file.id.name
    admitted = admission.admit(engine, name, file.content, contract, limits)
    try:
        module = Module(engine, admitted.core)
    except WasmtimeError as error:
        raise admission.malformed(name, error) from error
    admission.check_module(name, module, admitted.functions, limits)
    return Admitted(admitted.version, admitted.exports, module)
