"""A folder of plugins: what changed in it, and loading that once it is whole.

A file is loaded only when it is whole: it is read once nothing about it has changed for a while, and what was read is
thrown away if it has another digest after as long again. Files are told by what a link points to, so a link that comes
to point elsewhere, as in folders that Kubernetes mounts, is a change like any other.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pointsman.contract.words import shown
from pointsman.errors import LoadError, LoadProblem, PluginNotRun, SwapError
from pointsman.registry.rivals import Held
from pointsman.registry.swap import Slots, Swap
from pointsman.runtime.file import ComponentFile

_log = logging.getLogger("pointsman")

_Stamp = tuple[int, ...]
"""Properties of a file that change when it does."""


def _tell_nobody(path: Path, result: Swap | SwapError) -> None:
    pass


@dataclass(frozen=True)
class Watching:
    """Options of a watch."""

    quiet: timedelta = timedelta(milliseconds=50)
    """Debounce of each file: how long nothing about it may change before it is read, and again before it is loaded;
    default 50 ms. A writer that pauses for longer than both is taken for one that has stopped."""
    poll: timedelta = timedelta(milliseconds=100)
    """Interval at which the folder is looked at where the system does not tell of every change: on the network, and
    where plugins are links; default 100 ms."""
    on_change: Callable[[Path, Swap | SwapError], None] = _tell_nobody
    """Callback with the result of each file, on the thread that watches."""


@dataclass
class _Pending:
    """A file that has changed."""

    stamp: _Stamp
    since: float
    read: ComponentFile | None = None


@dataclass(frozen=True)
class _Again:
    """A file that is tried again."""

    at: float
    """When, in seconds of the monotonic clock."""
    wait: float
    """How long that is waited for; twice as long the next time."""


_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
"""Seconds until a file is tried again that failed for a reason that may pass."""


class Folder:
    """A folder as it is known."""

    def __init__(self, slots: Slots, path: Path, how: Watching) -> None:
        self.how = how
        self._slots = slots
        self._path = path
        self._known: dict[Path, _Stamp] = {}
        """The files that something was done about."""
        self._told: dict[Path, str] = {}
        """The digests of those files, or why they could not be read."""
        self._pending: dict[Path, _Pending] = {}
        self._held: dict[Path, Held] = {}
        """The files of which it is known what is in them."""
        self._whole: list[tuple[Path, ComponentFile]] = []
        """The files that are to be loaded now."""
        self._again: dict[Path, _Again] = {}
        """The files that failed for a reason that may pass."""
        self._is_lost = False

    def look(self, is_over: Callable[[], bool] = lambda: False) -> timedelta | None:
        """Looks once, and loads what is whole, until it is over. Returns how long to wait for what is not; None where
        there is nothing.
        """
        try:
            files = plugins(self._path)
        except OSError as error:
            if not self._is_lost:
                _log.error("folder `%s` is gone, what it held goes on: %s", shown(str(self._path)), error)
            self._is_lost = True
            return None
        if self._is_lost:
            _log.info("folder `%s` is back", shown(str(self._path)))
            self._is_lost = False
        for gone in self._held.keys() - set(files):
            # Another file of the strategy may be the newest now.
            self._look_anew(self._held.pop(gone).strategy)
        for gone in self._told.keys() - set(files):
            self._known.pop(gone, None)
            self._again.pop(gone, None)
            del self._told[gone]
        for gone in self._pending.keys() - set(files):
            del self._pending[gone]
        now = time.monotonic()
        for path in [path for path, again in self._again.items() if again.at <= now]:
            self._known.pop(path, None)
        for path in files:
            if is_over():
                return None
            try:
                self._look_at(path)
            except Exception:
                # Whatever it is, it is about this file: the others go on, and so does this one once it changes.
                _log.exception("`%s` was not looked at", shown(str(path)))
                self._known[path] = _stamp(path)
                self._pending.pop(path, None)
                self._try_again(path)
        whole, self._whole = self._whole, []
        try:
            if whole and not is_over():
                self._load(whole)
        except Exception:
            # Whatever it is, the watch goes on, and so do these files after a while.
            _log.exception("files in `%s` were not loaded", shown(str(self._path)))
            for path, _ in whole:
                self._told.pop(path, None)
                self._try_again(path)
        return self.how.quiet if self._pending else None

    def fall_back(self) -> None:
        """Loads the last good version of each strategy of which nothing was loaded, and says what is missing."""
        for path, result in self._slots.fall_back():
            self._tell(path, result)
        self._slots.check_guards()

    def _look_at(self, path: Path) -> None:
        stamp = _stamp(path)
        if stamp == self._known.get(path):
            self._pending.pop(path, None)
            return
        now = time.monotonic()
        pending = self._pending.get(path)
        if pending is None or pending.stamp != stamp:
            self._pending[path] = _Pending(stamp, now)
        elif now - pending.since >= self.how.quiet.total_seconds():
            self._read(path, pending, now)

    def _read(self, path: Path, pending: _Pending, now: float) -> None:
        try:
            file = self._slots.host.read(path)
        except LoadError as error:
            self._done(path, pending)
            self._settle(path, error)
            if self._told.get(path) != str(error):
                self._told[path] = str(error)
                failed = self._slots.unreadable(path, error)
                self._tell(path, failed)
            return
        if not file.content or self._told.get(path) == file.id.digest:
            # Somebody has just begun to write it, or has only touched it.
            self._done(path, pending)
        elif pending.read is not None and pending.read.id == file.id:
            self._done(path, pending)
            self._told[path] = file.id.digest
            self._whole.append((path, file))
        else:
            pending.read, pending.since = file, now

    def _load(self, whole: list[tuple[Path, ComponentFile]]) -> None:
        """Loads what is whole, together: of several versions of a strategy the newest is to run."""
        before = dict(self._held)
        results = self._slots.change_all(whole, self._held)
        for path, result in results:
            self._settle(path, result.__cause__ if isinstance(result, SwapError) else None)
            if path in self._again:
                # What was read is not what failed.
                self._told.pop(path, None)
        for path, _ in whole:
            was, is_now = before.get(path), self._held.get(path)
            if was is not None and was != is_now:
                self._look_anew(was.strategy, but=path)
        for path, result in results:
            self._tell(path, result)

    def _look_anew(self, strategy: str, but: Path | None = None) -> None:
        """Has the files of a strategy loaded again, because another of them is gone or has changed."""
        for path, held in self._held.items():
            if held.strategy == strategy and path != but:
                self._known.pop(path, None)
                self._told.pop(path, None)

    def _settle(self, path: Path, error: BaseException | None) -> None:
        """Has a file tried again that failed for a reason that may pass."""
        if _may_pass(error):
            self._try_again(path)
        else:
            self._again.pop(path, None)

    def _try_again(self, path: Path) -> None:
        last = self._again.get(path)
        wait = _FIRST_WAIT if last is None else min(last.wait * 2, _LONGEST_WAIT)
        self._again[path] = _Again(time.monotonic() + wait, wait)

    def _done(self, path: Path, pending: _Pending) -> None:
        self._known[path] = pending.stamp
        del self._pending[path]

    def _tell(self, path: Path, result: Swap | SwapError) -> None:
        try:
            self.how.on_change(path, result)
        except BaseException:
            # Also `sys.exit`, which would end only this thread, and unheard.
            _log.exception("`on_change` failed on `%s`", shown(str(path)))


def plugins(folder: Path) -> list[Path]:
    """Lists the plugins in a folder in the order of their names: every `*.wasm` that is not hidden."""
    with os.scandir(folder) as entries:
        files = [folder / entry.name for entry in entries]
    return sorted(path for path in files if path.suffix == ".wasm" and not path.name.startswith("."))


def _may_pass(error: BaseException | None) -> bool:
    """Tells that a file may be as it should be, and failed because the system had no memory, no place or no leave."""
    if isinstance(error, LoadError):
        is_read = error.problem is LoadProblem.READ and isinstance(error.__cause__, OSError)
        return is_read or error.problem is LoadProblem.COMPILER or _may_pass(error.__cause__)
    return isinstance(error, PluginNotRun)


def _stamp(path: Path) -> _Stamp:
    """Reads what changes when a file does; nothing for one that is not there."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
