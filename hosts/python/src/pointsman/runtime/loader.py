"""The loader: from the bytes of a component to a core module that may be compiled, or a refusal that says why.

The loader is a program, `loader.wasm`, that takes a component and gives the core module in it: checked, bounded in what
it costs to compile, and with every `memory.grow` rewritten, so that a refused one is told. It is one for the hosts in
all languages (`hosts/loader` in the repository). It reads bytes that nobody has vouched for, so it runs in a sandbox as
well: each file has an instance of its own, which reaches nothing and has a bounded memory. Its time is linear in a
file's size.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wasmtime import Trap, WasmtimeError

from pointsman.errors import HostError, LoadError, LoadProblem, Part
from pointsman.runtime.cache import Cache
from pointsman.runtime.compiler import compiled
from pointsman.runtime.contract import Contract
from pointsman.runtime.engine import bare_engine
from pointsman.runtime.file import ComponentFile
from pointsman.runtime.instance import Instance
from pointsman.runtime.limits import Limits

REFUSED = "pointsman refused"
"""The global that the loader adds to a core module."""

_INVALID_OPTIONS = "invalid-options"

PROBLEMS = {
    "not-wasm": LoadProblem.NOT_WASM,
    "core-module": LoadProblem.CORE_MODULE,
    "too-complex": LoadProblem.TOO_COMPLEX,
    "over-budget": LoadProblem.OVER_BUDGET,
    "malformed": LoadProblem.MALFORMED,
    "imports": LoadProblem.IMPORTS,
    "core-imports": LoadProblem.IMPORTS,
    "not-the-contract": LoadProblem.NOT_A_STRATEGY,
    "unsupported-contract": LoadProblem.UNSUPPORTED_CONTRACT,
    "missing-export": LoadProblem.MISSING_EXPORT,
    "core-modules": LoadProblem.SEVERAL_MODULES,
    "wrong-type": LoadProblem.WRONG_TYPE,
    "memory": LoadProblem.MEMORY,
}
"""The loader's kinds of refusals."""


@dataclass(frozen=True)
class Admitted:
    """A component that may be compiled."""

    version: str
    """The contract's version."""
    exports: Sequence[str]
    """The names of what it exports."""
    core: bytes
    """Its core module. It imports nothing and exports `memory`, `cabi_realloc`, the contract's functions, and the
    global `REFUSED`, which is 1 once the limit refused memory."""


class Loader:
    """The loader, compiled. It must be used where no signal's handler runs; see `lanes.py`."""

    def __init__(self, program: bytes, cache: Cache | None) -> None:
        """Compiles it, which takes most of a second, and 2 ms where the cache has it.

        # Errors
        `HostError` where the bytes are not the loader.
        """
        self._engine = bare_engine()
        try:
            self._module = compiled(self._engine, "loader.wasm", program, cache)
        except LoadError as error:
            raise HostError(f"there is no loader: {error}") from error

    def check_budgets(self, limits: Limits) -> None:
        """Finds budgets that there are not.

        # Errors
        `HostError`.
        """
        # It checks them before it looks at the component, of which there is none.
        try:
            answer, _ = self._run(_options("strategy", limits, limits.budgets), b"", limits)
        except (Trap, WasmtimeError, IndexError, ValueError) as error:
            raise HostError(f"the loader does not work: {_reason(error)}") from error
        _check_options(answer)

    def admit(self, file: ComponentFile, contract: Contract, limits: Limits) -> Admitted:
        """Checks a component, and gives its core module.

        # Errors
        `LoadError`, which says what about the file is not right.
        """
        name = file.id.name
        budgets = {} if contract.is_packaged else limits.budgets
        try:
            answer, core = self._run(_options(contract.name, limits, budgets), file.content, limits)
        except (Trap, WasmtimeError, IndexError, ValueError) as error:
            # A file with more names in it than the loader has memory for ends so, too.
            message = f"`{name}` made the loader fail, a bug in it or too little memory for it: {_reason(error)}"
            raise LoadError(LoadProblem.MALFORMED, message) from error
        _check_options(answer)
        if "error" in answer:
            raise _refusal(name, answer["error"])
        return Admitted(answer["ok"]["version"], answer["ok"]["exports"], core)

    def _run(self, options: bytes, component: bytes, limits: Limits) -> tuple[dict[str, Any], bytes]:
        """Runs it in a fresh instance: its answer, and a core module."""
        written = len(options).to_bytes(4, "little") + options + component
        # What it needs by itself, and eight times the largest file: the dearest tried, with 90,000 names, takes seven.
        memory = (64 << 20) + 8 * limits.component
        # Nothing moves the epoch of its engine on.
        with Instance(self._engine, self._module, memory=memory, deadline=lambda: 1) as instance:
            instance.write(instance.call("allocate", len(written)), written)
            text, end = _read(instance, instance.call("load"))
            core, _ = _read(instance, end)
        answer = json.loads(text)
        if not isinstance(answer, dict):
            raise ValueError("it does not answer as the loader does")
        return answer, core


_LOADERS: dict[int, Loader] = {}
"""The loader of each process: one that is forked from another makes its own."""


def loader(path: Path, cache: Cache | None) -> Loader:
    """The process's loader, which its hosts share; the first of them reads and compiles it.

    # Errors
    `HostError` where it is not there.
    """
    process = os.getpid()
    if process not in _LOADERS:
        try:
            program = path.read_bytes()
        except OSError as error:
            raise HostError(f"there is no loader: cannot read `{path}`: {error.strerror}") from error
        # No lock: one that is held while the process is forked is never given back. Two made at once do no harm.
        _LOADERS[process] = Loader(program, cache)
    return _LOADERS[process]


def _options(contract: str, limits: Limits, budgets: Mapping[str, int]) -> bytes:
    options = {"contract": contract, "runtime": "wasmtime", "memory": limits.memory, "budgets": dict(budgets)}
    return json.dumps(options).encode()


def _read(instance: Instance, at: int) -> tuple[bytes, int]:
    """A part of the answer, and where the next one is."""
    length = int.from_bytes(instance.read(at, 4), "little")
    return instance.read(at + 4, length), at + 4 + length


def _reason(error: Exception) -> str:
    """Says in one line what it failed by, without its stack."""
    code = error.trap_code if isinstance(error, Trap) else None
    return code.name.lower().replace("_", "-") if code else str(error).partition("\n")[0]


def _check_options(answer: Mapping[str, Any]) -> None:
    if answer.get("error", {}).get("kind") == _INVALID_OPTIONS:
        raise HostError(f"limit `budgets` is not right: a plugin {answer['error']['message']}")


def _refusal(name: str, refusal: Mapping[str, Any]) -> LoadError:
    """Says why a file is not loaded."""
    # A kind that is not known is of a loader of another release.
    problem = PROBLEMS.get(refusal["kind"], LoadProblem.MALFORMED)
    part = Part(refusal["part"]) if problem is LoadProblem.TOO_COMPLEX else None
    budget = refusal["budget"] if problem is LoadProblem.OVER_BUDGET else None
    return LoadError(problem, f"`{name}` {refusal['message']}", part, budget)
