"""Contracts: what a component is to be. Which functions that takes, the loader knows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contract:
    """A contract that a component may have to keep."""

    name: str
    """The loader's name of what a component is that keeps it."""
    is_packaged: bool
    """Whether its component is the package's own: the loader's own budgets count for it, not the operator's, and it is
    compiled in this process."""
