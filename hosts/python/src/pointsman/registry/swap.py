"""Changing a strategy's version: everything that can fail first, then the switch."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock

from pointsman.contract.words import listed, plain, shown
from pointsman.errors import LoadError, PluginError, PluginId, SwapError, SwapProblem, UnknownStrategy
from pointsman.host import Host
from pointsman.registry.checks import Checks, check
from pointsman.registry.description import objection
from pointsman.registry.options import Options
from pointsman.registry.quarantine import Quarantine
from pointsman.registry.rivals import Held, in_order
from pointsman.registry.rivals import objection as rival
from pointsman.registry.slot import Slot
from pointsman.registry.state import StateFolder
from pointsman.registry.version import Version
from pointsman.runtime.file import ComponentFile

_log = logging.getLogger("pointsman")


class SwapResult(StrEnum):
    """Result of a swap."""

    LOADED = "loaded"
    """The first plugin of this name was loaded."""
    SWAPPED = "swapped"
    """The current plugin was replaced."""
    UNCHANGED = "unchanged"
    """The file is the current plugin already."""
    QUARANTINED = "quarantined"
    """The file is a version that was reverted, found in a folder. Only `Registry.swap` takes it back."""


@dataclass(frozen=True)
class Swap:
    """Result of a swap."""

    result: SwapResult
    """The result."""
    plugin: PluginId
    """The plugin in the file."""
    before: PluginId | None = None
    """The plugin until now, where it was replaced."""


class Slots:
    """Strategies by name, shared by a registry and its watches."""

    def __init__(self, host: Host, options: Options) -> None:
        self.host = host
        self.options = options
        self._state = None if options.state is None else StateFolder(Path(options.state), host.limits)
        self.quarantine = Quarantine()
        if self._state is not None:
            self.quarantine = Quarantine(self._state.quarantined(), self._state.write_quarantine)
        self._slots: dict[str, Slot] = {}
        self._checks: dict[str, Checks] = {}
        """Of strategies that are not there yet."""
        self._lock = Lock()

    def find(self, name: str) -> Slot:
        """Finds a strategy. Raises `UnknownStrategy`."""
        slot = self._slots.get(name)
        if slot is None:
            raise UnknownStrategy(name, sorted(self._slots))
        return slot

    def all(self) -> list[Slot]:
        """Lists the strategies in the order of their names."""
        with self._lock:
            return [self._slots[name] for name in sorted(self._slots)]

    def set_checks(self, name: str, checks: Checks) -> None:
        """Sets what every later version of a strategy must pass."""
        with self._lock:
            slot = self._slots.get(name)
            if slot is None:
                self._checks[name] = checks
                return
        with slot.changing:
            slot.change.checks = checks

    def swap(self, name: str | None, path: Path, *, even_quarantined: bool = False) -> Swap:
        """Makes the plugin in a file the current one; see `change`.

        # Errors
        `SwapError`.
        """
        try:
            file = self.host.read(path)
        except LoadError as error:
            raise self.unreadable(path, error, name) from error
        return self.change(name, path, file, even_quarantined=even_quarantined)

    def change_all(
        self, files: Sequence[tuple[Path, ComponentFile]], held: dict[Path, Held]
    ) -> list[tuple[Path, Swap | SwapError]]:
        """Makes the newest version of each strategy in a folder the current one; what came of each file, in order.
        `held` are all files of the folder as far as they are known; those that are given are noted there.
        """
        results: dict[Path, Swap | SwapError] = {}
        versions: dict[Path, tuple[ComponentFile, Version]] = {}
        for path, file in files:
            held.pop(path, None)
            running = (slot.current for slot in self.all() if slot.current.plugin.id.digest == file.id.digest)
            current = next(running, None)
            try:
                if current is not None:
                    held[path] = Held.of(path, current)
                    results[path] = Swap(SwapResult.UNCHANGED, current.plugin.id)
                elif file.id.digest in self.quarantine:
                    results[path] = Swap(SwapResult.QUARANTINED, file.id)
                else:
                    versions[path] = file, self._version(None, file)
                    held[path] = Held.of(path, versions[path][1])
            except SwapError as error:
                results[path] = error
        for each in in_order(held[path] for path in versions):
            slot = self._slots.get(each.strategy)
            objected = rival(each, held.values(), None if slot is None else slot.current.plugin.id.digest)
            try:
                if objected is not None:
                    raise objected
                file, version = versions[each.path]
                results[each.path] = self._switched(version, file, even_quarantined=False)
            except SwapError as error:
                results[each.path] = error
            self._tell(each.path, results[each.path])
        for path, _ in files:
            if path not in versions:
                self._tell(path, results[path])
        return [(path, results[path]) for path, _ in files]

    def _tell(self, path: Path, result: Swap | SwapError) -> None:
        if isinstance(result, Swap):
            _report(path, result)
        else:
            self._report_failure(path, result, None)

    def check_guards(self) -> None:
        """Tells operators of guards for strategies that are not there: `rolling_update` is a file, not a name."""
        missing = sorted(self.options.guards.keys() - self._slots.keys())
        for name in missing:
            known = listed(sorted(self._slots)) or "none"
            _log.warning("`guards` has a policy for `%s`, which is not loaded; there is %s", shown(name), known)

    def fall_back(self) -> list[tuple[Path, Swap | SwapError]]:
        """Loads the last good version of each strategy of which nothing was loaded; what came of each."""
        results: list[tuple[Path, Swap | SwapError]] = []
        for name in [] if self._state is None else self._state.strategies():
            good = None if self._state is None or name in self._slots else self._state.good(name)
            if good is None or good.file.id.digest in self.quarantine:
                continue
            try:
                swap = self._change(name, good.file, even_quarantined=False)
            except SwapError as error:
                self._report_failure(good.path, error, name)
                results.append((good.path, error))
                continue
            why = "another version is quarantined" if self.quarantine.of(name) else "nothing else loads"
            _log.warning("loaded the last good version %s of `%s`: %s", shown(good.version), name, why)
            results.append((good.path, swap))
        return results

    def unreadable(self, path: Path, error: LoadError, name: str | None = None) -> SwapError:
        """Tells operators, and returns, what it means for a swap that a file cannot be read."""
        failed = _load_failed(error)
        self._report_failure(path, failed, name)
        return failed

    def change(self, name: str | None, path: Path, file: ComponentFile, *, even_quarantined: bool = False) -> Swap:
        """Makes the plugin in a file that was read the current one, for the name that it must have, or for the one that
        it says it has. Tells operators what came of it.

        # Errors
        `SwapError`.
        """
        try:
            swap = self._change(name, file, even_quarantined)
        except SwapError as error:
            self._report_failure(path, error, name)
            raise
        _report(path, swap)
        return swap

    def _report_failure(self, path: Path, error: SwapError, name: str | None) -> None:
        if error.strategy is None:
            error.strategy = name
        with self._lock:
            slots = list(self._slots.values())
        # What a file cannot say any more, the version before that was loaded from it tells.
        kept = [
            slot.current.description.version
            for slot in slots
            if (slot.current.plugin.id.name == path.name if error.strategy is None else slot.name == error.strategy)
        ]
        what = f"keeping {kept[0]}" if kept else "there is no version to keep"
        _log.error("`%s`: swap failed; %s: %s", plain(str(path)), what, plain(str(error)))

    def _change(self, expected: str | None, file: ComponentFile, even_quarantined: bool) -> Swap:
        slot = self._slots.get(expected) if expected is not None else None
        if slot is not None:
            # Before the work of loading it.
            with slot.changing:
                done = self._nothing_to_do(slot, file.id, even_quarantined)
            if done is not None:
                return done
        elif not even_quarantined and file.id.digest in self.quarantine:
            return Swap(SwapResult.QUARANTINED, file.id)
        return self._switched(self._version(expected, file), file, even_quarantined)

    def _switched(self, version: Version, file: ComponentFile, even_quarantined: bool) -> Swap:
        slot = self._added(version.description.name, version)
        if slot is None:
            self.quarantine.release(file.id.digest)
            return Swap(SwapResult.LOADED, file.id)
        with slot.changing:
            done = self._nothing_to_do(slot, file.id, even_quarantined)
            if done is not None:
                return done
            _check(slot.change.checks, version)
            before, plugin = slot.switch(version)
        self.quarantine.release(file.id.digest)
        return Swap(SwapResult.SWAPPED, plugin, before)

    def _added(self, name: str, version: Version) -> Slot | None:
        """Adds a strategy with its first version; the one that is there already, where there is one."""
        while True:
            with self._lock:
                slot = self._slots.get(name)
                checks = self._checks.get(name, Checks())
            if slot is not None:
                return slot
            _check(checks, version)
            with self._lock:
                # Neither may have changed while it was checked.
                if name not in self._slots and self._checks.get(name, checks) == checks:
                    self._slots[name] = Slot(name, version, self.options, checks, self.quarantine, self._state)
                    self._checks.pop(name, None)
                    return None

    def _nothing_to_do(self, slot: Slot, file: PluginId, even_quarantined: bool) -> Swap | None:
        """Finds out that a plugin need not be changed to, or must not."""
        current = slot.current.plugin.id
        if current.digest == file.digest:
            return Swap(SwapResult.UNCHANGED, current)
        if not even_quarantined and file.digest in self.quarantine:
            return Swap(SwapResult.QUARANTINED, file)
        return None

    def _version(self, expected: str | None, file: ComponentFile) -> Version:
        try:
            plugin = self.host.load_file(file)
        except LoadError as error:
            raise _load_failed(error) from error
        try:
            description = plugin.for_background().describe()
        except PluginError as error:
            message = f"the new version does not describe itself: {error}"
            raise SwapError(SwapProblem.DESCRIBE, message) from error
        problem = objection(description)
        if problem is not None:
            raise SwapError(SwapProblem.DESCRIPTION, f"plugin {file.id} describes itself wrongly: {problem}")
        if expected is not None and expected != description.name:
            message = f"plugin {file.id} is the strategy `{description.name}`, not `{expected}`"
            raise SwapError(SwapProblem.NAME, message)
        guard = self.options.guards.get(description.name, self.options.guard)
        content = None if self._state is None else file.content
        return Version(plugin.with_guard(guard), description, content)


def _load_failed(error: LoadError) -> SwapError:
    """Makes the error of a swap whose file is no plugin."""
    failed = SwapError(SwapProblem.LOAD, f"the new version cannot be loaded: {error}")
    failed.__cause__ = error
    return failed


def _check(checks: Checks, version: Version) -> None:
    """Checks a version before it is switched to. Raises `SwapError`."""
    try:
        check(checks, version)
    except SwapError as error:
        error.strategy = version.description.name
        raise


def _report(path: Path, swap: Swap) -> None:
    file = plain(str(path))
    match swap.result:
        case SwapResult.LOADED:
            _log.info("`%s` loaded: %s", file, swap.plugin)
        case SwapResult.SWAPPED:
            _log.info("`%s` swapped: from %s to %s", file, swap.before, swap.plugin)
        case SwapResult.UNCHANGED:
            _log.debug("`%s` unchanged: %s", file, swap.plugin)
        case SwapResult.QUARANTINED:
            _log.warning("`%s` not swapped: %s is quarantined, because it was reverted", file, swap.plugin)
