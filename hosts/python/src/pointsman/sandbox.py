"""What every instance is held to, how its functions are called, and what their failures mean.

The calls follow the canonical ABI of the component model: a string goes in by asking the plugin for memory with
`cabi_realloc`, and what comes out lies where the returned pointer says. Nothing of that is believed: each pointer and
length must be within the plugin's memory, and text must be UTF-8. `cabi_post_…`, which gives the returned memory back,
is not called, because the instance is thrown away.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from wasmtime import Engine, Module, Trap, TrapCode, WasmtimeError

from pointsman.errors import (
    BrokenContract,
    HostError,
    Limit,
    PluginError,
    PluginId,
    PluginLimit,
    PluginNotRun,
    PluginTimeout,
    PluginTrap,
)
from pointsman.instances import Instances, Purpose
from pointsman.limits import Limits
from pointsman.meter import REFUSED
from pointsman.native import Instance
from pointsman.ticker import Ticker

TABLE_ELEMENTS = 20_000
"""Function table entries of one core module; Rust plugins have a few hundred."""

_STRING = struct.Struct("<II")
_RESULT = struct.Struct("<B3xII")
"""A result of two strings: which it is, and where it lies."""


@dataclass(frozen=True)
class Sandbox:
    """What a host and its plugins share."""

    engine: Engine
    limits: Limits
    instances: Instances
    ticker: Ticker
    threads: ThreadPoolExecutor
    """For those who must not wait: asyncio's callers."""
    process: int = field(default_factory=os.getpid)
    """The process that it was made in."""

    def check_process(self) -> None:
        """A forked process has none of the threads of its parent: no clock would end a loop, and a lock that one of
        them held is never given back. Raises `HostError`.
        """
        if os.getpid() != self.process:
            message = f"the host was made in process {self.process}, and this is {os.getpid()}, forked from it"
            raise HostError(f"{message}; make a host in each process, after the fork, or start processes by `spawn`")


class Call:
    """One fresh instance of a plugin, for the calls of one evaluation. Its methods raise `PluginError`."""

    def __init__(self, plugin: PluginId, sandbox: Sandbox, instance: Instance) -> None:
        self._plugin = plugin
        self._limits = sandbox.limits
        self._instance = instance
        self._returned = 0

    def text(self, function: str, text: bytes) -> tuple[bool, str]:
        """Calls a function from a string to a result of which both cases are a string; True is for `ok`."""
        is_ok, start, length = self._result(function, text)
        return is_ok, self._text(start, length)

    def strings(self, function: str, count: int) -> list[str]:
        """Calls a function that returns a record of so many strings."""
        record = self._read(self._instance.call(function), count * _STRING.size)
        return [self._text(start, length) for start, length in _STRING.iter_unpack(record)]

    def _result(self, function: str, text: bytes) -> tuple[bool, int, int]:
        returned = self._instance.call(function, *self._lower(text))
        case, start, length = _RESULT.unpack(self._read(returned, _RESULT.size))
        if case > 1:
            raise BrokenContract(self._plugin, f"its result is case {case} of a result")
        return case == 0, start, length

    def _lower(self, text: bytes) -> tuple[int, int]:
        if len(text) > self._limits.memory:
            raise PluginLimit(self._plugin, Limit.MEMORY, self._limits.memory)
        # Old place, old size, alignment, new size.
        start = self._instance.call("cabi_realloc", 0, 0, 1, len(text))
        try:
            self._instance.write(start, text)
        except IndexError as error:
            raise BrokenContract(self._plugin, str(error)) from None
        return start, len(text)

    def _text(self, start: int, length: int) -> str:
        # The limit is for all that a call returns.
        self._returned += length
        if self._returned > self._limits.response:
            raise PluginLimit(self._plugin, Limit.RESPONSE, self._limits.response)
        try:
            return self._read(start, length).decode()
        except UnicodeDecodeError as error:
            raise BrokenContract(self._plugin, f"its text is not UTF-8: {error}") from None

    def _read(self, start: int, length: int) -> bytes:
        try:
            return self._instance.read(start, length)
        except IndexError as error:
            raise BrokenContract(self._plugin, str(error)) from None


@contextmanager
def instance(sandbox: Sandbox, plugin: PluginId, module: Module, purpose: Purpose) -> Iterator[Call]:
    """A fresh instance, as long as the block lasts. Raises `PluginError`, also for what goes wrong in the block, and
    `HostError` in a forked process.
    """
    sandbox.check_process()
    limits, ticker = sandbox.limits, sandbox.ticker
    place = sandbox.instances.place(purpose)
    if place is None:
        raise PluginLimit(plugin, Limit.INSTANCES, limits.instances)
    try:
        started = Instance(
            sandbox.engine,
            module,
            memory=limits.memory,
            table_elements=TABLE_ELEMENTS,
            deadline=lambda: ticker.deadline(limits.ticks),
            place=place,
        )
    except Trap as trap:
        raise _failure(plugin, limits, trap, was_refused=False) from trap
    except WasmtimeError as error:
        raise PluginNotRun(plugin, str(error)) from error
    with started:
        try:
            yield Call(plugin, sandbox, started)
        except Trap as trap:
            raise _failure(plugin, limits, trap, was_refused=started.read_global(REFUSED) != 0) from trap
        except WasmtimeError as error:
            raise PluginNotRun(plugin, str(error)) from error


def _failure(plugin: PluginId, limits: Limits, trap: Trap, *, was_refused: bool) -> PluginError:
    """What a trap means."""
    code = trap.trap_code
    if code is TrapCode.INTERRUPT:
        return PluginTimeout(plugin, limits.time)
    if was_refused:
        return PluginLimit(plugin, Limit.MEMORY, limits.memory)
    return PluginTrap(plugin, code.name.lower().replace("_", "-") if code else trap.message)
