"""Waiting for a call on a thread, for asyncio's callers."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Executor
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


async def in_thread(threads: Executor, function: Callable[_P, _R], *arguments: _P.args, **keywords: _P.kwargs) -> _R:
    """Calls a function on a thread, in the caller's context."""
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(threads, lambda: context.run(function, *arguments, **keywords))
