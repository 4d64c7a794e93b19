"""The host: a runtime with its limits, the guard, and loading plugins."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path

from pointsman import components
from pointsman.errors import HostError, LoadError
from pointsman.guard.checker import Checker
from pointsman.guard.plugin import Plugin
from pointsman.plugin.contracts import GUARD, STRATEGY
from pointsman.plugin.strategy import Strategy
from pointsman.runtime import file
from pointsman.runtime.file import ComponentFile
from pointsman.runtime.limits import Limits
from pointsman.runtime.runtime import Runtime


class Host:
    """An engine that plugins run on. Plugins keep what they need of it alive.

    It is of the process that made it. In a process forked from that one, loading and every call raise `HostError`.
    """

    def __init__(self, limits: Limits | None = None, cache: str | Path | None = None) -> None:
        """A host with these limits, `Limits()` by default.

        `cache` is a folder for compiled code, which is made where it is not there, so that a restart need not compile
        again: entries are found by content, wasmtime's version and settings, and those that have not been used for
        longest go when there are 512 MiB. What it holds is run as native code: only the host may be able to write to
        it, and files of other users, or that others may write to, are not read.

        Raises `HostError`, where the system refuses the address space for the instances, the cache folder cannot be
        used, `Limits.budgets` has a name that there is not, or the guard component or the loader is not there.
        """
        self._runtime = Runtime(limits or Limits(), cache, components.LOADER)
        try:
            self._checker = Checker(self._runtime.load(self.read(components.GUARD), GUARD))
        except LoadError as error:
            raise HostError(f"there is no guard: {error}") from error

    @property
    def limits(self) -> Limits:
        """The limits that its plugins run under."""
        return self._runtime.limits

    @property
    def threads(self) -> Executor:
        """The threads that asyncio's callers wait for. Raises `HostError` in a forked process, which has none."""
        return self._runtime.threads

    def load(self, path: str | Path) -> Plugin:
        """Loads a plugin from a file. Raises `LoadError`, which says what about the file is not right."""
        return self.load_file(self.read(path))

    def load_bytes(self, name: str, content: bytes) -> Plugin:
        """Loads a plugin from memory; the name is for messages. Raises `LoadError`."""
        return self.load_file(file.of(name, content, self.limits))

    def read(self, path: str | Path) -> ComponentFile:
        """Reads a component file, for `load_file`; for those who want to look at what they load. Raises `LoadError`."""
        return file.read(Path(path), self.limits)

    def load_file(self, file: ComponentFile) -> Plugin:
        """Loads a plugin from a file that was read. Raises `LoadError`."""
        return Plugin(Strategy(self._runtime.load(file, STRATEGY)), self._checker)
