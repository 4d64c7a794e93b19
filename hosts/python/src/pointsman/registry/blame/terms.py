"""Leave to call, and what the outcomes of calls lead to."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.registry.blame.question import Which


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to call a version. Whoever has it must report how the call ended."""

    which: Which = Which.CURRENT
    """The version to call."""
    is_suspect: bool = False
    """The deployment has failed, so that it is better called alone."""
    is_probe: bool = False
    """It is the one probe of the deployment's circuit."""
    is_version_probe: bool = False
    """It is the one probe of the version's."""


CURRENT = Ticket()
"""Leave of a deployment of which nothing is known, as of nearly all."""


@dataclass(frozen=True)
class Open:
    """A circuit that is open."""

    is_for_all: bool
    """It is the version's."""
    failures: int
    """Failures in a row; of the version's circuit, deployments that failed."""
    remaining: float
    """Seconds for which it is open; 0.0 while a probe is under way."""


@dataclass
class Consequence:
    """What a call that has ended leads to."""

    opened: float | None = None
    """The deployment's circuit opens for so many seconds."""
    opened_for_all: float | None = None
    """The version's circuit opens for so many seconds."""
    ask: bool = False
    """Somebody has to ask whose fault it is, and to say what came of it."""


NOTHING = Consequence()


@dataclass(frozen=True)
class Sentence:
    """What a verdict leads to."""

    is_pinned: bool = False
    """The version before decides for the deployment from now on."""
    revert: tuple[str, ...] = ()
    """The version is to be reverted: the deployments that it fails; empty where it is not."""


@dataclass(frozen=True)
class Standing:
    """A deployment whose circuit is open, or that is pinned."""

    deployment: str
    failures: int
    open: float | None
    """Seconds for which its circuit is open."""
    is_pinned: bool
