"""Events of the system about a folder, and whether they are enough to go by.

They come from the library `watchdog`, which has no dependencies, does nothing while nothing happens, and leaves neither
the end of the interpreter nor a fork waiting. (`watchfiles` brings two more packages, and wakes some 190 times a
second.) Events are only told as such: what has changed is found by looking.

They do not tell of everything. Of a folder on the network only what this machine itself changes is told; of a link to
another folder, nothing that happens there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_TOLD = frozenset({"btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "ramfs", "tmpfs", "xfs", "zfs"})
"""File systems that only this machine can change."""


class Events:
    """The events of one folder, from now until they are closed."""

    def __init__(self, folder: Path, wake: Callable[[], object]) -> None:
        """Has something called, on another thread, whenever something in a folder changes."""
        self.folder = folder
        self._observer = _observer(folder, wake)
        self._is_local = _is_local(folder)
        self._inode = _inode(folder)

    def are_enough(self) -> bool:
        """Tells that nothing can change in the folder without an event."""
        return self._observer is not None and self._is_local and not _has_links(self.folder)

    def are_of_another(self) -> bool:
        """Tells that there is another folder now where this one was."""
        return _inode(self.folder) != self._inode

    def close(self) -> None:
        """Ends them."""
        if self._observer is not None:
            self._observer.stop()


def _observer(folder: Path, wake: Callable[[], object]) -> Any:
    """An observer that was started; None where the system gives none: too many of them, or a folder that is gone."""
    # Here, because it takes 50 ms, and most who import this package watch nothing.
    from watchdog import events
    from watchdog.observers import Observer

    class Handler(events.FileSystemEventHandler):
        def on_any_event(self, event: events.FileSystemEvent) -> None:
            wake()

    # Not of reading: looking at the folder would be an event.
    told: list[type[events.FileSystemEvent]] = [
        events.DirCreatedEvent,
        events.DirDeletedEvent,
        events.DirModifiedEvent,
        events.DirMovedEvent,
        events.FileClosedEvent,
        events.FileCreatedEvent,
        events.FileDeletedEvent,
        events.FileModifiedEvent,
        events.FileMovedEvent,
    ]
    observer = Observer()
    try:
        observer.schedule(Handler(), str(folder), event_filter=told)
        observer.start()
    except (OSError, RuntimeError):
        return None
    return observer


def _is_local(folder: Path) -> bool:
    """Tells that only this machine can change a folder, as far as is known."""
    return _kind(folder) in _TOLD


def _kind(folder: Path) -> str:
    """The kind of file system that a folder is on; empty where that is not known."""
    if sys.platform != "linux":
        return ""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    of = os.path.realpath(folder)
    # id, parent, device, root, place, options, more of them, a hyphen, the kind; of equal places the last one counts.
    found = ("", "")
    for mount in mounts:
        fields, _, kind = mount.partition(" - ")
        place = fields.split(" ")[4].replace("\\040", " ")
        if os.path.commonpath([place, of]) == place and len(place) >= len(found[0]):
            found = place, kind.split(" ")[0]
    return found[1]


def _has_links(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(entry.is_symlink() for entry in entries)
    except OSError:
        return True


def _inode(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
