"""The record of a trial, and what callers see of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from threading import Condition

from pointsman.contract.plan import RouteChanges
from pointsman.contract.words import shown
from pointsman.errors import EvaluationError, PlanRejected, PluginError, PluginFailed, PluginId
from pointsman.plugin.answers import Decision, write
from pointsman.registry.counts import Counts
from pointsman.registry.differences import Difference, differences, has_failed
from pointsman.registry.options import Options
from pointsman.registry.outcome import outcome
from pointsman.registry.status import ShadowStatus
from pointsman.registry.trial import Comparison, Trial
from pointsman.registry.version import Version

_log = logging.getLogger("pointsman")

KEPT = 100
"""Most differences that are kept and told one by one. All are counted."""
KEPT_SIZE = 16 << 20
"""Most characters of their texts together: requests, decisions, and the fields in which these differ."""
_LOGGED = 100
"""Requests without a plan of the shadow that are told one by one."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A request that was decided, as it was then: callers may have changed their objects since."""

    current: PluginId
    """The plugin whose decision counted."""
    deployment: str
    request: bytes
    """A JSON object."""
    decided: str
    """The decision, as an answer in JSON."""

    @staticmethod
    def of(current: PluginId, deployment: str, request: bytes, result: RouteChanges | PluginError) -> Observed:
        """The copy of a request and its result. Raises `TypeError` for what cannot be written."""
        decision = result if isinstance(result, RouteChanges | EvaluationError) else PluginFailed(result)
        return Observed(current, deployment, request, write(decision))

    @property
    def size(self) -> int:
        """Bytes of it, more or less."""
        return len(self.request) + len(self.decided)


class Record:
    """A trial: how it stands, and what it found. Safe to use from several threads."""

    def __init__(self, strategy: str, version: Version, trial: Trial, options: Options) -> None:
        self.strategy, self.version, self.trial = strategy, version, trial
        self.counts = Counts()
        self.comparison = Comparison.RUNNING
        self._options = options
        self._started = options.clock()
        self._evaluations = self._differences = self._failures = self._skipped = self._logged = 0
        self._kept: list[Difference] = []
        self._size = 0
        self._changed = Condition()
        """Guards all of it, and tells of another comparison."""

    def end(self, comparison: Comparison) -> None:
        """Ends the trial."""
        with self._changed:
            self.comparison = comparison
            self._changed.notify_all()

    def wait(self, longest: float | None) -> Comparison:
        """Waits until the trial is over, or so many seconds; then the state of the comparison."""
        with self._changed:
            self._changed.wait_for(lambda: self.comparison is not Comparison.RUNNING, longest)
            return self.comparison

    def skip(self, count: int) -> None:
        """Counts requests that the shadow is not told of."""
        with self._changed:
            self._skipped += count

    def count(self, deployment: str, decision: Decision) -> None:
        """Counts a request that the shadow was called with, and tells operators where it has no plan."""
        end = outcome(decision)
        self.counts.record(end)
        if isinstance(decision, PlanRejected):
            self.counts.record_violations(violation.code for violation in decision.violations)
        if end.is_failure:
            self._logged += 1
            if self._logged <= _LOGGED:
                _log.warning(
                    "no plan from the shadow %s of `%s` for deployment `%s` (%s): %s",
                    self.version.plugin.id, self.strategy, shown(deployment), end, shown(str(decision)),
                )  # fmt: skip

    def compare(self, observed: Observed, decision: Decision) -> None:
        """Counts a request that both have decided, and keeps a difference. It is a failure of the shadow where that has
        failed and the current version has not: what fails in both is the input's fault.
        """
        answer = write(decision)
        fields = differences(observed.decided, answer)
        is_failure = bool(fields) and has_failed(answer) and not has_failed(observed.decided)
        with self._changed:
            self._evaluations += 1
            self._failures += is_failure
            self._differences += bool(fields)
            is_one_too_many = self._differences > KEPT
        if not fields or is_one_too_many:
            return
        _log.warning(
            "the shadow %s of `%s` decides differently from %s for deployment `%s`: %s",
            self.version.plugin.id, self.strategy, observed.current, shown(observed.deployment),
            "; ".join(map(str, fields)),
        )  # fmt: skip
        request = observed.request.decode()
        found = Difference(observed.current, observed.deployment, request, observed.decided, answer, fields)
        with self._changed:
            if self._size + found.size <= KEPT_SIZE:
                self._size += found.size
                self._kept.append(found)

    def result(self) -> Comparison | None:
        """Returns the result of the trial; None where it is not over."""
        trial = self.trial
        with self._changed:
            if self._failures >= self._options.revert_after:
                return Comparison.FAILED
            if trial.evaluations is not None:
                is_over = self._evaluations >= trial.evaluations
            else:
                since = self._options.clock() - self._started
                is_over = self._evaluations > 0 and trial.time is not None and since >= trial.time.total_seconds()
            has_passed = self._failures == 0 and self._differences <= trial.most_differences
        if not is_over:
            return None
        return Comparison.PASSED if has_passed else Comparison.FAILED

    def kept(self) -> list[Difference]:
        """Lists the differences that are kept."""
        with self._changed:
            return list(self._kept)

    def status(self) -> ShadowStatus:
        """Tells how the trial stands."""
        counted = self.counts.now()
        with self._changed:
            return ShadowStatus(
                version=self.version.status,
                trial=self.trial,
                comparison=self.comparison,
                evaluations=self._evaluations,
                differences=self._differences,
                skipped=self._skipped,
                outcomes=counted.outcomes,
                violations=counted.violations,
                latency=counted.latency,
            )


class Shadow:
    """A trial: how it stands, and what it found; also there to look at when the trial is over. Safe to use from several
    threads.
    """

    def __init__(self, record: Record) -> None:
        self._record = record

    def __repr__(self) -> str:
        return f"Shadow({self._record.version.plugin.id} {self.comparison})"

    @property
    def comparison(self) -> Comparison:
        """The state of the comparison."""
        return self._record.comparison

    def wait(self, longest: timedelta | None = None) -> Comparison:
        """Waits until the trial is over, or for so long; then the state of the comparison."""
        return self._record.wait(None if longest is None else longest.total_seconds())

    def differences(self) -> list[Difference]:
        """Lists the requests that were decided differently: the first hundred, and no more than 16 MiB of them with the
        decisions.
        """
        return self._record.kept()

    def status(self) -> ShadowStatus:
        """Tells the numbers."""
        return self._record.status()
