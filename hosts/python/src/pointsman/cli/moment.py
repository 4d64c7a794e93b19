"""Moments and durations as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

_LAST = 253_402_207_200_999
"""End of the calendar, in milliseconds since 1970."""


def absolute(millis: int) -> str:
    """Writes a moment: `2025-10-09T08:53:20Z`; milliseconds where they matter; beyond the calendar's end the number."""
    if millis > _LAST:
        return f"{millis} ms since 1970"
    seconds, rest = divmod(millis, 1000)
    fraction = f".{rest:03}".rstrip("0") if rest else ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def duration(millis: int) -> str:
    """Writes a duration: `1m 30s`, `250ms`; what no clock measures is not divided."""
    if millis >= 1 << 63:
        return f"{millis}ms"
    seconds, rest = divmod(millis, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "m"), (seconds, "s"), (rest, "ms")]
    return " ".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def relative(at: int, now: int) -> str:
    """Writes `at` as it is seen from `now`: `in 1m 30s`, `10s ago`, `now`."""
    if at == now:
        return "now"
    return f"in {duration(at - now)}" if at > now else f"{duration(now - at)} ago"
