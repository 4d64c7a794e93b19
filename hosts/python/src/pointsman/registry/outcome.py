"""Outcomes of calls, and which of them speak against the plugin."""

from __future__ import annotations

from enum import StrEnum

from pointsman.errors import (
    BrokenContract,
    CircuitOpen,
    Limit,
    PlanNotChecked,
    PlanRejected,
    PluginError,
    PluginFailed,
    PluginLimit,
    PluginNotRun,
    PluginTimeout,
    PluginTrap,
    Unavailable,
)


class Outcome(StrEnum):
    """Outcome of a call."""

    OK = "ok"
    """A plan that passed the guard."""
    REFUSED = "refused"
    """The plugin says that its input is not right."""
    REJECTED = "rejected"
    """The guard rejected a plan."""
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
    """The host could not run it, or could not check its plan: too many instances were in use, or the system had no
    memory. Not the plugin's fault."""
    CIRCUIT_OPEN = "circuit-open"
    """The plugin was not called: it fails for this deployment, or for all."""
    UNAVAILABLE = "unavailable"
    """The plugin was not called in time: the time of the batch was over, or the host could not call it. Not the
    plugin's fault."""

    @property
    def is_failure(self) -> bool:
        """Speaks against the plugin."""
        return not self.is_nobodys and self not in (Outcome.OK, Outcome.REFUSED)

    @property
    def is_nobodys(self) -> bool:
        """Says nothing, neither of the plugin nor of its input."""
        return self in (Outcome.HOST, Outcome.CIRCUIT_OPEN, Outcome.UNAVAILABLE)


def outcome(result: object) -> Outcome:
    """Says how a call ended: with this error, or with what is none."""
    match result:
        case PluginFailed(__cause__=error):
            return outcome(error)
        case CircuitOpen():
            return Outcome.CIRCUIT_OPEN
        case Unavailable():
            return Outcome.UNAVAILABLE
        case PlanRejected():
            return Outcome.REJECTED
        case PluginTrap():
            return Outcome.TRAP
        case PluginTimeout():
            return Outcome.TIMEOUT
        case PluginLimit(limit=Limit.MEMORY):
            return Outcome.MEMORY
        case PluginLimit(limit=Limit.RESPONSE):
            return Outcome.RESPONSE
        case BrokenContract():
            return Outcome.MALFORMED
        case PluginLimit() | PluginNotRun() | PlanNotChecked():
            return Outcome.HOST
        case PluginError():
            return Outcome.REFUSED
        case _:
            return Outcome.OK
