"""A folder of compiled code, found by content, so that a restart need not compile again.

What it holds is run as native code, so whoever can write to the folder runs what they like. A file is written whole,
can be read and written by its owner alone, and begins with a digest of its key and content: what is damaged, or has the
name of another, is not read. Nor is what belongs to another user, or what others may write to.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pointsman.errors import HostError

MOST = 512 << 20
"""Bytes that a folder keeps; beyond them those go that have not been used for longest."""

_DIGEST = 32
"""Bytes that a file begins with."""
_FOLDER = "compiled"
"""The folder within that which was given, in which is nothing else."""


class Cache:
    """A folder of compiled code. Safe to use from several threads and processes."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        """Makes the folder where it is not there. One that cannot be written to is only read.

        # Errors
        `HostError` where it cannot be made.
        """
        self._folder = folder / _FOLDER
        self._most = most
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise HostError(f"cache folder `{folder}` cannot be used: {error}") from error

    def read(self, key: bytes) -> bytes | None:
        """Reads what was written under a key; None where there is nothing, or what is there is not right."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                if not _is_owned(os.fstat(file.fileno())):
                    return None
                content = file.read()
        except OSError:
            return None
        with contextlib.suppress(OSError):
            # It was used just now.
            os.utime(path)
        code = content[_DIGEST:]
        if content[:_DIGEST] == _digest(key, code):
            return code
        with contextlib.suppress(OSError):
            # One flipped bit may crash the process that runs it. The next write puts a whole entry in its place.
            path.unlink()
        return None

    def write(self, key: bytes, code: bytes | bytearray) -> None:
        """Writes something under a key. A folder that does not take it goes without."""
        with contextlib.suppress(OSError):
            self._write(key, code)
            self._make_room()

    def _write(self, key: bytes, code: bytes | bytearray) -> None:
        descriptor, part = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_digest(key, code))
                file.write(code)
            Path(part).replace(self._path(key))
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise

    def _make_room(self) -> None:
        with os.scandir(self._folder) as entries:
            # What somebody was killed over while it was written is among them.
            files = sorted(_stated(entries), key=lambda file: file[1].st_mtime_ns)
        size = sum(status.st_size for _, status in files)
        for path, status in files:
            if size <= self._most:
                return
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            size -= status.st_size

    def _path(self, key: bytes) -> Path:
        return self._folder / key.hex()


def _stated(entries: Iterable[os.DirEntry[str]]) -> Iterable[tuple[Path, os.stat_result]]:
    for entry in entries:
        # Another process may have removed it.
        with contextlib.suppress(FileNotFoundError):
            yield Path(entry.path), entry.stat()


def _digest(key: bytes, code: bytes | bytearray) -> bytes:
    return hashlib.sha256(key + code).digest()


def _is_owned(status: os.stat_result) -> bool:
    """Tells that nobody else but the system's administrator can have written a file."""
    if not stat.S_ISREG(status.st_mode):
        return False
    return os.name != "posix" or (
        status.st_uid in (0, os.geteuid()) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )
