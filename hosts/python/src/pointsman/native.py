"""Running a core module through wasmtime's C interface.

wasmtime's Python package wraps this interface in objects that look up a function's type, and make an object of each
export and each value, for every call. Of the 230 µs that an evaluation took through them, 155 went into that; here the
interface is called as the package itself does it. The names are those of the documented C interface. The package keeps
them in a private module, so `pyproject.toml` allows only the versions that were tried, and no other file uses it.

Nothing here checks types: that the module's functions are what they must be is checked once, when it is loaded.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from types import TracebackType
from typing import Any

from wasmtime import Config, Engine, Module, Trap, WasmtimeError
from wasmtime import _ffi as c

from pointsman.instances import Place

_NO_FINALIZER = ctypes.cast(0, ctypes.CFUNCTYPE(None, ctypes.c_void_p))
_TABLES = 8
"""How many tables one core module may have. One is usual."""
_I32 = c.WASMTIME_I32.value


_PLACE = (4 << 30) + (64 << 20)
"""Address space of one instance, with some to spare: all that 32 bits can address, guard pages and tables."""

_KEEP_RESIDENT = 256 << 10
"""Memory of a finished instance that is zeroed in place instead of being given back to the system, in bytes. The faster
way for the first pages, which every call touches; what a call touches beyond them goes back."""


def pool(config: Config, instances: int, table_elements: int) -> None:
    """Takes memory from places that are reserved once and reset after each use, not mapped anew for each instance.

    Raises `OSError` where there is not enough address space.
    """
    _probe(instances * _PLACE)
    pool = c.wasmtime_pooling_allocation_config_new()
    c.wasmtime_pooling_allocation_config_total_core_instances_set(pool, instances)
    c.wasmtime_pooling_allocation_config_total_memories_set(pool, instances)
    c.wasmtime_pooling_allocation_config_total_tables_set(pool, instances * _TABLES)
    c.wasmtime_pooling_allocation_config_max_tables_per_module_set(pool, _TABLES)
    c.wasmtime_pooling_allocation_config_table_elements_set(pool, table_elements)
    # All that 32 bits can address, which a place reserves anyway: the limit proper is the store's.
    c.wasmtime_pooling_allocation_config_max_memory_size_set(pool, 4 << 30)
    c.wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, _KEEP_RESIDENT)
    c.wasmtime_pooling_allocation_config_table_keep_resident_set(pool, _KEEP_RESIDENT)
    c.wasmtime_pooling_allocation_strategy_set(config.ptr(), pool)
    c.wasmtime_pooling_allocation_config_delete(pool)


def _probe(size: int) -> None:
    """Reserves address space and gives it back, because wasmtime ends the process where it cannot have it."""
    if hasattr(mmap, "PROT_READ"):
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        # Not to be read or written, so no memory is promised.
        mmap.mmap(-1, size, flags=flags, prot=0).close()


class Instance:
    """An instance of a core module that imports nothing, in a store of its own. To be used in a `with` block, at whose
    end everything it had is given back.

    Its methods raise `wasmtime.Trap` and `wasmtime.WasmtimeError`.
    """

    def __init__(
        self,
        engine: Engine,
        module: Module,
        *,
        memory: int,
        table_elements: int,
        deadline: Callable[[], int],
        place: Place,
    ) -> None:
        """Starts an instance with at most so many bytes of memory and elements in its tables, which is stopped once the
        engine's epoch has moved on by what `deadline` says. The place is given back when the instance ends.
        """
        self._place = place
        # A store is made and kept, and taken and deleted, in one step each: a signal's handler that raises must find
        # no store that nobody has, and none that is deleted twice.
        store: list[Any] = []
        self._delete = map(c.dll.wasmtime_store_delete, iter(store))
        place.before(self._delete)
        store.extend(map(c.dll.wasmtime_store_new, [engine.ptr()], [None], [_NO_FINALIZER]))
        try:
            self._context = c.wasmtime_store_context(store[0])
            self._instance = c.wasmtime_instance_t()
            # -1 is the runtime's own limit.
            c.wasmtime_store_limiter(store[0], memory, table_elements, 1, -1, 1)
            c.wasmtime_context_set_epoch_deadline(self._context, deadline())
            trap = _no_trap()
            error = c.wasmtime_instance_new(
                self._context, module.ptr(), None, 0, ctypes.byref(self._instance), ctypes.byref(trap)
            )
            _raise(error, trap)
            self._memory = self._export("memory").memory
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Instance:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Gives everything back. May be called again."""
        try:
            next(self._delete, None)
        finally:
            self._place.give_back()

    def call(self, name: str, *arguments: int) -> int:
        """Calls a function of 32-bit integers that returns one, taken as unsigned."""
        values = (c.wasmtime_val_t * len(arguments))()
        for value, argument in zip(values, arguments, strict=True):
            value.kind = _I32
            value.of.i32 = argument
        result = c.wasmtime_val_t()
        trap = _no_trap()
        function = self._export(name).func
        error = c.wasmtime_func_call(
            self._context,
            ctypes.byref(function),
            values,
            len(arguments),
            ctypes.byref(result),
            1,
            ctypes.byref(trap),
        )
        _raise(error, trap)
        returned: int = result.of.i32
        return returned & 0xFFFF_FFFF

    def read_global(self, name: str) -> int:
        """The value of a global of type i32."""
        value = c.wasmtime_val_t()
        exported = self._export(name)
        c.wasmtime_global_get(self._context, ctypes.byref(exported.global_), ctypes.byref(value))
        number: int = value.of.i32
        return number

    def read(self, start: int, length: int) -> bytes:
        """Bytes of its memory. Raises `IndexError` where they are not all within it."""
        return ctypes.string_at(self._address(start, length), length)

    def write(self, start: int, content: bytes) -> None:
        """Writes into its memory. Raises `IndexError` where there is no place for all of it."""
        ctypes.memmove(self._address(start, len(content)), content, len(content))

    def _address(self, start: int, length: int) -> int:
        size = c.wasmtime_memory_data_size(self._context, ctypes.byref(self._memory))
        if start + length > size:
            raise IndexError(f"{length} bytes at {start} are not within the {size} bytes of memory")
        data = c.wasmtime_memory_data(self._context, ctypes.byref(self._memory))
        return ctypes.addressof(data.contents) + start

    def _export(self, name: str) -> Any:
        item = c.wasmtime_extern_t()
        encoded = name.encode()
        if not c.wasmtime_instance_export_get(
            self._context, ctypes.byref(self._instance), encoded, len(encoded), ctypes.byref(item)
        ):
            raise KeyError(name)
        return item.of


def _no_trap() -> Any:
    return ctypes.POINTER(c.wasm_trap_t)()


def _raise(error: Any, trap: Any) -> None:
    if error:
        raise WasmtimeError._from_ptr(error)
    if trap:
        raise Trap._from_ptr(trap)
