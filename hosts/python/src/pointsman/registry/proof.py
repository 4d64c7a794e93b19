"""Proof that a version is good: it succeeded for several deployments, so that it may be returned to after a restart."""

from __future__ import annotations


class Proof:
    """The first deployments that a version succeeded for."""

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self._keys: set[str] = set()
        self._calls = 0
        self.is_done = False
        """Nothing needs to be noted any more."""

    def note(self, deployment: str, seen: int) -> bool:
        """Notes a success; whether the version is good now. `seen` is how many deployments the strategy was ever called
        for, as far as that matters.
        """
        if self.is_done:
            return False
        self._keys.add(deployment)
        self._calls += 1
        # Where there are fewer deployments, each may be the first of many: so many calls it takes all the same.
        self.is_done = len(self._keys) >= min(seen, self._enough) and self._calls >= self._enough
        return self.is_done
