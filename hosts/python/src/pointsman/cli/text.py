"""Text in lines for people."""

from __future__ import annotations

WIDTH = 120
"""Most columns of a line."""


def wrapped(text: str, indent: int) -> str:
    """Breaks a text into lines of at most `WIDTH` columns: at spaces, and within a word that is longer than a line. All
    but the first are indented by so many columns: before the first stands a label as wide as that.
    """
    most = max(1, WIDTH - indent)
    lines = [""]
    for i, word in enumerate(text.split(" ")):
        line = lines[-1]
        if i and len(line) + 1 + len(word) <= most:
            lines[-1] = f"{line} {word}"
            continue
        if line:
            lines.append("")
        parts = [word[start : start + most] for start in range(0, len(word), most)] or [""]
        lines[-1] = parts[0]
        lines += parts[1:]
    return ("\n" + " " * indent).join(lines)
