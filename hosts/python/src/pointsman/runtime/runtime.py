"""The runtime, which a host and its plugins share, and the components that are loaded into it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from wasmtime import Module, Trap, TrapCode, WasmtimeError

from pointsman.errors import (
    HostError,
    Limit,
    LoadError,
    LoadProblem,
    PluginError,
    PluginId,
    PluginLimit,
    PluginNotRun,
    PluginTimeout,
    PluginTrap,
)
from pointsman.runtime.cache import Cache
from pointsman.runtime.call import Call
from pointsman.runtime.compiler import child_for, compiled
from pointsman.runtime.contract import Contract
from pointsman.runtime.engine import engine
from pointsman.runtime.file import ComponentFile
from pointsman.runtime.instance import Instance
from pointsman.runtime.instances import Instances, Purpose
from pointsman.runtime.lanes import Lanes
from pointsman.runtime.limits import Limits
from pointsman.runtime.loader import REFUSED, Admitted, loader
from pointsman.runtime.ticker import Ticker

_MOST_THREADS = 32
"""Threads that wait for asyncio's callers; more calls than that wait for one of them."""

_T = TypeVar("_T")


class Runtime:
    """An engine with its limits, clock and threads. It is of the process that made it."""

    def __init__(self, limits: Limits, cache: str | Path | None, program: Path) -> None:
        """Starts it, with the loader in a file; see `Host`.

        # Errors
        `HostError` where the system does not give what it needs, the cache folder cannot be used, there is no loader,
        or a budget is not one of its.
        """
        self.limits = limits
        self._cache = None if cache is None else Cache(Path(cache))
        self.engine = engine(limits)
        self.instances = Instances(limits.instances)
        self.ticker = Ticker(self.engine).start()
        self._threads = ThreadPoolExecutor(min(limits.instances, _MOST_THREADS), thread_name_prefix="pointsman")
        self._lanes = Lanes()
        self._process = os.getpid()
        self._loader = self._lanes.run(partial(loader, program, self._cache))
        if limits.budgets:
            self._lanes.run(partial(self._loader.check_budgets, limits))

    @property
    def threads(self) -> ThreadPoolExecutor:
        """The threads that asyncio's callers wait for.

        # Errors
        `HostError` in a forked process, which has none.
        """
        self.check_process()
        return self._threads

    def check_process(self) -> None:
        """Checks that this is the process that made it. A forked process has none of the threads of its parent: no
        clock would end a loop, and a lock that one of them held is never given back.

        # Errors
        `HostError`.
        """
        if os.getpid() != self._process:
            message = f"the host was made in process {self._process}, and this is {os.getpid()}, forked from it"
            raise HostError(f"{message}; make a host in each process, after the fork, or start processes by `spawn`")

    def load(self, file: ComponentFile, contract: Contract) -> Loaded:
        """Loads a component that has a contract's functions, and starts it once.

        # Errors
        `LoadError`, which says what about the file is not right.
        """
        self.check_process()
        admitted = self._lanes.run(partial(self._admit, file, contract))
        module = self._compiled(file.id.name, admitted.core, contract)
        loaded = Loaded(self, file.id, module, admitted.version, admitted.exports, len(file.content))
        # Once now, so that a plugin that cannot even start is not found out in the night.
        try:
            loaded.run(Purpose.BACKGROUND, lambda _: None)
        except PluginError as error:
            raise LoadError(LoadProblem.START, f"`{file.id.name}` does not start: {error}") from error
        return loaded

    def _admit(self, file: ComponentFile, contract: Contract) -> Admitted:
        # The loader's instance is one, too.
        self.instances.take(Purpose.BACKGROUND)
        try:
            return self._loader.admit(file, contract, self.limits)
        finally:
            self.instances.give_back(Purpose.BACKGROUND)

    def _compiled(self, name: str, core: bytes, contract: Contract) -> Module:
        child = None if contract.is_packaged else child_for(self.limits)
        work = partial(compiled, self.engine, name, core, self._cache, child)
        return self._lanes.run(work, None if child is None else child.stop)

    def run(self, plugin: PluginId, module: Module, purpose: Purpose, work: Callable[[Call], _T]) -> _T:
        """Does something with a fresh instance, which is gone after it. It is done on a thread of the runtime's own
        where the main thread asks for it.

        # Errors
        `PluginError`; `HostError` in a forked process, or where the system gives no thread.
        """
        self.check_process()
        return self._lanes.run(partial(self._run, plugin, module, purpose, work))

    def _run(self, plugin: PluginId, module: Module, purpose: Purpose, work: Callable[[Call], _T]) -> _T:
        if not self.instances.take(purpose):
            raise PluginLimit(plugin, Limit.INSTANCES, self.limits.instances)
        try:
            return self._in_instance(plugin, module, work)
        finally:
            self.instances.give_back(purpose)

    def _in_instance(self, plugin: PluginId, module: Module, work: Callable[[Call], _T]) -> _T:
        limits = self.limits
        try:
            deadline = partial(self.ticker.deadline, limits.ticks)
            instance = Instance(self.engine, module, memory=limits.memory, deadline=deadline)
        except Trap as trap:
            raise self._failure(plugin, trap, was_refused=False) from trap
        except WasmtimeError as error:
            raise PluginNotRun(plugin, str(error)) from error
        with instance:
            try:
                return work(Call(plugin, limits, instance))
            except Trap as trap:
                raise self._failure(plugin, trap, was_refused=instance.read_global(REFUSED) != 0) from trap
            except WasmtimeError as error:
                raise PluginNotRun(plugin, str(error)) from error

    def _failure(self, plugin: PluginId, trap: Trap, *, was_refused: bool) -> PluginError:
        """Says what a trap means."""
        code = trap.trap_code
        if code is TrapCode.INTERRUPT:
            return PluginTimeout(plugin, self.limits.time)
        if was_refused:
            return PluginLimit(plugin, Limit.MEMORY, self.limits.memory)
        return PluginTrap(plugin, code.name.lower().replace("_", "-") if code else trap.message)


@dataclass(frozen=True)
class Loaded:
    """A compiled component."""

    runtime: Runtime
    id: PluginId
    module: Module
    version: str
    """The contract version that it is called by."""
    exports: Sequence[str]
    """The names of what it exports."""
    size: int
    """Size of the component in bytes."""

    def run(self, purpose: Purpose, work: Callable[[Call], _T]) -> _T:
        """Does something with a fresh instance; see `Runtime.run`."""
        return self.runtime.run(self.id, self.module, purpose, work)
