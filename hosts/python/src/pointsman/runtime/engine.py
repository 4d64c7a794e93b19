"""The engine: wasmtime's settings, each for a reason."""

from __future__ import annotations

import json
import mmap
import tempfile
from pathlib import Path

from wasmtime import Config, Engine, WasmtimeError

from pointsman.errors import HostError
from pointsman.runtime.instances import BACKGROUND
from pointsman.runtime.limits import Limits

_PLACE = (4 << 30) + (64 << 20)
"""Address space of one instance: all that 32 bits can address, and guard pages."""


def engine(limits: Limits, cache: str | Path | None) -> Engine:
    """Makes an engine that has address space for as many instances as the limits allow.

    # Errors
    `HostError` where the system refuses the address space, or the cache folder cannot be used.
    """
    try:
        _probe((limits.instances + BACKGROUND) * _PLACE)
        return bare_engine(cache)
    except (OSError, WasmtimeError) as error:
        message = "the engine does not start; lower the limit `instances` if address space is short"
        raise HostError(f"{message}: {error}") from error


def bare_engine(cache: str | Path | None) -> Engine:
    """Makes an engine with the same settings, and does not look whether there is address space for its instances.

    # Errors
    `HostError` where the cache folder cannot be used; `wasmtime.WasmtimeError`.
    """
    return Engine(_config(cache))


def _probe(size: int) -> None:
    """Reserves address space and gives it back: what is short is told when the host starts, not in the middle of a
    rollout.
    """
    if hasattr(mmap, "PROT_READ"):
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        # Not to be read or written, so no memory is promised.
        mmap.mmap(-1, size, flags=flags, prot=0).close()


def _config(cache: str | Path | None) -> Config:
    config = Config()
    # Endless loops end at the deadline of their store.
    config.epoch_interruption = True
    # Who swaps a version waits longer, on one core, so that those who evaluate meanwhile keep the others.
    config.parallel_compilation = False
    # What strategies have no use for cannot be used against the host. The loader refuses it as well.
    config.wasm_memory64 = False
    config.wasm_multi_memory = False
    config.wasm_relaxed_simd = False
    config.wasm_wide_arithmetic = False
    config.wasm_threads = False
    config.wasm_function_references = False
    config.wasm_gc = False
    config.wasm_exceptions = False
    if cache is not None:
        _cache_in(config, Path(cache))
    return config


def _cache_in(config: Config, folder: Path) -> None:
    """Sets the folder of wasmtime's cache, which takes its settings from a file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as settings:
            # JSON's strings are TOML's.
            settings.write(f"[cache]\ndirectory = {json.dumps(str(folder.resolve()), ensure_ascii=False)}\n")
            settings.flush()
            config.cache = settings.name
    except (OSError, WasmtimeError) as error:
        raise HostError(f"cache folder `{folder}` cannot be used: {error}") from error
