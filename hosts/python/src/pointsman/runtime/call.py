"""Calls into an instance: strings in and out, by the canonical ABI of the component model.

A string goes in by asking the plugin for memory with `cabi_realloc`, and what comes out lies where the returned pointer
says. Nothing of that is believed: each pointer and length must be within the plugin's memory, and text must be UTF-8.
`cabi_post_…`, which gives the returned memory back, is called before the next call, as the ABI wants it; not after the
last, because the instance is thrown away.
"""

from __future__ import annotations

import struct

from pointsman.errors import BrokenContract, Limit, PluginId, PluginLimit
from pointsman.runtime.instance import Instance
from pointsman.runtime.limits import Limits

_STRING = struct.Struct("<II")
_POST = "cabi_post_"
_RESULT = struct.Struct("<B3xII")
"""A result of two strings: which it is, and where it lies."""


class Call:
    """One fresh instance of a plugin, for the calls of one evaluation. Its methods raise `PluginError`."""

    def __init__(self, plugin: PluginId, limits: Limits, instance: Instance) -> None:
        self._plugin = plugin
        self._limits = limits
        self._instance = instance
        self._returned = 0
        self._last: tuple[str, int] | None = None
        """The function that was called last, and what it returned."""

    def renew(self) -> None:
        """Starts the time and the response of the next call anew."""
        self._returned = 0
        self._instance.renew()

    def text(self, function: str, text: bytes) -> tuple[bool, str]:
        """Calls a function from a string to a result of which both cases are a string; True is for `ok`."""
        is_ok, start, length = self._result(function, text)
        return is_ok, self._text(start, length)

    def strings(self, function: str, count: int) -> list[str]:
        """Calls a function that returns a record of so many strings."""
        record = self._read(self._called(function), count * _STRING.size)
        return [self._text(start, length) for start, length in _STRING.iter_unpack(record)]

    def _result(self, function: str, text: bytes) -> tuple[bool, int, int]:
        returned = self._called(function, text)
        case, start, length = _RESULT.unpack(self._read(returned, _RESULT.size))
        if case > 1:
            raise BrokenContract(self._plugin, f"its result is case {case} of a result")
        return case == 0, start, length

    def _called(self, function: str, *texts: bytes) -> int:
        if self._last is not None:
            name, returned = self._last
            self._instance.end(f"{_POST}{name}", returned)
            self._last = None
        returned = self._instance.call(function, *(part for text in texts for part in self._lower(text)))
        self._last = function, returned
        return returned

    def _lower(self, text: bytes) -> tuple[int, int]:
        if len(text) > self._limits.memory:
            raise PluginLimit(self._plugin, Limit.MEMORY, self._limits.memory)
        # Old place, old size, alignment, new size.
        start = self._instance.call("cabi_realloc", 0, 0, 1, len(text))
        try:
            self._instance.write(start, text)
        except IndexError as error:
            raise BrokenContract(self._plugin, str(error)) from None
        return start, len(text)

    def _text(self, start: int, length: int) -> str:
        # The limit is for all that a call returns.
        self._returned += length
        if self._returned > self._limits.response:
            raise PluginLimit(self._plugin, Limit.RESPONSE, self._limits.response)
        try:
            return self._read(start, length).decode()
        except UnicodeDecodeError as error:
            raise BrokenContract(self._plugin, f"its text is not UTF-8: {error}") from None

    def _read(self, start: int, length: int) -> bytes:
        try:
            return self._instance.read(start, length)
        except IndexError as error:
            raise BrokenContract(self._plugin, str(error)) from None
