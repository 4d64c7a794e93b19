"""Errors in the place of one plan."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.contract.plan import RouteChanges
from pointsman.contract.violation import Violation
from pointsman.errors.base import PluginId
from pointsman.errors.call import PluginError


class EvaluationError(PluginError):
    """Reason why one request has no plan. Nothing must be applied."""

    def __init__(self, plugin: PluginId, what: str, message: str) -> None:
        super().__init__(plugin, f"plugin {plugin}: {what}: {message}")
        self.message = message
        """One sentence, naming the field or the route."""


class InvalidConfig(EvaluationError):
    """The plugin says that the configuration is not what it takes; the text names the key."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        super().__init__(plugin, "invalid config", message)


class InvalidSpec(EvaluationError):
    """The plugin says that another field of the spec cannot be right; the text names it."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        super().__init__(plugin, "invalid spec", message)


class InvalidRoutes(EvaluationError):
    """The plugin says that the routes cannot be right; the text names the route."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        super().__init__(plugin, "invalid routes", message)


class InvalidRequest(EvaluationError):
    """The plugin says that this is no request; the text names the field: a target of -1, a status that is no status."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        super().__init__(plugin, "invalid request", message)


class PlanRejected(EvaluationError):
    """The guard rejected the plan. Nothing of it may be applied."""

    def __init__(self, plugin: PluginId, plan: RouteChanges, violations: Sequence[Violation]) -> None:
        super().__init__(plugin, "plan rejected", "; ".join(map(str, violations)))
        self.plan = plan
        """The plan, for people to look at."""
        self.violations = tuple(violations)
        """The violations, all of them."""
