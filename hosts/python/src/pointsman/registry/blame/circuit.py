"""A circuit breaker: closed, open, half-open.

| state | calls |
|---|---|
| closed | go through |
| open | are answered with an error, until the back-off is over |
| half-open | one goes through, as a probe; the others are answered with an error until it has returned |

A probe that fails opens it for twice as long. There is no state without a way out: a probe that does not return within
the longest back-off makes way for another.
"""

from __future__ import annotations

from pointsman.registry.options import Options


class Circuit:
    """A circuit, closed at first. Times are in seconds, by `Options.clock`."""

    __slots__ = ("_length", "_probe", "_until")

    def __init__(self) -> None:
        self._until: float | None = None
        """Open before this moment, half-open after it; None where it is closed."""
        self._length = 0.0
        """The last back-off, without its jitter."""
        self._probe: float | None = None
        """The moment at which the probe began that is under way."""

    @property
    def is_closed(self) -> bool:
        """It was not open since it was made."""
        return self._until is None

    def remaining(self, now: float) -> float | None:
        """Time for which it is open; None where it is not."""
        return self._until - now if self._until is not None and now < self._until else None

    def refuses(self, now: float, options: Options) -> float | None:
        """Time for which calls are answered with an error, 0.0 while a probe is under way; None where one may go."""
        remaining = self.remaining(now)
        if remaining is not None:
            return remaining
        if self._probe is not None and now - self._probe < options.longest_back_off.total_seconds():
            return 0.0
        return None

    def probe(self, now: float) -> None:
        """Lets a probe go."""
        self._probe = now

    def release(self) -> None:
        """Lets another probe go: what became of this one says nothing."""
        self._probe = None

    def open(self, now: float, options: Options) -> float:
        """Opens it, twice as long as the last time; for how long."""
        length = options.first_back_off.total_seconds() if self.is_closed else self._length * 2
        self._length = min(length, options.longest_back_off.total_seconds())
        # What opened at the same time is not tried again at the same time.
        lengthened = self._length * (1.0 + options.jitter * options.random())
        self._until, self._probe = now + lengthened, None
        return lengthened
