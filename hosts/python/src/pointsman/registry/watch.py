"""Watching a folder, on a thread of its own: when it is looked at.

It is looked at when the system tells that something has changed, and every so often where that is not enough to go by:
on NFS, and where plugins are links to somewhere else. A look at a folder of a few files takes some 30 µs.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Event, Thread, current_thread

from pointsman.errors import WatchError
from pointsman.registry.events import Events
from pointsman.registry.files import plugins
from pointsman.registry.folder import Folder
from pointsman.registry.slots import Slots
from pointsman.registry.watching import Watching

_BACKSTOP = timedelta(seconds=1)
"""Interval of looks where the system tells of every change: it may still lose some, and tells nothing more of a folder
that was put in the place of another."""


class Watch:
    """A folder that is watched, until this is closed or leaves its `with` block."""

    def __init__(self, slots: Slots, folder: Path, how: Watching) -> None:
        """Returns when what is in the folder was loaded. Raises `WatchError`."""
        try:
            plugins(folder)
        except OSError as error:
            raise WatchError(folder) from error
        self._path = folder.absolute()
        self._folder = Folder(slots, self._path, how)
        self._how = how
        self._is_over = Event()
        self._wake = Event()
        has_looked = Event()
        self._thread = Thread(target=self._run, args=(has_looked,), name="pointsman-watch", daemon=True)
        self._thread.start()
        has_looked.wait()

    def close(self) -> None:
        """Stops watching. Nothing is loaded any more once it returns; called by `on_change`, once that returns."""
        self._is_over.set()
        self._wake.set()
        if self._thread is not current_thread():
            self._thread.join()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _run(self, has_looked: Event) -> None:
        events = Events(self._path, self._wake.set)
        try:
            while not self._is_over.is_set():
                if events.are_of_another():
                    events.close()
                    events = Events(self._path, self._wake.set)
                # What changes from here on is told.
                self._wake.clear()
                wait = self._folder.look(self._is_over.is_set)
                if wait is None:
                    if not has_looked.is_set() and not self._is_over.is_set():
                        self._folder.fall_back()
                    has_looked.set()
                    if self._is_over.is_set():
                        break
                    wait = _BACKSTOP if events.are_enough() else self._how.poll
                    self._wake.wait(wait.total_seconds())
                else:
                    # Whatever changes meanwhile, it is too early.
                    self._is_over.wait(wait.total_seconds())
        finally:
            events.close()
            # However it ends, nobody waits for it.
            has_looked.set()
