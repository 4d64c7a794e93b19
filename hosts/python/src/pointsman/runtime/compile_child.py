"""The program that compiles one core module, in a process of its own, under the system's limits; see `child.py`.

It is run by its path and imports nothing of this package, which would take longer than the rest of its start. Standard
input has one line of JSON, the options, and then the core module. Standard output has the answer: its kind, how many
bytes it has, and these. A process that dies gives less than that.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import signal
import struct
import sys
from typing import Any

ANSWER = struct.Struct("<cQ")
"""Its kind, and its length."""
MODULE, INVALID, EXHAUSTED = b"m", b"i", b"x"
"""Kinds: a serialized module, why it is none, that there was no memory."""


def main() -> None:
    """Answers once."""
    options = json.loads(sys.stdin.buffer.readline())
    # At the end: what has the name of one of Python's own modules is not it.
    sys.path.append(options["packages"])
    import wasmtime

    limit(options["time"], options["memory"])
    try:
        config = wasmtime.Config()
        for name, value in options["settings"].items():
            setattr(config, name, value)
        module = wasmtime.Module(wasmtime.Engine(config), sys.stdin.buffer.read())
        answer(MODULE, module.serialize())
    except MemoryError:
        answer(EXHAUSTED)
    except wasmtime.WasmtimeError as error:
        # Where the system refuses a mapping, the interface has no other word for it.
        is_exhausted = os.strerror(errno.ENOMEM) in str(error)
        answer(EXHAUSTED if is_exhausted else INVALID, str(error).encode())


def limit(seconds: int | None, memory: int | None) -> None:
    """Limits this process, for good."""
    lower(resource.RLIMIT_CORE, 0)
    if seconds is not None:
        # Neither is inherited ignored or blocked. A second later there is a signal that cannot be.
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGXCPU})
        lower(resource.RLIMIT_CPU, seconds, spare=1)
    if memory is not None:
        lower(resource.RLIMIT_AS, memory)


def lower(kind: int, most: int, spare: int = 0) -> None:
    """Lowers a limit, to so much more at which there is no mercy. One that was lower stays."""
    _, hard = resource.getrlimit(kind)
    top = most + spare if hard == resource.RLIM_INFINITY else min(most + spare, hard)
    # Not every system has each of them.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (min(most, top), top))


def answer(kind: bytes, content: Any = b"") -> None:
    """Answers, and ends without giving anything back, which the system does faster."""
    sys.stdout.buffer.write(ANSWER.pack(kind, len(content)))
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
