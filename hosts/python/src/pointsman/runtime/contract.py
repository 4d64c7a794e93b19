"""Contracts: what a component is to be. Which functions that takes, the loader knows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contract:
    """A contract that a component may have to keep."""

    name: str
    """The loader's name of what a component is that keeps it."""
    has_budgets: bool
    """Whether the operator's budgets count for its components; otherwise the loader's own do."""
