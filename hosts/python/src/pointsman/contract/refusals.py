"""Sentences about values that cannot be, the same as the contract's own reader has: a plugin says them of requests as
text, and the Rust host of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from pointsman.contract.words import shown

_MOST_COUNT = (1 << 32) - 1
_MOST_MILLIS = (1 << 64) - 1
_LEAST_INTEGER = -(1 << 63)
_SHOWN = 200
"""Most characters of a text that is shown."""
_AMOUNT = f'a number of routes from 0 to {_MOST_COUNT}, or a percentage such as "25%" or "12.5%"'

_W = TypeVar("_W", bound=StrEnum)


class Refusal(ValueError):
    """A value of a request that cannot be. Its text begins with the value's path."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(f"`{path}`: {sentence}")


def count(path: str, value: Any) -> int:
    """Checks a number of routes or steps. Raises `Refusal`."""
    return _whole(path, value, _MOST_COUNT, "u32")


def since(path: str, value: Any) -> int:
    """Checks a moment, in milliseconds since the Unix epoch. Raises `Refusal`."""
    return _whole(path, value, _MOST_MILLIS, "u64")


def number(path: str, value: Any) -> float:
    """Checks a number that need not be whole. Raises `Refusal`."""
    if type(value) is not float and type(value) is not int:
        raise Refusal(path, unexpected(value, "f64"))
    return as_float(path, value)


def word(path: str, value: Any, words: type[_W]) -> _W:
    """Checks one of several words. Raises `Refusal`."""
    if not isinstance(value, str):
        raise Refusal(path, unexpected(value, "a word"))
    try:
        return words(value)
    except ValueError:
        known = ", ".join(f"`{each}`" for each in words)
        raise Refusal(path, f"unknown variant `{shown(value, _SHOWN)}`, expected one of {known}") from None


def no_amount(path: str, value: Any) -> Refusal:
    """Makes the refusal of what is neither a number of routes nor a percentage."""
    return Refusal(path, unexpected(value, _AMOUNT, is_right_type=isinstance(value, str) or _is_integer(value)))


def unexpected(value: Any, expected: str, *, is_right_type: bool = False) -> str:
    """Says what a value is, and what was expected: `invalid type: null, expected u32`."""
    return f"invalid {'value' if is_right_type else 'type'}: {_named(value)}, expected {expected}"


def float_text(value: float) -> str:
    """Writes a float as JSON has it, or `NaN`, `inf` and `-inf`."""
    if value != value:
        return "NaN"
    return repr(value).replace("e-0", "e-")


def as_float(path: str, value: float) -> float:
    """Makes a float of a number. Raises `Refusal` for one of too many digits."""
    try:
        return float(value)
    except OverflowError:
        raise Refusal(path, "number out of range") from None


def _whole(path: str, value: Any, most: int, expected: str) -> int:
    if type(value) is int and 0 <= value <= most:
        return value
    if type(value) is int:
        as_float(path, value)
    raise Refusal(path, unexpected(value, expected, is_right_type=_is_integer(value)))


def _is_integer(value: Any) -> bool:
    """Tells that JSON's reader takes a number for a whole one; a larger one it takes for a float."""
    return type(value) is int and _LEAST_INTEGER <= value <= _MOST_MILLIS


def _named(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if _is_integer(value):
        return f"integer `{value}`"
    if isinstance(value, int | float):
        return f"floating point `{float_text(float(value))}`"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'string "{shown(escaped, _SHOWN)}"'
    return "map" if isinstance(value, Mapping) else "sequence"
