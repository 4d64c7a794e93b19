"""Files of a folder: which of them are plugins, when one has changed, and when a failure is tried again."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pointsman.errors import LoadError, LoadProblem, PluginNotRun

Stamp = tuple[int, ...]
"""Properties of a file that change when it does."""

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
"""Seconds until a file is tried again that failed for a reason that may pass."""


class Retries:
    """Files that failed for a reason that may pass. Each waits for twice as long the next time."""

    def __init__(self) -> None:
        self._waiting: dict[Path, tuple[float, float]] = {}
        """When each is tried again, in seconds of the monotonic clock, and how long that is waited for."""

    def __contains__(self, path: Path) -> bool:
        return path in self._waiting

    def due(self) -> list[Path]:
        """Lists the files whose time has come."""
        now = time.monotonic()
        return [path for path, (at, _) in self._waiting.items() if at <= now]

    def settle(self, path: Path, error: BaseException | None) -> None:
        """Has a file tried again if it failed for such a reason."""
        if _may_pass(error):
            self.add(path)
        else:
            self.forget(path)

    def add(self, path: Path) -> None:
        """Has a file tried again."""
        last = self._waiting.get(path)
        wait = _FIRST_WAIT if last is None else min(last[1] * 2, _LONGEST_WAIT)
        self._waiting[path] = time.monotonic() + wait, wait

    def forget(self, path: Path) -> None:
        """Has a file not tried again."""
        self._waiting.pop(path, None)


def plugins(folder: Path) -> list[Path]:
    """Lists the plugins in a folder in the order of their names: every `*.wasm` that is not hidden."""
    with os.scandir(folder) as entries:
        files = [folder / entry.name for entry in entries]
    return sorted(path for path in files if path.suffix == ".wasm" and not path.name.startswith("."))


def stamp(path: Path) -> Stamp:
    """Reads what changes when a file does; nothing for one that is not there."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _may_pass(error: BaseException | None) -> bool:
    """Tells that a file may be as it should be, and failed because the system had no memory, no place or no leave."""
    if isinstance(error, LoadError):
        is_read = error.problem is LoadProblem.READ and isinstance(error.__cause__, OSError)
        return is_read or error.problem is LoadProblem.COMPILER or _may_pass(error.__cause__)
    return isinstance(error, PluginNotRun)
