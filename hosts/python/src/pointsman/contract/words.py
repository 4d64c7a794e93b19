"""Words for messages: durations, and texts that control no terminal and forge no line of a log."""

from __future__ import annotations

import re
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
