"""What a component must export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Contract:
    """Functions that a component must export, and what they are in its core module."""

    name: str
    """What a component that has none of it is not."""
    main: str
    """The interface whose version is that of the contract."""
    versions: Sequence[str]
    """Those that this host supports."""
    functions: Mapping[str, Mapping[str, Sequence[str]]]
    """For each interface its functions, with the types of their parameters in the core module. Each returns one i32."""
