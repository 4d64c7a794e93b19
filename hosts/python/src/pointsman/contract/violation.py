"""Violations: findings of the guard in a plan."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """One thing that a plan does and must not do."""

    code: str
    """A stable kebab-case word: `unknown-id`, `capacity-lowered`; all of them are in `wit/guard/guard.wit`."""
    route_ids: tuple[str, ...]
    """The routes it is about, in the order of their ids."""
    message: str
    """One sentence with the numbers in it."""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
