"""Trial of a new version in the shadow of the current one.

Both decide every request; the current version's answer counts. The shadow is called on a thread of its own, after the
caller has its answer, so that neither its errors nor the time it takes reach the caller. Where requests come faster
than it decides them it skips some, and counts how many. It is told the memo that the current version wrote.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from pointsman.errors import NoShadow, SwapError
from pointsman.plugin.answers import Decision
from pointsman.registry.checks import check
from pointsman.registry.halves import Failed, Halving, NotReached
from pointsman.registry.options import Options
from pointsman.registry.outcome import outcome
from pointsman.registry.record import Observed, Record
from pointsman.registry.slot import Slot
from pointsman.registry.swap import Swap, SwapResult, report, report_failure
from pointsman.registry.timed import Timed, without_plan
from pointsman.registry.trial import Comparison, Trial
from pointsman.registry.tried import Tried
from pointsman.registry.version import Version

_log = logging.getLogger("pointsman")


def begin(slot: Slot, version: Version, trial: Trial, options: Options) -> Swap:
    """Begins to try a version, during a change. One that was tried until now is discarded."""
    record = Record(slot.name, version, trial, options)
    slot.set_tried(Tried(record, Worker(slot, record, options).decide))
    return Swap(SwapResult.SHADOWING, version.plugin.id, slot.current.plugin.id)


def promote(slot: Slot) -> Swap:
    """Makes the version that is tried the current one, however its trial stands.

    # Errors
    `NoShadow`, and `SwapError` where it does not pass the checks that are set by now; it goes on being tried.
    """
    with slot.changing:
        version = _tried(slot).record.version
        check(slot.change.checks, version)
        return _switch(slot, version)


def discard(slot: Slot) -> None:
    """Ends a trial without a result.

    # Errors
    `NoShadow`.
    """
    with slot.changing:
        _tried(slot)
        slot.set_tried(None)


def _tried(slot: Slot) -> Tried:
    tried = slot.versions.tried
    if tried is None:
        raise NoShadow(slot.name)
    return tried


def _switch(slot: Slot, version: Version) -> Swap:
    """Switches to the version that was tried, during a change, and tells operators."""
    plugin = version.plugin.id
    swap = Swap(SwapResult.SWAPPED, plugin, slot.switch(version))
    report(Path(plugin.name), swap)
    return swap


class Worker:
    """What the thread of a shadow does."""

    def __init__(self, slot: Slot, record: Record, options: Options) -> None:
        self._slot, self._record, self._options = slot, record, options

    def decide(self, call: Sequence[Observed]) -> None:
        """Decides what the current version decided in one call, and ends the trial when it is over."""
        self._compare(call)
        result = self._record.result()
        if result is not None:
            self._conclude(result)

    def _compare(self, observed: Sequence[Observed]) -> None:
        """Calls the shadow with all of them, in halves where that fails."""
        plugin = self._record.version.plugin.for_background()
        timed = Timed(self._options, self._record.counts)

        def called(places: Sequence[int]) -> Sequence[Decision]:
            text = b"[%b]" % b",".join([observed[i].request for i in places])
            return timed.call(lambda: plugin.answers(text).decisions)

        halving = Halving(called)
        halving.take(range(len(observed)))
        for i, result in halving.results.items():
            decision = without_plan(plugin.id, result) if isinstance(result, Failed | NotReached) else result
            # What the host could not do says nothing about the shadow.
            if not outcome(decision).is_nobodys:
                self._record.count(observed[i].deployment, decision)
                self._record.compare(observed[i], decision)

    def _conclude(self, result: Comparison) -> None:
        """Draws the consequences of a trial that is over."""
        slot, record = self._slot, self._record
        with slot.changing:
            if record.comparison is not Comparison.RUNNING:
                # Somebody ended it meanwhile.
                return
            status, version = record.status(), record.version
            _log.info(
                "`%s`: trial of %s over: %s; %d requests, %d decided differently, %d skipped",
                slot.name, version.plugin.id, result, status.evaluations, status.differences, status.skipped,
            )  # fmt: skip
            if result is not Comparison.PASSED or not record.trial.auto_promote:
                record.end(result)
                return
            try:
                # They may be others than when the trial began.
                check(slot.change.checks, version)
            except SwapError as error:
                report_failure(Path(version.plugin.id.name), error, slot.current.description.version)
                record.end(Comparison.FAILED)
                return
            _switch(slot, version)
