"""The engine: wasmtime's settings, each for a reason."""

from __future__ import annotations

import mmap
from collections.abc import Mapping

from wasmtime import Config, Engine, WasmtimeError

from pointsman.errors import HostError
from pointsman.runtime.instances import BACKGROUND
from pointsman.runtime.limits import Limits

_PLACE = (4 << 30) + (64 << 20)
"""Address space of one instance: all that 32 bits can address, and guard pages."""

SETTINGS: Mapping[str, bool] = {
    # Endless loops end at the deadline of their store.
    "epoch_interruption": True,
    # Who swaps a version waits longer, on one core, so that those who evaluate meanwhile keep the others.
    "parallel_compilation": False,
    # What strategies have no use for cannot be used against the host. The loader refuses it as well.
    "wasm_memory64": False,
    "wasm_multi_memory": False,
    "wasm_relaxed_simd": False,
    "wasm_wide_arithmetic": False,
    "wasm_threads": False,
    "wasm_function_references": False,
    "wasm_gc": False,
    "wasm_exceptions": False,
}
"""wasmtime's settings, by the names of its `Config`. Code is compiled with those of the engine that runs it."""


def engine(limits: Limits) -> Engine:
    """Makes an engine that has address space for as many instances as the limits allow.

    # Errors
    `HostError` where the system refuses the address space.
    """
    try:
        _probe((limits.instances + BACKGROUND) * _PLACE)
        return bare_engine()
    except (OSError, WasmtimeError) as error:
        message = "the engine does not start; lower the limit `instances` if address space is short"
        raise HostError(f"{message}: {error}") from error


def bare_engine() -> Engine:
    """Makes an engine with the same settings, and does not look whether there is address space for its instances.

    # Errors
    `wasmtime.WasmtimeError`.
    """
    config = Config()
    for name, value in SETTINGS.items():
        setattr(config, name, value)
    return Engine(config)


def _probe(size: int) -> None:
    """Reserves address space and gives it back: what is short is told when the host starts, not in the middle of a
    rollout.
    """
    if hasattr(mmap, "PROT_READ"):
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        # Not to be read or written, so no memory is promised.
        mmap.mmap(-1, size, flags=flags, prot=0).close()
