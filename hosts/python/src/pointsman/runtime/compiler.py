"""Compiling core modules: from the cache, in this process, or in one of its own."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import metadata

from wasmtime import Engine, Module, WasmtimeError

from pointsman.errors import LoadError, LoadProblem
from pointsman.runtime.cache import Cache
from pointsman.runtime.child import Child, is_possible
from pointsman.runtime.engine import SETTINGS
from pointsman.runtime.limits import Limits


def child_for(limits: Limits) -> Child | None:
    """The process that a plugin is compiled in; None where there are no limits for one, or it cannot be had here."""
    has_limits = limits.compile_time is not None or limits.compile_memory is not None
    return Child(limits) if has_limits and is_possible() else None


def compiled(engine: Engine, name: str, core: bytes, kept: Cache | None, child: Child | None = None) -> Module:
    """Compiles a core module, unless the cache has it: in the child, or in this process where there is none, which is
    for what comes with the package. It must be called where no signal's handler runs; see `lanes.py`.

    # Errors
    `LoadError`.
    """
    key = _key(core)
    code = None if kept is None else kept.read(key)
    if code is not None:
        try:
            return Module.deserialize(engine, code)
        except WasmtimeError:
            # Of another release of wasmtime, or for a processor that has what this one has not.
            pass
    module, code = _made(engine, name, core, child)
    if kept is not None:
        kept.write(key, module.serialize() if code is None else code)
    return module


def _made(engine: Engine, name: str, core: bytes, child: Child | None) -> tuple[Module, bytes | None]:
    try:
        if child is None:
            return Module(engine, core), None
        # Deserialized it is run as native code. It comes from our own program, by a pipe that nobody else has: it is
        # what wasmtime makes of the core module in this process, too.
        code = child.compile(name, core, SETTINGS)
        return Module.deserialize(engine, code), code
    except WasmtimeError as error:
        message = f"`{name}` is not a valid component: {' '.join(str(error).split())}"
        raise LoadError(LoadProblem.MALFORMED, message) from error


def _key(core: bytes) -> bytes:
    return hashlib.sha256(_compiler() + core).digest()


@cache
def _compiler() -> bytes:
    """What besides the core module says what compiled code is: entries of several releases stand side by side."""
    try:
        release = metadata.version("wasmtime")
    except metadata.PackageNotFoundError:
        # wasmtime looks at the release itself, too.
        release = ""
    return json.dumps([release, dict(SETTINGS)]).encode()
