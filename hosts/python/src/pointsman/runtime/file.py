"""Component files: reading one once, so that what its digest says is what is loaded."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pointsman.errors import LoadError, LoadProblem, PluginId
from pointsman.runtime.limits import Limits

_AT_ONCE: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class ComponentFile:
    """A component file that was read, once: what its digest says is what is loaded."""

    id: PluginId
    """The name of the file, and the digest of its content."""
    content: bytes
    """Its content."""


def read(path: Path, limits: Limits) -> ComponentFile:
    """Reads a component file.

    # Errors
    `LoadError` for one that cannot be read, is no regular file, or is too large.
    """
    try:
        # Without waiting: a FIFO is open once somebody writes into it.
        with os.fdopen(os.open(path, os.O_RDONLY | _AT_ONCE), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise LoadError(LoadProblem.READ, f"cannot read `{path}`: it is not a regular file")
            _check_size(path.name, status.st_size, limits)
            # One byte more than is allowed tells a file that grows meanwhile.
            content = file.read(limits.component + 1)
    except OSError as error:
        raise LoadError(LoadProblem.READ, f"cannot read `{path}`: {error.strerror}") from error
    return of(path.name, content, limits)


def of(name: str, content: bytes, limits: Limits) -> ComponentFile:
    """Makes a component file of what is in memory.

    # Errors
    `LoadError` for one that is too large.
    """
    _check_size(name, len(content), limits)
    return ComponentFile(PluginId(name, f"sha256:{hashlib.sha256(content).hexdigest()}"), content)


def _check_size(name: str, size: int, limits: Limits) -> None:
    if size > limits.component:
        raise LoadError(LoadProblem.TOO_LARGE, f"`{name}` has {size} bytes, the limit is {limits.component}")
