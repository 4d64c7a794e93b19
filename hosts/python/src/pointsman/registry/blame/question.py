"""The questions that find out whose fault a failure is."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, StrEnum

from pointsman.registry.outcome import Outcome


class Which(Enum):
    """A version of the two that a strategy has."""

    CURRENT = "current"
    PREVIOUS = "previous"
    """The one before it."""


class Verdict(StrEnum):
    """Whose fault it is that a new version failed or refused."""

    NOBODY = "nobody"
    """It succeeds when it is asked again."""
    INPUT = "input"
    """The version before does not succeed either."""
    VERSION = "version"
    """The version before succeeds, and this one still does not."""


def ask(call: Callable[[Which], Outcome]) -> Verdict | None:
    """Asks the version that failed, the one before it, and once more the one that failed, as far as it takes. None
    where the host could not call one of them.
    """
    again = call(Which.CURRENT)
    if again.is_nobodys:
        return None
    if again is Outcome.OK:
        return Verdict.NOBODY
    before = call(Which.PREVIOUS)
    if before.is_nobodys:
        return None
    if before is not Outcome.OK:
        return Verdict.INPUT
    third = call(Which.CURRENT)
    if third.is_nobodys:
        return None
    return Verdict.NOBODY if third is Outcome.OK else Verdict.VERSION
