"""A folder of plugins: what changed in it, and loading that once it is whole.

A file is loaded only when it is whole: it is read once nothing about it has changed for a while, and what was read is
thrown away if it has another digest after as long again. Files are told by what a link points to, so a link that comes
to point elsewhere, as in folders that Kubernetes mounts, is a change like any other.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pointsman.contract.words import shown
from pointsman.errors import LoadError, SwapError
from pointsman.registry import loading
from pointsman.registry.change import unreadable
from pointsman.registry.files import Retries, Stamp, plugins, stamp
from pointsman.registry.rivals import Held
from pointsman.registry.slots import Slots
from pointsman.registry.swap import Swap
from pointsman.registry.watching import Watching
from pointsman.runtime.file import ComponentFile

_log = logging.getLogger("pointsman")


@dataclass
class _Pending:
    """A file that has changed."""

    stamp: Stamp
    since: float
    read: ComponentFile | None = None


class Folder:
    """A folder as it is known."""

    def __init__(self, slots: Slots, path: Path, how: Watching) -> None:
        self.how = how
        self._slots = slots
        self._path = path
        self._known: dict[Path, Stamp] = {}
        """The files that something was done about."""
        self._told: dict[Path, str] = {}
        """The digests of those files, or why they could not be read."""
        self._pending: dict[Path, _Pending] = {}
        self._held: dict[Path, Held] = {}
        """The files of which it is known what is in them."""
        self._whole: list[tuple[Path, ComponentFile]] = []
        """The files that are to be loaded now."""
        self._again = Retries()
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
            self._again.forget(gone)
            del self._told[gone]
        for gone in self._pending.keys() - set(files):
            del self._pending[gone]
        for path in self._again.due():
            self._known.pop(path, None)
        for path in files:
            if is_over():
                return None
            try:
                self._look_at(path)
            except Exception:
                # Whatever it is, it is about this file: the others go on, and so does this one once it changes.
                _log.exception("`%s` was not looked at", shown(str(path)))
                self._known[path] = stamp(path)
                self._pending.pop(path, None)
                self._again.add(path)
        whole, self._whole = self._whole, []
        try:
            if whole and not is_over():
                self._load(whole)
        except Exception:
            # Whatever it is, the watch goes on, and so do these files after a while.
            _log.exception("files in `%s` were not loaded", shown(str(self._path)))
            for path, _ in whole:
                self._told.pop(path, None)
                self._again.add(path)
        return self.how.quiet if self._pending else None

    def fall_back(self) -> None:
        """Loads the last good version of each strategy of which nothing was loaded, and says what is missing."""
        for path, result in loading.fall_back(self._slots):
            self._tell(path, result)
        self._slots.check_guards()

    def _look_at(self, path: Path) -> None:
        now_is = stamp(path)
        if now_is == self._known.get(path):
            self._pending.pop(path, None)
            return
        now = time.monotonic()
        pending = self._pending.get(path)
        if pending is None or pending.stamp != now_is:
            self._pending[path] = _Pending(now_is, now)
        elif now - pending.since >= self.how.quiet.total_seconds():
            self._read(path, pending, now)

    def _read(self, path: Path, pending: _Pending, now: float) -> None:
        try:
            file = self._slots.host.read(path)
        except LoadError as error:
            self._done(path, pending)
            self._again.settle(path, error)
            if self._told.get(path) != str(error):
                self._told[path] = str(error)
                self._tell(path, unreadable(self._slots, path, error))
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
        results = loading.load_all(self._slots, whole, self._held, self.how.trial)
        for path, result in results:
            self._again.settle(path, result.__cause__ if isinstance(result, SwapError) else None)
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

    def _done(self, path: Path, pending: _Pending) -> None:
        self._known[path] = pending.stamp
        del self._pending[path]

    def _tell(self, path: Path, result: Swap | SwapError) -> None:
        try:
            self.how.on_change(path, result)
        except BaseException:
            # Also `sys.exit`, which would end only this thread, and unheard.
            _log.exception("`on_change` failed on `%s`", shown(str(path)))
