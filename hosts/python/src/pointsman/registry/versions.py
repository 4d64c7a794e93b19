"""Versions of a strategy that change together."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.registry.blame import Blame, Which
from pointsman.registry.options import Options
from pointsman.registry.proof import Proof
from pointsman.registry.tried import Tried
from pointsman.registry.version import Version


@dataclass(frozen=True, eq=False)
class Versions:
    """Versions of a strategy: the one that it runs on, what is known of its failures, the one before, and the one that
    may come next. They change together.
    """

    current: Version
    previous: Version | None
    blame: Blame
    proof: Proof
    tried: Tried | None
    """Until it is promoted or discarded."""

    @staticmethod
    def of(current: Version, previous: Version | None, options: Options, tried: Tried | None = None) -> Versions:
        """Versions of which nothing is known yet."""
        blame = Blame(options, has_previous=previous is not None)
        return Versions(current, previous, blame, Proof(options.revert_after), tried)

    def get(self, which: Which) -> Version:
        """The version that a ticket is for."""
        return self.previous if which is Which.PREVIOUS and self.previous is not None else self.current
