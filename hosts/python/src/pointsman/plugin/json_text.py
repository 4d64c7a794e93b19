"""Taking JSON text apart without reading it: what nobody changed is passed on as it was written.

Nothing here recurses, so no nesting is too deep, and nothing here finds JSON valid: whoever reads the parts does.
"""

from __future__ import annotations

import re

import orjson

_SPACE = re.compile(r"[ \t\n\r]*+")
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR = re.compile(r"[^][{},:\" \t\n\r]++")
_TO_BRACKET = re.compile(r'(?:[^"\\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+([\[\]{}])', re.DOTALL)
"""All up to the next bracket that is not within a string."""
_CLOSING = {"[": "]", "{": "}"}


def elements(text: str) -> list[str]:
    """The texts of the elements of an array, or of an object's names and values in turn.

    Raises `ValueError` for what is neither.
    """
    at = _space(text, 0)
    closing = _CLOSING.get(text[at : at + 1])
    if closing is None:
        raise ValueError("it is neither an array nor an object")
    texts: list[str] = []
    at = _space(text, at + 1)
    if text[at : at + 1] != closing:
        at = _element(text, at, texts)
        while (between := text[at : at + 1]) != closing:
            if between != (":" if closing == "}" and len(texts) % 2 else ","):
                raise ValueError(f"there is {between!r} between its elements")
            at = _element(text, _space(text, at + 1), texts)
    if _space(text, at + 1) != len(text):
        raise ValueError("there is something after it")
    return texts


def fields(text: str) -> dict[str, str] | None:
    """The texts of an object's fields by their names; None where a name is there twice. Raises `ValueError` for what is
    no object.
    """
    parts = elements(text)
    names = [str(orjson.loads(name)) for name in parts[::2]]
    found = dict(zip(names, parts[1::2], strict=True))
    return found if len(found) == len(names) else None


def joined(fields: dict[str, str]) -> str:
    """The text of an object with these fields."""
    return "{" + ",".join(f"{orjson.dumps(name).decode()}:{value}" for name, value in fields.items()) + "}"


def _space(text: str, at: int) -> int:
    """Finds the end of the white space from here."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _element(text: str, at: int, texts: list[str]) -> int:
    """Adds the element that begins here; where what comes after it begins."""
    if text[at : at + 1] in _CLOSING:
        end = _end(text, at)
    else:
        found = _STRING.match(text, at) or _SCALAR.match(text, at)
        if found is None:
            raise ValueError(f"there is no element at character {at}")
        end = found.end()
    texts.append(text[at:end])
    return _space(text, end)


def _end(text: str, at: int) -> int:
    """Finds the end of the array or object that begins here, going by the number of brackets."""
    depth = 0
    while True:
        found = _TO_BRACKET.match(text, at)
        if found is None:
            raise ValueError("a bracket is not closed")
        depth += 1 if found[1] in _CLOSING else -1
        at = found.end()
        if depth == 0:
            return at
