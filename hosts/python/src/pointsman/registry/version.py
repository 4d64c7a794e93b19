"""A loaded version of a strategy."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.contract.plan import Description
from pointsman.errors import PluginId
from pointsman.guard.plugin import Plugin


@dataclass(frozen=True)
class VersionStatus:
    """Identity of a version of a strategy."""

    plugin: PluginId
    """Its file name and digest."""
    version: str
    """The version that it says it has."""


@dataclass(frozen=True, eq=False)
class Version:
    """A loaded version of a strategy."""

    plugin: Plugin
    description: Description
    content: bytes | None = None
    """The component, where it is to be kept over restarts."""

    @property
    def status(self) -> VersionStatus:
        """Its identity."""
        return VersionStatus(self.plugin.id, self.description.version)
