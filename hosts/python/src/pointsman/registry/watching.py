"""Options of a watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pointsman.errors import SwapError
from pointsman.registry.swap import Swap
from pointsman.registry.trial import Trial


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
    trial: Trial | None = None
    """Terms on which new versions are tried beside the current ones first; default None: they are switched to."""
