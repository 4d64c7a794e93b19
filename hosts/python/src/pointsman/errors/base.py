"""The root of the errors, and the name that a plugin has in them."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.contract.words import shown

_SHOWN_DIGITS = 12
"""Hex digits of a digest that a message shows."""


@dataclass(frozen=True)
class PluginId:
    """Identity of a plugin: the name it was loaded under and the digest of its bytes."""

    name: str
    """The name of its file."""
    digest: str
    """`sha256:` and 64 hex digits."""

    def __str__(self) -> str:
        """The name, and as much of the digest as tells versions apart."""
        return f"`{shown(self.name, 255)}` ({self.digest[: len('sha256:') + _SHOWN_DIGITS]}…)"


class PointsmanError(Exception):
    """Any error of this package but `ValueError` and `TypeError` for arguments that cannot be."""


class HostError(PointsmanError):
    """The host cannot be used: limits that cannot be, a cache folder that cannot be used, no guard, or a process that
    was forked from the host's.
    """
