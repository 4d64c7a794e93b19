"""Words for messages: durations, and texts that control no terminal and forge no line of a log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

UNSAFE = re.compile(
    "["
    # Control characters.
    "\x00-\x1f\x7f-\x9f"
    # Marks that change the direction of the text after them, and separators of lines and paragraphs.
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "]"
)
"""One character that a plan's texts must not have as it is; the same as in the Rust crate's module `text`."""

_HIDDEN = re.compile(
    UNSAFE.pattern[:-1]
    # Characters without a width, which make two different words look the same.
    + "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    # Tags, and selectors of variations.
    + "\U000e0000-\U000e0fff\ufe00-\ufe0f"
    # Halves of surrogate pairs, which cannot be encoded.
    + "\ud800-\udfff"
    + "]"
)
LONGEST = 2000
"""Most characters of a text of others in a line."""
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def escape(character: str) -> str:
    r"""Writes a character as its number: `\u{9b}`."""
    return f"\\u{{{ord(character):x}}}"


def plain(text: str) -> str:
    r"""Writes out what a terminal obeys or hides: `\u{1b}` moves no cursor, `\n` breaks no table."""
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(lambda match: _SHORT.get(match[0]) or escape(match[0]), text)


def duration(length: timedelta, space: str = "") -> str:
    """Writes a duration: `1s`, `500ms`."""
    whole = length.total_seconds()
    return f"{whole:g}{space}s" if whole >= 1 else f"{whole * 1000:g}{space}ms"


def shown(text: str, most: int = LONGEST) -> str:
    """Makes text of a plugin or a tenant fit for one line of a log: written out, and of so many characters at most."""
    if len(text) <= most:
        return plain(text)
    return plain(text[: most - 1]) + "…"


def brief(value: object, most: int = 100) -> str:
    """Shows a value that may be anything, in so many characters at most."""
    try:
        return shown(repr(value), most)
    except (RecursionError, ValueError):
        # Nested too deeply, or a number of too many digits for Python to write.
        return f"a value of type {type(value).__name__}"


def listed(words: Sequence[str], most: int = 10) -> str:
    """Lists the first few of some words, and how many more there are."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(map(shown, words[:most])) + more
