"""Outcomes of calls, and which of them speak against the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pointsman.errors import (
    BrokenContract,
    Limit,
    PlanNotChecked,
    PlanRejected,
    PluginError,
    PluginLimit,
    PluginNotRun,
    PluginTimeout,
    PluginTrap,
)


class Outcome(StrEnum):
    """Outcome of a call."""

    OK = "ok"
    """A plan that passed the guard, or a batch of answers in which none was rejected."""
    REFUSED = "refused"
    """The plugin says that its input is not right."""
    REJECTED = "rejected"
    """The guard rejected a plan, or could not check it."""
    TRAP = "trap"
    """The plugin trapped."""
    TIMEOUT = "timeout"
    """The plugin ran for too long."""
    MEMORY = "memory"
    """The plugin requested too much memory."""
    RESPONSE = "response"
    """The plugin returned too much."""
    MALFORMED = "malformed"
    """The plugin returned what the ABI or the contract does not allow."""
    HOST = "host"
    """The host could not run it: too many instances were in use, or the system had no memory. Not the plugin's
    fault."""
    BACKING_OFF = "backing-off"
    """The plugin was not called: its circuit is open."""

    @property
    def is_failure(self) -> bool:
        """Speaks against the plugin."""
        return self not in (Outcome.OK, Outcome.REFUSED, Outcome.HOST, Outcome.BACKING_OFF)


def outcome(errors: Sequence[PluginError]) -> Outcome:
    """Says how a call ended that raised these errors. There are several only where the guard rejected several plans of
    a batch.
    """
    match errors:
        case []:
            return Outcome.OK
        case [PlanRejected() | PlanNotChecked(), *_]:
            return Outcome.REJECTED
        case [PluginTrap()]:
            return Outcome.TRAP
        case [PluginTimeout()]:
            return Outcome.TIMEOUT
        case [PluginLimit(limit=Limit.MEMORY)]:
            return Outcome.MEMORY
        case [PluginLimit(limit=Limit.RESPONSE)]:
            return Outcome.RESPONSE
        case [BrokenContract()]:
            return Outcome.MALFORMED
        case [PluginLimit() | PluginNotRun()]:
            return Outcome.HOST
        case _:
            return Outcome.REFUSED
