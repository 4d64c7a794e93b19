"""What is known of a deployment that fails."""

from __future__ import annotations

from pointsman.registry.blame.circuit import Circuit
from pointsman.registry.options import Options


class Entry:
    """A deployment that failed, or that the version before decides for."""

    __slots__ = ("circuit", "failures", "heard", "input", "is_asked", "is_judged", "is_pinned")

    def __init__(self, input: int, heard: float, *, is_pinned: bool = False) -> None:
        self.input = input
        """Fingerprint of its configuration, deploying revision and target. With another, all this is forgotten."""
        self.heard = heard
        """The moment of its last call."""
        self.failures = 0
        """Failures in a row."""
        self.circuit = Circuit()
        self.is_asked = False
        """The questions are under way, or wait."""
        self.is_judged = False
        """Its input is to blame; it is not asked about again."""
        self.is_pinned = is_pinned
        """The version before decides for it."""

    def has_faded(self, now: float, options: Options) -> bool:
        """Nothing was heard of it for so long that it may well be gone."""
        return now - self.heard >= 2 * options.longest_back_off.total_seconds()
