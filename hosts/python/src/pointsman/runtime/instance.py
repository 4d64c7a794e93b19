"""One instance of a core module, through the documented interface of wasmtime's package.

Nothing here checks types: that the module's functions and its memory are what they must be is checked once, when it is
loaded. It must be used where no signal's handler runs; see `lanes.py`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from types import TracebackType
from typing import cast

import wasmtime
from wasmtime import Engine, Func, Global, Memory, Module, Store, Val

TABLE_ELEMENTS = 20_000
"""Function table entries of one core module; Rust plugins have a few hundred."""
_TABLES = 8
"""Tables of one core module. One is usual."""

_HALF = 1 << 31


class Instance:
    """An instance of a core module that imports nothing, in a store of its own. To be used in a `with` block, at whose
    end everything it had is given back.

    # Errors
    Its methods raise `wasmtime.Trap` and `wasmtime.WasmtimeError`.
    """

    def __init__(self, engine: Engine, module: Module, *, memory: int, deadline: Callable[[], int]) -> None:
        """Starts an instance with at most so many bytes of memory, which is stopped once the engine's epoch has moved
        on by what `deadline` says.
        """
        self._store = store = Store(engine)
        try:
            store.set_limits(memory, TABLE_ELEMENTS, instances=1, tables=_TABLES, memories=1)
            self._deadline = deadline
            self.renew()
            self._exports = wasmtime.Instance(store, module, ()).exports(store)
            self._memory = cast("Memory", self._exports["memory"])
        except BaseException:
            store.close()
            raise

    def __enter__(self) -> Instance:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._store.close()

    def renew(self) -> None:
        """Sets the deadline anew, from now on."""
        self._store.set_epoch_deadline(self._deadline())

    def call(self, name: str, *arguments: int) -> int:
        """Calls a function of 32-bit integers that returns one; all of them are taken as unsigned."""
        function = cast("Func", self._exports[name])
        # As values, because the package compares the type of a plain number with every type that there is.
        returned: int = function(self._store, *map(_i32, arguments))
        return returned & 0xFFFF_FFFF

    def end(self, name: str, argument: int) -> None:
        """Calls a function of one 32-bit integer that returns nothing, if there is such a function."""
        function = self._exports.get(name)
        if isinstance(function, Func):
            function(self._store, _i32(argument))

    def read_global(self, name: str) -> int:
        """Reads a global of type i32."""
        value: int = cast("Global", self._exports[name]).value(self._store)
        return value

    def read(self, start: int, length: int) -> bytes:
        """Reads its memory.

        # Errors
        `IndexError` where not all of it is within the memory.
        """
        return ctypes.string_at(self._address(start, length), length)

    def write(self, start: int, content: bytes) -> None:
        """Writes into its memory.

        # Errors
        `IndexError` where there is no place for all of it.
        """
        # `Memory.write` would copy it twice more.
        ctypes.memmove(self._address(start, len(content)), content, len(content))

    def _address(self, start: int, length: int) -> int:
        size = self._memory.data_len(self._store)
        if start + length > size:
            raise IndexError(f"{length} bytes at {start} are not within the {size} bytes of memory")
        # Where there is no memory, there is no address of it.
        return ctypes.addressof(self._memory.data_ptr(self._store).contents) + start if size else 0


def _i32(number: int) -> Val:
    return Val.i32((number ^ _HALF) - _HALF)
