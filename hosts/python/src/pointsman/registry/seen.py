"""The deployments that a strategy was ever called for, as far as it matters whether there are several."""

from __future__ import annotations


class Seen:
    """The first few deployments. Once there are enough, to note another costs one comparison."""

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self._keys: frozenset[str] = frozenset()

    def note(self, deployment: str) -> None:
        """Notes a deployment."""
        # Replaced as a whole: where two threads note two, one may be lost, and is noted with its next call.
        if len(self._keys) < self._enough:
            self._keys |= {deployment}

    @property
    def count(self) -> int:
        """How many there are, up to what is enough."""
        return len(self._keys)

    @property
    def is_enough(self) -> bool:
        """Others need not be noted."""
        return len(self._keys) >= self._enough
