"""The root of the errors, and the name that a plugin has in them."""

from __future__ import annotations

from dataclasses import dataclass

_SHOWN_DIGITS = 12
"""How many of a digest's hex digits a message shows."""


@dataclass(frozen=True)
class PluginId:
    """Which plugin: the name it was loaded under and the digest of its bytes."""

    name: str
    """The name of its file."""
    digest: str
    """`sha256:` and 64 hex digits."""

    def __str__(self) -> str:
        """The name, and as much of the digest as tells versions apart."""
        return f"`{self.name}` ({self.digest[: len('sha256:') + _SHOWN_DIGITS]}…)"


class PointsmanError(Exception):
    """Any error of this package but `ValueError` and `TypeError` for arguments that cannot be."""


class HostError(PointsmanError):
    """There is no host: limits that cannot be, a cache folder that cannot be used, no guard, or a process that was
    forked from the host's.
    """
