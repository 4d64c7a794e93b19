"""One strategy of a registry: its versions, and what their outcomes lead to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Lock

from pointsman.contract.words import duration, listed, shown
from pointsman.errors import CircuitOpen, PlanRejected, PluginId
from pointsman.registry.blame import CURRENT, Open, Ticket, Verdict, Which
from pointsman.registry.checks import Checks
from pointsman.registry.counts import Counts
from pointsman.registry.options import Options
from pointsman.registry.outcome import Outcome, outcome
from pointsman.registry.quarantine import Quarantine
from pointsman.registry.record import Shadow
from pointsman.registry.seen import Seen
from pointsman.registry.state import StateFolder
from pointsman.registry.status import Circuits, StrategyStatus
from pointsman.registry.trial import Comparison
from pointsman.registry.tried import Tried
from pointsman.registry.version import Version
from pointsman.registry.versions import Versions

_log = logging.getLogger("pointsman")

_FAILS = {
    Outcome.REFUSED: "refuses",
    Outcome.REJECTED: "makes plans that the guard rejects",
    Outcome.TRAP: "trapped",
    Outcome.TIMEOUT: "ran for too long",
    Outcome.MEMORY: "requested too much memory",
    Outcome.RESPONSE: "returned too much",
    Outcome.MALFORMED: "broke the contract",
}
"""How a version failed, for people."""


@dataclass
class Change:
    """Conditions for a change of version."""

    checks: Checks


class Slot:
    """One strategy."""

    def __init__(
        self,
        name: str,
        version: Version,
        options: Options,
        checks: Checks,
        quarantine: Quarantine,
        state: StateFolder | None,
    ) -> None:
        self.name = name
        self.versions = Versions.of(version, None, options)
        """Read without a lock, because it is replaced as a whole."""
        self.change = Change(checks)
        self.changing = Lock()
        """Held while the version changes, so that changes come one after the other. Calls never wait for it."""
        self.seen = Seen(options.revert_after)
        self.counts = Counts()
        self.last_shadow: Shadow | None = None
        """The last version that was tried, whatever came of it."""
        self._options = options
        self._quarantine = quarantine
        self._state = state

    @property
    def current(self) -> Version:
        """The version that it runs on."""
        return self.versions.current

    @property
    def tried(self) -> Version | None:
        """The version that is tried, or waits to be promoted; None where there is none."""
        tried = self.versions.tried
        return None if tried is None else tried.record.version

    @property
    def ahead(self) -> set[str]:
        """The digests of the version that it runs on, and of the one that may come next: older ones must not take
        their places.
        """
        tried = self.versions.tried
        next = [] if tried is None or tried.record.comparison is Comparison.FAILED else [tried.record.version]
        return {version.plugin.id.digest for version in (self.current, *next)}

    def is_current(self, versions: Versions) -> bool:
        """Nothing of the versions has changed since."""
        return self.versions.blame is versions.blame

    def switch(self, version: Version) -> PluginId:
        """Switches to a new version, during a change, and lifts its quarantine; which plugin it replaced. The one
        before is kept to revert to, unless it was failing itself.
        """
        old = self.versions
        digest, tried = version.plugin.id.digest, old.tried
        is_tried = tried is not None and tried.record.version.plugin.id.digest == digest
        previous = old.previous if old.blame.is_bad else old.current
        self.versions = Versions.of(version, previous, self._options, None if is_tried else tried)
        self._quarantine.release(digest)
        if tried is not None and is_tried:
            tried.record.end(Comparison.PROMOTED)
        return old.current.plugin.id

    def set_tried(self, tried: Tried | None) -> None:
        """Puts a version beside the current one, during a change, or none. One that was there until now is
        discarded.
        """
        old = self.versions
        if tried is not None:
            self.last_shadow = Shadow(tried.record)
        self.versions = replace(old, tried=tried)
        if old.tried is not None:
            old.tried.record.end(Comparison.DISCARDED)

    def admit(self, versions: Versions, deployment: str, input: Callable[[], int]) -> Ticket | CircuitOpen:
        """Says which version to call for a deployment, or that its circuit is open."""
        self.seen.note(deployment)
        ticket = versions.blame.admit(deployment, input)
        if not isinstance(ticket, Open):
            return ticket
        self.counts.record(Outcome.CIRCUIT_OPEN)
        whose = None if ticket.is_for_all else deployment
        remaining = timedelta(seconds=ticket.remaining)
        return CircuitOpen(versions.current.plugin.id, whose, ticket.failures, remaining)

    def finish(
        self, versions: Versions, deployment: str, input: Callable[[], int], ticket: Ticket, result: object
    ) -> bool:
        """Counts a request that was called, tells operators, and draws the consequences of how it ended; whether
        somebody has to ask whose fault that is.
        """
        end = outcome(result)
        self.counts.record(end)
        if end is Outcome.OK:
            self.succeeded(versions, deployment, ticket)
            if ticket is CURRENT and versions.blame.is_quiet:
                return False
        if isinstance(result, PlanRejected):
            self.counts.record_violations(violation.code for violation in result.violations)
        consequence = versions.blame.finish(deployment, input, ticket, end)
        if consequence.opened is not None:
            _log.error(
                "`%s`: circuit of deployment `%s` open for %s; %s failed for it",
                self.name, shown(deployment), _length(consequence.opened), versions.get(ticket.which).plugin.id,
            )  # fmt: skip
        if consequence.opened_for_all is not None:
            _log.error(
                "`%s`: circuit open for %s; %s fails, and there is no version to revert to",
                self.name, _length(consequence.opened_for_all), versions.current.plugin.id,
            )  # fmt: skip
        return consequence.ask

    def succeeded(self, versions: Versions, deployment: str, ticket: Ticket) -> None:
        """Notes a success. A version that has had enough of them is kept as the last good one."""
        if versions.proof.is_done or ticket.which is not Which.CURRENT:
            return
        version = versions.current
        if versions.proof.note(deployment, self.seen.count) and self._state is not None and version.content is not None:
            self._state.write_good(self.name, version.description.version, version.plugin.id.digest, version.content)

    def report(self, deployment: str, error: object) -> None:
        """Tells operators of a request without a plan."""
        _log.warning(
            "no plan from `%s` for deployment `%s` (%s): %s",
            self.name, shown(deployment), outcome(error), shown(str(error)),
        )  # fmt: skip

    def report_more(self, count: int) -> None:
        """Tells operators of requests of a batch that are not named one by one."""
        _log.warning("no plan from `%s` for %d more requests of the batch", self.name, count)

    def judge(self, versions: Versions, deployment: str, input: int, verdict: Verdict | None, failed: Outcome) -> None:
        """Draws the consequences of a verdict on a version that may not be the current one any more."""
        sentence = versions.blame.judge(deployment, input, verdict, self.seen.count)
        previous = versions.previous
        if previous is None:
            return
        if sentence.is_pinned:
            before, current = previous.description.version, versions.current.description.version
            _log.error(
                "`%s`: pinned deployment `%s` to %s: %s %s where it does not",
                self.name, shown(deployment), before, current, _FAILS[failed],
            )  # fmt: skip
        if sentence.revert:
            self._revert(versions, previous, sentence.revert)

    def _revert(self, judged: Versions, previous: Version, deployments: tuple[str, ...]) -> None:
        """Reverts to the version before, unless somebody changed it meanwhile."""
        with self.changing:
            if not self.is_current(judged):
                return
            bad = judged.current
            version, count = previous.description.version, len(deployments)
            named = f"{count} deployment{'s' if count > 1 else ''} pinned ({listed(deployments)})"
            self.versions = Versions.of(previous, None, self._options, self.versions.tried)
            self.counts.record_revert()
            _log.error(
                "`%s` reverted to %s: %s; %s is quarantined, %s goes on",
                self.name, version, named, bad.plugin.id, previous.plugin.id,
            )  # fmt: skip
            self._quarantine.add(
                bad.plugin.id.digest, self.name, bad.description.version, f"reverted to {version}: {named}"
            )

    def status(self) -> StrategyStatus:
        """Tells how the strategy does."""
        versions = self.versions
        open_for_all = versions.blame.open_for_all()
        counted = self.counts.now()
        return StrategyStatus(
            name=self.name,
            current=versions.current.status,
            previous=None if versions.previous is None else versions.previous.status,
            outcomes=counted.outcomes,
            violations=counted.violations,
            shadow=None if versions.tried is None else versions.tried.record.status(),
            reverts=counted.reverts,
            circuit_open=None if open_for_all is None else timedelta(seconds=open_for_all),
            circuits=Circuits.of(versions.blame.standings()),
            quarantined=self._quarantine.of(self.name),
            latency=counted.latency,
        )


def _length(seconds: float) -> str:
    return duration(timedelta(seconds=seconds), " ")
