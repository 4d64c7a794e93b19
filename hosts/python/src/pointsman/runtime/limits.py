"""Limits on what a plugin may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pointsman.errors import HostError

TICK = timedelta(milliseconds=10)
"""Interval of the clock that stops endless loops."""

PAGE = 64 << 10
"""Bytes of a page of WebAssembly memory."""

_LEAST_COMPILE_MEMORY = 128 << 20


@dataclass(frozen=True)
class Limits:
    """Limits on what a plugin may use. Each limit ends a call with an error of its own; none ends the host.

    Raises `HostError` for limits that nothing could run under, or that no system could give.
    """

    memory: int = 64 << 20
    """Linear memory of one instance, in bytes; 64 KiB to 4 GiB, default 64 MiB. Memory comes in pages of 64 KiB; a page
    that does not fit whole is not given. Costs nothing until it is used."""
    time: timedelta = timedelta(seconds=1)
    """Wall-clock time of one call, copying its arguments included; more than 0, default 1 s, in steps of 10 ms. A call
    is stopped at the earliest after this time and at the latest two steps later, on a machine with a core to spare and
    while no other thread keeps the interpreter's lock. Costs one thread for each host, which wakes every 10 ms, and a
    few per cent of speed."""
    response: int = 16 << 20
    """Text that one call may return, in bytes; default 16 MiB. As Python objects it may take some twenty times as
    much: what is nothing but empty lists does."""
    instances: int = 64
    """Instances that there may be at once, over all plugins of the host; 1 to 10,000, default 64. A call beyond
    them fails at once. What the host does besides calls, such as loading a plugin, has two more for itself. Each costs
    about 4 GiB of address space, not memory."""
    component: int = 16 << 20
    """Size of a component file, in bytes; default 16 MiB. Compiling takes time and memory in proportion."""
    budgets: Mapping[str, int] = field(default_factory=dict, hash=False)
    """What compiling a plugin may cost, by name, where it is to be other than by default: `{"work": 3_000_000}`. The
    dearest file that is known within all defaults compiles within 2 s and 512 MiB. A name that there is not fails
    `Host`."""
    compile_time: timedelta | None = timedelta(seconds=30)
    """Processor time that compiling a plugin may take, in steps of 1 s, Python's start among it; at least 1 s, default
    30 s. By the clock it is ten times as long, at least a minute and at most a day. None is no limit of either."""
    compile_memory: int | None = 2 << 30
    """Address space that compiling a plugin may take, in bytes, of which Python and wasmtime have some 80 MB by
    themselves; at least 128 MiB, default 2 GiB. None is no limit. macOS does not hold to it.

    For these two limits a plugin is compiled in a process of its own, which costs 0.1 to 0.2 s where the cache does
    not have it. Where both are None it is compiled in the host's process; also on Windows, and where `sys.executable`
    is no interpreter, as in programs that are frozen or embed Python: there they do not hold."""

    def __post_init__(self) -> None:
        # What becomes of the caller's changes nothing.
        object.__setattr__(self, "budgets", dict(self.budgets))
        if self.memory < PAGE:
            raise HostError("limit `memory` is too small: it must be at least 65536 bytes, one page")
        if self.memory > 4 << 30:
            raise HostError("limit `memory` is too large: it must be at most 4 GiB, the address space of a plugin")
        if self.time <= timedelta(0):
            raise HostError("limit `time` is too small: it must be at least 1 µs")
        if self.compile_time is not None and self.compile_time < timedelta(seconds=1):
            raise HostError("limit `compile_time` is too small: it must be at least 1 s; None is no limit")
        if self.compile_memory is not None and self.compile_memory < _LEAST_COMPILE_MEMORY:
            raise HostError("limit `compile_memory` is too small: it must be at least 128 MiB; None is no limit")
        if self.instances < 1:
            raise HostError("limit `instances` is too small: it must be at least 1")
        if self.instances > 10_000:
            raise HostError("limit `instances` is too large: it must be at most 10000, 40 TiB of address space")

    @property
    def ticks(self) -> int:
        """Ticks from now after which a call is stopped: never early, so the tick under way does not count, and a part
        of one counts as one.
        """
        return -(self.time // -TICK) + 1
