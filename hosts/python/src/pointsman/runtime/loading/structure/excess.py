"""What is raised where there is too much of a part."""

from __future__ import annotations

from pointsman.errors.part import Part


class TooMuch(Exception):
    """There is more of a part than its limit."""

    def __init__(self, part: Part) -> None:
        super().__init__(part.words)
        self.part = part


def at_most(part: Part, found: int) -> None:
    """Raises `TooMuch` where more was found than the limit."""
    if found > part.limit:
        raise TooMuch(part)
