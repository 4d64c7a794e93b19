"""A process that compiles one core module: a second wall, behind the loader's budgets.

A file that slips through the budgets can make the compiler take minutes, take gigabytes, or crash. In a process of its
own, under the system's limits, that ends the process, and is a refusal of the file here. The process is a fresh
interpreter, not a fork: it has nothing of this one's memory, files or variables, and it does not matter which threads
there are. It is in a group of its own, so that Ctrl-C in a terminal is for this process to deal with.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import wasmtime

from pointsman.errors import LoadError, LoadProblem
from pointsman.runtime.limits import Limits

try:
    # It needs the module `resource`, which not every system has.
    from pointsman.runtime import compile_child
except ImportError:
    _PROGRAM = None
else:
    _PROGRAM = Path(compile_child.__file__)

_SLOWER = 10
"""How much longer than its processor time it may take by the clock."""
_LEAST_PATIENCE = timedelta(minutes=1).total_seconds()
_MOST_PATIENCE = timedelta(days=1).total_seconds()

_UNLIMITED = 1 << 62
"""What systems have no number for is no limit."""

_LIBRARIES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
"""The variables without which an interpreter may not find its own libraries."""

_NO_MEMORY = b"memory allocation of "
"""What Rust says where it gets no memory, before it ends the process."""
_IN_PROCESS = "`Limits(compile_time=None, compile_memory=None)` compiles in the host's own process"


def is_possible() -> bool:
    """Tells whether this interpreter can start another of its kind, under limits. On Windows, from a zip archive, or
    within a program that is no interpreter (frozen, embedded), it cannot.
    """
    name = Path(sys.executable or "").name.lower()
    is_interpreter = ("python" in name or "pypy" in name) and not getattr(sys, "frozen", False)
    return is_interpreter and _PROGRAM is not None and _PROGRAM.suffix == ".py" and _PROGRAM.is_file()


class Child:
    """One process, for one core module."""

    def __init__(self, limits: Limits, patience: float | None = None) -> None:
        """Starts nothing yet. `patience` is how many seconds it may take by the clock; by default, as its processor
        time has it.
        """
        self._time, self._memory = limits.compile_time, limits.compile_memory
        self._patience = patience_for(limits.compile_time) if patience is None else patience
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def stop(self) -> None:
        """Ends it, or keeps it from beginning. From any thread, and from the handler of a signal."""
        self._is_stopped = True
        if self._process is not None:
            self._process.kill()

    def compile(self, name: str, core: bytes, settings: Mapping[str, bool]) -> bytes:
        """Compiles a core module for an engine with these settings: the module as wasmtime serializes it. It must be
        called where no signal's handler runs, see `lanes.py`, so that no process is lost.

        # Errors
        `LoadError`.
        """
        try:
            process = self._start()
        except OSError as error:
            message = f"`{name}` is not compiled, because the process for it does not start: {error}; {_IN_PROCESS}"
            raise LoadError(LoadProblem.COMPILER, message) from error
        # At its end it has been waited for, whatever happens.
        with process:
            self._process = process
            if self._is_stopped:
                process.kill()
            try:
                told, words = process.communicate(self._options(settings) + core, self._patience)
            except subprocess.TimeoutExpired:
                raise self._late(name) from None
            finally:
                process.kill()
        kind, answer = _read(told)
        if kind == compile_child.MODULE:
            return answer
        if kind == compile_child.INVALID:
            message = f"`{name}` is not a valid component: {' '.join(answer.decode().split())}"
            raise LoadError(LoadProblem.MALFORMED, message)
        raise self._dead(name, kind, process.returncode, words)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603, our own program
            # Isolated: no variables, no folder of the user's, nothing that other packages do at a start.
            [sys.executable, "-I", "-S", "-B", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={name: os.environ[name] for name in _LIBRARIES if name in os.environ},
            process_group=0,
        )

    def _options(self, settings: Mapping[str, bool]) -> bytes:
        options = {
            "packages": str(Path(wasmtime.__file__).absolute().parent.parent),
            "settings": dict(settings),
            "time": None if self._time is None else min(math.ceil(self._time.total_seconds()), _UNLIMITED),
            "memory": None if self._memory is None else min(self._memory, _UNLIMITED),
        }
        return json.dumps(options).encode() + b"\n"

    def _late(self, name: str) -> LoadError:
        most = f"{self._patience:g} s by the clock, however busy the system is"
        return _dear(name, "time", "compile_time", most)

    def _dead(self, name: str, kind: bytes, code: int, words: bytes) -> LoadError:
        """Says what a process died of."""
        if code == -signal.SIGXCPU and self._time is not None:
            return _dear(name, "processor time", "compile_time", f"{self._time.total_seconds():g} s")
        if self._memory is not None and (kind == compile_child.EXHAUSTED or _NO_MEMORY in words):
            return _dear(name, "memory", "compile_memory", f"{self._memory} bytes")
        said = words.decode(errors="replace").strip().splitlines()
        # Rust's words begin with what matters, and Python's end with it.
        which = [said[-1] if said[0].startswith("Traceback") else said[0]] if said else []
        how = ": ".join([f"the process for it {_end(code)}", *which])
        return LoadError(LoadProblem.COMPILER, f"`{name}` is not compiled, because {how}")


def _dear(name: str, what: str, limit: str, most: str) -> LoadError:
    message = f"`{name}` takes more {what} to compile than the limit `{limit}` gives it, {most}"
    return LoadError(LoadProblem.TOO_DEAR, f"{message}; make it smaller, or raise the limit", limit=limit)


def patience_for(time: timedelta | None) -> float | None:
    """Seconds that a process may take by the clock for so much processor time: more than any busy system needs."""
    if time is None:
        return None
    return min(max(_SLOWER * time.total_seconds(), _LEAST_PATIENCE), _MOST_PATIENCE)


def _read(told: bytes) -> tuple[bytes, bytes]:
    """The kind of an answer, and what it has; nothing where it is not whole. How a process ended is not asked: where
    this process leaves its children to the system, nobody knows.
    """
    head = compile_child.ANSWER.size
    if len(told) < head:
        return b"", b""
    kind, length = compile_child.ANSWER.unpack_from(told)
    return (kind, told[head:]) if len(told) == head + length else (b"", b"")


def _end(code: int) -> str:
    if code >= 0:
        return f"ended with {code} and no answer"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
