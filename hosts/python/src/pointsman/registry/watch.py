"""Loading what appears in a folder.

The folder is looked at every so often. That needs no library and works on every file system, also those that tell of no
changes: NFS, and folders that are mounted into containers; a look at a folder of a few files takes some 30 µs.

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
from threading import Event, Thread, current_thread

from pointsman.errors import LoadError, SwapError, WatchError
from pointsman.registry.swap import Slots, Swap, load_failed, report
from pointsman.runtime.file import ComponentFile

_log = logging.getLogger("pointsman")

_Stamp = tuple[int, ...]
"""What changes when a file does."""


def _tell_nobody(path: Path, result: Swap | SwapError) -> None:
    pass


@dataclass(frozen=True)
class Watching:
    """How a folder is watched."""

    quiet: timedelta = timedelta(milliseconds=50)
    """For how long nothing about a file may change before it is read, and again before it is loaded; default 50 ms. A
    writer that pauses for longer than both is taken for one that has given up."""
    poll: timedelta = timedelta(milliseconds=100)
    """How often the folder is looked at; default 100 ms."""
    on_change: Callable[[Path, Swap | SwapError], None] = _tell_nobody
    """Called with what came of each file, on the thread that watches."""


@dataclass
class _Pending:
    """A file that has changed."""

    stamp: _Stamp
    since: float
    read: ComponentFile | None = None


class Watch:
    """A folder that is watched, until this is closed or leaves its `with` block."""

    def __init__(self, slots: Slots, folder: Path, how: Watching) -> None:
        """Returns when what is in the folder was loaded. Raises `WatchError`."""
        try:
            plugins(folder)
        except OSError as error:
            raise WatchError(folder) from error
        self._watched = _Folder(slots, folder.absolute(), how)
        self._is_over = Event()
        has_looked = Event()
        self._thread = Thread(target=self._run, args=(has_looked,), name="pointsman-watch", daemon=True)
        self._thread.start()
        has_looked.wait()

    def close(self) -> None:
        """Stops watching. Nothing is loaded any more once it returns; called by `on_change`, once that returns."""
        self._is_over.set()
        if self._thread is not current_thread():
            self._thread.join()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _run(self, has_looked: Event) -> None:
        try:
            while not self._is_over.is_set():
                wait = self._watched.look(self._is_over.is_set)
                if wait is None:
                    has_looked.set()
                self._is_over.wait((wait or self._watched.how.poll).total_seconds())
        finally:
            # However it ends, nobody waits for it.
            has_looked.set()


class _Folder:
    """The folder as it is known."""

    def __init__(self, slots: Slots, path: Path, how: Watching) -> None:
        self.how = how
        self._slots = slots
        self._path = path
        self._known: dict[Path, _Stamp] = {}
        """The files that something was done about."""
        self._told: dict[Path, str] = {}
        """The digests of those files, or why they could not be read."""
        self._pending: dict[Path, _Pending] = {}
        self._is_lost = False

    def look(self, is_over: Callable[[], bool] = lambda: False) -> timedelta | None:
        """Looks once, and loads what is whole, until it is over. How long to wait for what is not; None where there is
        nothing.
        """
        try:
            files = plugins(self._path)
        except OSError as error:
            if not self._is_lost:
                _log.error("folder `%s` is gone, what it held goes on: %s", self._path, error)
            self._is_lost = True
            return None
        if self._is_lost:
            _log.info("folder `%s` is back", self._path)
            self._is_lost = False
        for gone in self._told.keys() - set(files):
            self._known.pop(gone, None)
            del self._told[gone]
        for gone in self._pending.keys() - set(files):
            del self._pending[gone]
        for path in files:
            if is_over():
                return None
            try:
                self._look_at(path)
            except Exception:
                # Whatever it is, it is about this file: the others go on, and so does this one once it changes.
                _log.exception("`%s` was not looked at", path)
                self._known[path] = _stamp(path)
                self._pending.pop(path, None)
        return self.how.quiet if self._pending else None

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
            if self._told.get(path) != str(error):
                self._told[path] = str(error)
                failed = load_failed(error)
                report(path, failed)
                self._tell(path, failed)
            return
        if not file.content or self._told.get(path) == file.id.digest:
            # Somebody has just begun to write it, or has only touched it.
            self._done(path, pending)
        elif pending.read is not None and pending.read.id == file.id:
            self._done(path, pending)
            self._told[path] = file.id.digest
            try:
                self._tell(path, self._slots.change(None, path, file))
            except SwapError as error:
                self._tell(path, error)
        else:
            pending.read, pending.since = file, now

    def _done(self, path: Path, pending: _Pending) -> None:
        self._known[path] = pending.stamp
        del self._pending[path]

    def _tell(self, path: Path, result: Swap | SwapError) -> None:
        try:
            self.how.on_change(path, result)
        except BaseException:
            # Also `sys.exit`, which would end only this thread, and unheard.
            _log.exception("`on_change` failed on `%s`", path)


def plugins(folder: Path) -> list[Path]:
    """The plugins in a folder, in the order of their names: every `*.wasm` that is not hidden."""
    files = (folder / entry.name for entry in os.scandir(folder))
    return sorted(path for path in files if path.suffix == ".wasm" and not path.name.startswith("."))


def _stamp(path: Path) -> _Stamp:
    """What changes when a file does; nothing for one that is not there."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
