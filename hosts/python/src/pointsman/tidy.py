"""Plans made fit to be returned: texts that forge no lines of a log, and no evaluation without a pause.

The rules are those of the Rust crate's module `text`: none of this is a violation.
"""

from __future__ import annotations

import re

from pointsman.plan import RouteChanges

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
    """A text with its control characters escaped as `\\u{9b}`, and shortened to at most `most` bytes, the last of which
    are an ellipsis then.
    """
    if len(text) * 4 <= most and not _UNSAFE.search(text):
        return text
    if len(text.encode(errors="surrogatepass")) <= most and not _UNSAFE.search(text):
        return text
    pieces: list[str] = []
    size = kept = 0
    room = most - len(_ELLIPSIS.encode())
    for character in text:
        piece = f"\\u{{{ord(character):x}}}" if _UNSAFE.match(character) else character
        pieces.append(piece)
        size += len(piece.encode(errors="surrogatepass"))
        if size > most:
            return "".join(pieces[:kept]) + _ELLIPSIS
        if size <= room:
            kept = len(pieces)
    return "".join(pieces)


def tidy(plan: RouteChanges, now: int) -> bool:
    """Makes a plan fit to be returned; whether anything had to change. `now` is in milliseconds."""
    has_changed = False
    reason = plan.reason
    code, message = tidied(reason.code, _LONGEST_WORD), tidied(reason.message, _LONGEST_MESSAGE)
    if code is not reason.code or message is not reason.message:
        reason.code, reason.message = code, message
        has_changed = True
    fields = vars(plan)
    gate = fields["gate"]
    if gate is not None and (short := tidied(gate, _LONGEST_WORD)) is not gate:
        fields["gate"] = short
        has_changed = True
    at = fields["next_evaluation_at"]
    if at is not None and now < at < min(now + _SHORTEST_PAUSE, _LAST):
        fields["next_evaluation_at"] = min(now + _SHORTEST_PAUSE, _LAST)
        has_changed = True
    return has_changed
