"""Plans made fit to be returned: texts that forge no lines of a log, and no evaluation without a pause.

The rules are those of the Rust crate's module `text`: none of this is a violation.
"""

from __future__ import annotations

import re

from pointsman.contract.plan import RouteChanges

_LONGEST_MESSAGE = 1024
"""Most bytes of a reason's message, after escaping."""
_LONGEST_WORD = 64
"""Most bytes of a reason's code and of a gate, after escaping."""
_SHORTEST_PAUSE = 1000
"""Milliseconds from now to the next evaluation, at least."""
_LAST = (1 << 64) - 1

_ELLIPSIS = "\u2026"
# Control characters, separators of lines and paragraphs, and marks that change the direction of text.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def tidied(text: str, most: int) -> str:
    r"""A text with its control characters escaped as `\u{9b}`, and shortened to at most `most` bytes, the last of which
    are an ellipsis then. The same object where nothing is to be done.
    """
    # Python calls no character printable that is escaped here; of others it does not matter what it calls them.
    is_safe = text.isprintable() or not _UNSAFE.search(text)
    if is_safe and (4 * len(text) <= most or _size(text) <= most):
        return text
    pieces: list[str] = []
    size = kept = 0
    room = most - _size(_ELLIPSIS)
    for character in text:
        piece = f"\\u{{{ord(character):x}}}" if _UNSAFE.match(character) else character
        pieces.append(piece)
        size += _size(piece)
        if size > most:
            return "".join(pieces[:kept]) + _ELLIPSIS
        if size <= room:
            kept = len(pieces)
    return "".join(pieces)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def tidy(plan: RouteChanges, now: int) -> bool:
    """Makes a plan fit to be returned; whether anything had to change. `now` is in milliseconds."""
    fields = plan.__dict__
    reason, gate, at = fields["reason"], fields["gate"], fields["next_evaluation_at"]
    code, message = reason.code, reason.message
    # Every plan of a fleet comes by here, and nearly all of them are fit.
    if (
        (at is None or at <= now or at - now >= _SHORTEST_PAUSE)
        and message.isascii()
        and message.isprintable()
        and len(message) <= _LONGEST_MESSAGE
        and code.isascii()
        and code.isprintable()
        and len(code) <= _LONGEST_WORD
        and (gate is None or tidied(gate, _LONGEST_WORD) is gate)
    ):
        return False
    reason.code, reason.message = tidied(code, _LONGEST_WORD), tidied(message, _LONGEST_MESSAGE)
    has_changed = reason.code is not code or reason.message is not message
    if gate is not None and (short := tidied(gate, _LONGEST_WORD)) is not gate:
        fields["gate"] = short
        has_changed = True
    soonest = min(now + _SHORTEST_PAUSE, _LAST)
    if at is not None and now < at < soonest:
        fields["next_evaluation_at"] = soonest
        has_changed = True
    return has_changed
