"""Reading requests: a file, or standard input."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from pointsman.plugin.json_text import elements

_LONGEST = 1 << 30
"""The most that is read, in bytes: more than any fleet needs, and less than takes a machine down."""


class InputError(Exception):
    """The reason why there are no requests."""


def read_requests(file: str) -> list[str]:
    """The texts of the requests in a file: the elements of an array, or the one value that it is. Raises
    `InputError`.
    """
    name = "standard input" if file == "-" else f"`{file}`"
    try:
        text = _read(file).decode()
    except OSError as error:
        raise InputError(f"cannot read {name}") from error
    except UnicodeDecodeError:
        raise InputError(f"{name} is not UTF-8 text") from None
    if len(text) > _LONGEST:
        raise InputError(f"{name} has more than {_LONGEST} bytes")
    if not text.strip():
        raise InputError(f"{name} is empty; it should be one JSON request, or an array of them")
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{name} is not JSON") from error
    return elements(text) if text.lstrip().startswith("[") else [text.strip()]


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(_LONGEST + 1)
    with Path(file).open("rb") as opened:
        return opened.read(_LONGEST + 1)
