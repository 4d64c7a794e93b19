"""Errors of a call into a plugin as a whole."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from pointsman.contract.words import duration, shown
from pointsman.errors.base import PluginId, PointsmanError


class PluginError(PointsmanError):
    """Failure of a call into a plugin. The instance is thrown away; plugin and host go on."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        # A message may hold words of the plugin, or of a tenant.
        super().__init__(shown(message))
        self.plugin = plugin
        """The plugin."""


class PluginTrap(PluginError):
    """A trap: a bug in the plugin."""

    def __init__(self, plugin: PluginId, trap: str) -> None:
        super().__init__(plugin, f"plugin {plugin} trapped: {trap}")
        self.trap = trap
        """The kind of trap, in kebab-case: `unreachable`, `memory-out-of-bounds`, `stack-overflow`. The cause has the
        stack."""


class PluginTimeout(PluginError):
    """The plugin ran for too long."""

    def __init__(self, plugin: PluginId, limit: timedelta) -> None:
        super().__init__(plugin, f"plugin {plugin} ran for longer than {duration(limit)}")
        self.limit = limit
        """`Limits.time`."""


class Limit(StrEnum):
    """Limit that a call came to."""

    MEMORY = "memory"
    """The plugin requested more than `Limits.memory`."""
    RESPONSE = "response"
    """The plugin returned more than `Limits.response`."""
    INSTANCES = "instances"
    """`Limits.instances` are in use. Not the plugin's fault: try again, or raise the limit."""


class PluginLimit(PluginError):
    """The plugin came to a limit."""

    def __init__(self, plugin: PluginId, limit: Limit, most: int) -> None:
        what = {
            Limit.MEMORY: f"requested more than {most} bytes of memory",
            Limit.RESPONSE: f"returned more than {most} bytes",
            Limit.INSTANCES: f"was not called: {most} instances are in use already",
        }
        super().__init__(plugin, f"plugin {plugin} {what[limit]}")
        self.limit = limit
        """The limit."""
        self.most = most
        """Value of the limit."""


class BrokenContract(PluginError):
    """The plugin returned what the contract or the component ABI does not allow, so nothing of it is to be trusted."""

    def __init__(self, plugin: PluginId, problem: str) -> None:
        super().__init__(plugin, f"plugin {plugin} broke the contract: {problem}")


class PlanNotChecked(PluginError):
    """The guard could not check its plan, which is therefore not returned. The cause is the guard's error."""

    def __init__(self, plugin: PluginId, problem: str) -> None:
        super().__init__(plugin, f"plugin {plugin} gave a plan that could not be checked: {problem}")


class PluginNotRun(PluginError):
    """The runtime could not do its part: most often the system has no memory left. Not the plugin's fault."""

    def __init__(self, plugin: PluginId, problem: str) -> None:
        super().__init__(plugin, f"plugin {plugin} could not be run: {problem}")


class InvalidRequests(PluginError):
    """The text for the JSON entry point is no JSON array. One bad request in an array is no error of the whole."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        super().__init__(plugin, f"plugin {plugin}: {message}")
        self.message = message
        """The objection to it."""
