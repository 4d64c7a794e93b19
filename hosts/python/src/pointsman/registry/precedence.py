"""Which of several versions is the newest: precedence as Semantic Versioning has it.

By name `1.0.9` would come after `1.0.10`, and by time what was copied last would win, so that a restart changed what
runs.
"""

from __future__ import annotations

import re

# https://semver.org, of whose suggested expression this is a part: what plugins say is checked before.
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", re.ASCII)

Precedence = tuple[tuple[int, int, int], tuple[tuple[int, int, str], ...]]
"""A version's place among others; of equal ones neither is newer."""

_RELEASED: tuple[tuple[int, int, str], ...] = ((2, 0, ""),)
"""After every pre-release."""


def precedence(version: str) -> Precedence:
    """The precedence of a version. One that is not semantic comes before all that are."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return (-1, -1, -1), ()
    major, minor, patch, before = found.groups()
    if before is None:
        return (int(major), int(minor), int(patch)), _RELEASED
    # Numbers come before words, and are compared as numbers.
    parts = tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in before.split("."))
    return (int(major), int(minor), int(patch)), parts
