"""Calls of a batch: the time that they have together, and what stands in the place of a plan that there is not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from pointsman.contract.words import duration
from pointsman.errors import EvaluationError, Limit, PluginFailed, PluginId, PluginLimit, Unavailable
from pointsman.registry.counts import Counts
from pointsman.registry.halves import Failed, NotReached, Stop
from pointsman.registry.options import Options
from pointsman.registry.outcome import outcome

_T = TypeVar("_T")


class Timed:
    """The calls of one batch."""

    def __init__(self, options: Options, counts: Counts) -> None:
        """They have `Options.batch_time` from now on, and are counted."""
        self._options, self._counts = options, counts
        self._start = options.clock()

    def call(self, call: Callable[[], _T]) -> _T:
        """Calls a plugin. Raises `Stop` where the time is over or the host cannot call it, and what the call raises."""
        limit = self._options.batch_time
        if self._options.clock() - self._start >= limit.total_seconds():
            raise Stop(f"not called: the time of the batch, {duration(limit, ' ')}, is over")
        start = time.perf_counter()
        try:
            return call()
        except PluginLimit as error:
            if error.limit is Limit.INSTANCES:
                raise Stop(str(error)) from error
            raise
        finally:
            self._counts.record_time(time.perf_counter() - start)


def without_plan(plugin: PluginId, result: Failed | NotReached) -> EvaluationError:
    """Makes the error that stands in the place of a plan that there is not."""
    if isinstance(result, NotReached):
        return Unavailable(plugin, result.why)
    error = result.error
    # What the host could not do is nobody's failure.
    return Unavailable(plugin, str(error)) if outcome(error).is_nobodys else PluginFailed(error)
