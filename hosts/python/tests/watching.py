"""A registry that watches a folder, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from queue import Queue

from pointsman import (
    Host,
    LoadError,
    LoadProblem,
    Options,
    Registry,
    Swap,
    SwapError,
    Trial,
    Watch,
    Watching,
)

LONG = 60.0
"""Longer than any change here takes to be seen, so that a broken watch ends."""


@dataclass
class Watched:
    """A registry that watches a folder, and what it tells of its files."""

    registry: Registry
    told: Queue[tuple[str, str]]
    watch: Watch
    results: dict[str, Swap | SwapError]
    """The last result of each file."""

    def next(self) -> tuple[str, str]:
        """The next message."""
        return self.told.get(timeout=LONG)

    @property
    def current(self) -> str:
        return self.registry.status()[0].current.plugin.name


@contextmanager
def watched(
    host: Host,
    folder: Path,
    options: Options | None = None,
    quiet: float = 0.01,
    poll: float = 0.005,
    trial: Trial | None = None,
) -> Iterator[Watched]:
    told: Queue[tuple[str, str]] = Queue()
    results: dict[str, Swap | SwapError] = {}

    def tell(path: Path, result: Swap | SwapError) -> None:
        if isinstance(result, Swap):
            what = result.result.value
        else:
            cause = result.__cause__
            unreadable = isinstance(cause, LoadError) and cause.problem is LoadProblem.READ
            what = "unreadable" if unreadable else "failed"
        results[path.name] = result
        told.put((path.name, what))

    registry = Registry(host, options)
    how = Watching(quiet=timedelta(seconds=quiet), poll=timedelta(seconds=poll), on_change=tell, trial=trial)
    with registry.watch(folder, how) as watch:
        yield Watched(registry, told, watch, results)
