"""Contracts: functions that a component must export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Contract:
    """Functions that a component must export, and what they are in its core module."""

    name: str
    """Name of what a component is that has them, for messages."""
    main: str
    """The interface whose version is that of the contract."""
    versions: Sequence[str]
    """Versions that this host supports."""
    functions: Mapping[str, Mapping[str, Sequence[str]]]
    """Functions of each interface, with the types of their parameters in the core module. Each returns one i32."""
