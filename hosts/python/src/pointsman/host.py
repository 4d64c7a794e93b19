"""The host: an engine with its limits, and loading plugins into it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from wasmtime import Config, Engine, Module, WasmtimeError

from pointsman import components, native
from pointsman.admission import GUARD, STRATEGY, Contract, admit, check_module, check_size, malformed
from pointsman.errors import HostError, LoadError, LoadProblem, PluginError, PluginId
from pointsman.guard import Checker
from pointsman.instances import UPKEEP, Instances, Purpose
from pointsman.limits import Limits
from pointsman.loaded import Loaded
from pointsman.plugin import Plugin
from pointsman.sandbox import TABLE_ELEMENTS, Sandbox
from pointsman.ticker import Ticker

_MOST_THREADS = 32
"""How many threads wait for asyncio's callers; more calls than that wait for one of them."""


@dataclass(frozen=True)
class ComponentFile:
    """A component file that was read, once: what its digest says is what is loaded."""

    id: PluginId
    """The name of the file, and the digest of its content."""
    content: bytes
    """Its content."""


class Host:
    """An engine that plugins run on. Plugins keep what they need of it alive.

    It is of the process that made it. In a process forked from that one, loading and every call raise `HostError`.
    """

    def __init__(self, limits: Limits | None = None, cache: str | Path | None = None) -> None:
        """A host with these limits, `Limits()` by default.

        `cache` is a folder for compiled code, which is made where it is not there, so that a restart need not compile
        again. wasmtime keeps it: entries are found by content, version and settings, and the oldest go when there are
        512 MiB. What it holds is run as native code: only the host may be able to write to it.

        Raises `HostError`, where the system refuses the address space for the instances, the cache folder cannot be
        used, or the guard component is not there.
        """
        limits = limits or Limits()
        try:
            engine = Engine(_config(limits, cache))
        except (OSError, WasmtimeError) as error:
            message = "the engine does not start; lower the limit `instances` if address space is short"
            raise HostError(f"{message}: {error}") from error
        self._sandbox = Sandbox(
            engine,
            limits,
            Instances(limits.instances),
            Ticker(engine).start(),
            ThreadPoolExecutor(min(limits.instances, _MOST_THREADS), thread_name_prefix="pointsman"),
        )
        try:
            self._checker = Checker(self._load(self.read(components.GUARD), GUARD))
        except LoadError as error:
            raise HostError(f"there is no guard: {error}") from error

    @property
    def limits(self) -> Limits:
        """The limits that its plugins run under."""
        return self._sandbox.limits

    @property
    def threads(self) -> Executor:
        """The threads that asyncio's callers wait for. Raises `HostError` in a forked process, which has none."""
        self._sandbox.check_process()
        return self._sandbox.threads

    def load(self, path: str | Path) -> Plugin:
        """Loads a plugin from a file. Raises `LoadError`, which says what about the file is not right."""
        return self.load_file(self.read(path))

    def load_bytes(self, name: str, content: bytes) -> Plugin:
        """Loads a plugin from memory; the name is for messages. Raises `LoadError`."""
        check_size(name, len(content), self.limits)
        return self.load_file(_file(name, content))

    def read(self, path: str | Path) -> ComponentFile:
        """Reads a component file, for `load_file`; for those who want to look at what they load. Raises `LoadError`."""
        path = Path(path)
        try:
            with path.open("rb") as file:
                check_size(path.name, path.stat().st_size, self.limits)
                # One byte more than is allowed tells a file that is too large, also where its size cannot be asked for.
                content = file.read(self.limits.component + 1)
        except OSError as error:
            raise LoadError(LoadProblem.READ, f"cannot read `{path}`: {error.strerror}") from error
        check_size(path.name, len(content), self.limits)
        return _file(path.name, content)

    def load_file(self, file: ComponentFile) -> Plugin:
        """Loads a plugin from a file that was read. Raises `LoadError`."""
        return Plugin(self._load(file, STRATEGY), self._checker)

    def _load(self, file: ComponentFile, contract: Contract) -> Loaded:
        sandbox, name = self._sandbox, file.id.name
        sandbox.check_process()
        admitted = admit(sandbox.engine, name, file.content, contract, sandbox.limits)
        try:
            module = Module(sandbox.engine, admitted.core)
        except WasmtimeError as error:
            raise malformed(name, error) from error
        check_module(name, module, admitted.functions, sandbox.limits)
        loaded = Loaded(sandbox, file.id, module, admitted.version, admitted.exports, len(file.content))
        # Once now, so that a plugin that cannot even start is not found out in the night.
        try:
            with loaded.call(Purpose.UPKEEP):
                pass
        except PluginError as error:
            raise LoadError(LoadProblem.START, f"`{name}` does not start: {error}") from error
        return loaded


def _file(name: str, content: bytes) -> ComponentFile:
    return ComponentFile(PluginId(name, f"sha256:{hashlib.sha256(content).hexdigest()}"), content)


def _config(limits: Limits, cache: str | Path | None) -> Config:
    """Engine settings, each for a reason."""
    config = Config()
    native.pool(config, limits.instances + UPKEEP, TABLE_ELEMENTS)
    # Endless loops end at the deadline of their store.
    config.epoch_interruption = True
    # Who swaps a version waits longer, on one core, so that those who evaluate meanwhile keep the others.
    config.parallel_compilation = False
    # What strategies have no use for cannot be used against the host. `meter.py` relies on what is left.
    config.wasm_memory64 = False
    config.wasm_multi_memory = False
    config.wasm_relaxed_simd = False
    config.wasm_wide_arithmetic = False
    config.wasm_threads = False
    config.wasm_function_references = False
    config.wasm_gc = False
    config.wasm_exceptions = False
    if cache is not None:
        _cache_in(config, Path(cache))
    return config


def _cache_in(config: Config, folder: Path) -> None:
    """Wasmtime takes its cache's settings from a file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as settings:
            # JSON's strings are TOML's.
            settings.write(f"[cache]\ndirectory = {json.dumps(str(folder.resolve()), ensure_ascii=False)}\n")
            settings.flush()
            config.cache = settings.name
    except (OSError, WasmtimeError) as error:
        raise HostError(f"cache folder `{folder}` cannot be used: {error}") from error
