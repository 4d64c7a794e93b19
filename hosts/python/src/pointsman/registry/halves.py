"""Batches that fail as a whole, halved until the request at fault stands alone.

Pure: what calls a plugin, and judges how long that may take, is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pointsman.errors import PluginError
from pointsman.registry.blame import CURRENT, Ticket, Which

_A = TypeVar("_A")


class Stop(Exception):
    """A call of several requests did not take place: the time of the batch is over, or the host could not call."""


@dataclass(frozen=True)
class Failed:
    """The call failed with this request alone."""

    error: PluginError


@dataclass(frozen=True)
class NotReached:
    """It was not reached."""

    why: str


def groups(tickets: Sequence[tuple[int, Ticket]]) -> list[tuple[Which, list[int]]]:
    """Groups admitted requests, given by their places, as they are called: those that are not suspect together, first
    by the current version and then by the one before it; then each suspect one alone.
    """
    if all(ticket is CURRENT for _, ticket in tickets):
        return [(Which.CURRENT, [i for i, _ in tickets])] if tickets else []
    together = [
        (which, [i for i, ticket in tickets if ticket.which is which and not ticket.is_suspect]) for which in Which
    ]
    alone = [(ticket.which, [i]) for i, ticket in tickets if ticket.is_suspect]
    return [(which, group) for which, group in (*together, *alone) if group]


class Halving(Generic[_A]):
    """A way to call a group of requests, and what became of each."""

    def __init__(self, call: Callable[[Sequence[int]], Sequence[_A]]) -> None:
        """`call` raises `PluginError` where the call fails as a whole, and `Stop` where there is none."""
        self._call = call
        self.results: dict[int, _A | Failed | NotReached] = {}
        """By the requests' places."""

    def take(self, group: Sequence[int]) -> None:
        """Calls a group, and halves of it where it fails as a whole; the first half is the larger."""
        try:
            self.results.update(zip(group, self._call(group), strict=True))
        except Stop as stop:
            self.results.update((i, NotReached(str(stop))) for i in group)
        except PluginError as error:
            if len(group) == 1:
                self.results[group[0]] = Failed(error)
                return
            middle = -(len(group) // -2)
            self.take(group[:middle])
            self.take(group[middle:])
