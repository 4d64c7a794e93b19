"""Changing a strategy's version: everything that can fail first, then the switch."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock

import orjson

from pointsman.contract.policy import IdsOnly
from pointsman.errors import LoadError, PluginError, PluginId, SwapError, SwapProblem, UnknownStrategy
from pointsman.host import Host
from pointsman.registry.description import objection
from pointsman.registry.options import Options
from pointsman.registry.slot import Checks, Slot, Version
from pointsman.runtime.file import ComponentFile

_log = logging.getLogger("pointsman")


class SwapResult(StrEnum):
    """What came of a swap."""

    LOADED = "loaded"
    """There was no plugin of this name; now there is."""
    SWAPPED = "swapped"
    """The current plugin was replaced."""
    UNCHANGED = "unchanged"
    """It is the current plugin already."""
    GIVEN_UP = "given-up"
    """It is a version that failed before, found in a folder. Only `Registry.swap` takes it back."""


@dataclass(frozen=True)
class Swap:
    """What came of a swap."""

    result: SwapResult
    """What was done."""
    plugin: PluginId
    """The plugin in the file."""
    before: PluginId | None = None
    """The plugin until now, where it was replaced."""


class Slots:
    """What a registry and its watches share: the strategies by name."""

    def __init__(self, host: Host, options: Options) -> None:
        self.host = host
        self.options = options
        self._slots: dict[str, Slot] = {}
        self._lock = Lock()

    def find(self, name: str) -> Slot:
        """Raises `UnknownStrategy`."""
        slot = self._slots.get(name)
        if slot is None:
            raise UnknownStrategy(name, sorted(self._slots))
        return slot

    def all(self) -> list[Slot]:
        """In the order of their names."""
        with self._lock:
            return [self._slots[name] for name in sorted(self._slots)]

    def swap(self, name: str | None, path: Path, *, even_given_up: bool = False) -> Swap:
        """Makes the plugin in a file the current one; see `change`. Tells operators what came of it."""
        try:
            file = self.host.read(path)
        except LoadError as error:
            failed = load_failed(error)
            report(path, failed)
            raise failed from error
        return self.change(name, path, file, even_given_up=even_given_up)

    def change(self, name: str | None, path: Path, file: ComponentFile, *, even_given_up: bool = False) -> Swap:
        """Makes the plugin in a file that was read the current one, for the name that it must have, or for the one that
        it says it has. Raises `SwapError`.
        """
        try:
            swap = self._change(name, file, even_given_up)
        except SwapError as error:
            report(path, error)
            raise
        report(path, swap)
        return swap

    def _change(self, wanted: str | None, file: ComponentFile, even_given_up: bool) -> Swap:
        slot = self._slots.get(wanted) if wanted is not None else None
        if slot is not None:
            # Before the work of loading it.
            with slot.changing:
                done = _nothing_to_do(slot, file.id, even_given_up)
            if done is not None:
                return done
        version = self._version(wanted, file)
        name = version.description.name
        with self._lock:
            slot = self._slots.get(name)
            if slot is None:
                self._slots[name] = Slot(name, version)
                return Swap(SwapResult.LOADED, file.id)
        with slot.changing:
            done = _nothing_to_do(slot, file.id, even_given_up)
            if done is not None:
                return done
            _pass(slot.change.checks, version)
            before, plugin = slot.switch(version, self.options)
        return Swap(SwapResult.SWAPPED, plugin, before)

    def _version(self, wanted: str | None, file: ComponentFile) -> Version:
        try:
            plugin = self.host.load_file(file)
        except LoadError as error:
            raise load_failed(error) from error
        try:
            description = plugin.for_background().describe()
        except PluginError as error:
            message = f"the new version does not describe itself: {error}"
            raise SwapError(SwapProblem.DESCRIBE, message) from error
        problem = objection(description)
        if problem is not None:
            raise SwapError(SwapProblem.DESCRIPTION, f"plugin {file.id} describes itself wrongly: {problem}")
        if wanted is not None and wanted != description.name:
            message = f"plugin {file.id} is the strategy `{description.name}`, not `{wanted}`"
            raise SwapError(SwapProblem.NAME, message)
        guard = self.options.guards.get(description.name, self.options.guard)
        return Version(plugin.with_guard(guard), description)


def load_failed(error: LoadError) -> SwapError:
    """What it means for a swap that the file is no plugin."""
    failed = SwapError(SwapProblem.LOAD, f"the new version cannot be loaded: {error}")
    failed.__cause__ = error
    return failed


def _nothing_to_do(slot: Slot, file: PluginId, even_given_up: bool) -> Swap | None:
    """Whether a plugin need not be changed to, or must not."""
    current = slot.versions.current.plugin.id
    if current.digest == file.digest:
        return Swap(SwapResult.UNCHANGED, current)
    if not even_given_up and file.digest in slot.change.given_up:
        return Swap(SwapResult.GIVEN_UP, file)
    return None


def _pass(checks: Checks, version: Version) -> None:
    """Raises `SwapError` where a version does not pass."""
    # What a vector expects is the plugin's own answer, before any policy.
    plugin = version.plugin.for_background().with_guard(IdsOnly())
    for config, target_replicas in checks.configs:
        try:
            version.plugin.for_background().check_config(config, target_replicas)
        except PluginError as error:
            message = f"the new version does not take a configuration in use, {config}: {error}"
            raise SwapError(SwapProblem.CONFIG, message) from error
    for vector in checks.vectors:
        try:
            answer = plugin.evaluate_cycles_json(f"[{vector.request}]")
        except PluginError as error:
            message = f"the new version fails on vector `{vector.name}`: {error}"
            raise SwapError(SwapProblem.VECTOR_FAILED, message) from error
        if not _is_same(answer, f"[{vector.response}]"):
            message = f"the new version answers vector `{vector.name}` with {answer} instead of {vector.response}"
            raise SwapError(SwapProblem.VECTOR, message)


def _is_same(answer: str, expected: str) -> bool:
    try:
        return bool(orjson.loads(answer) == orjson.loads(expected))
    except orjson.JSONDecodeError:
        return False


def report(path: Path, result: Swap | SwapError) -> None:
    """Tells operators what came of it."""
    if isinstance(result, SwapError):
        _log.error("`%s` not swapped; the version before goes on: %s", path, result)
        return
    match result.result:
        case SwapResult.LOADED:
            _log.info("`%s` loaded: %s", path, result.plugin)
        case SwapResult.SWAPPED:
            _log.info("`%s` swapped: from %s to %s", path, result.before, result.plugin)
        case SwapResult.UNCHANGED:
            _log.debug("`%s` unchanged: %s", path, result.plugin)
        case SwapResult.GIVEN_UP:
            _log.warning("`%s` not swapped: %s failed before", path, result.plugin)
