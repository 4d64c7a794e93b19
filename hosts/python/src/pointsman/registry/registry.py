"""The registry: strategies by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from pointsman.contract.bounds import Commitment
from pointsman.contract.plan import Description, RouteChanges
from pointsman.contract.policy import Policy
from pointsman.contract.request import Request
from pointsman.contract.route import Route
from pointsman.contract.spec import Spec
from pointsman.errors import InvalidRequests, LoadError, SwapError
from pointsman.guard.plugin import Plugin
from pointsman.host import Host
from pointsman.plugin.answers import Decision
from pointsman.registry.batch import Batch, EvaluatedBatch
from pointsman.registry.calls import Evaluated, one
from pointsman.registry.change import swap, unreadable
from pointsman.registry.checks import Checks
from pointsman.registry.files import plugins
from pointsman.registry.loading import fall_back, load_all
from pointsman.registry.options import Options
from pointsman.registry.outcome import Outcome
from pointsman.registry.questions import Questions
from pointsman.registry.record import Shadow
from pointsman.registry.shadow import discard, promote
from pointsman.registry.slots import Slots
from pointsman.registry.sources import Objects, Texts
from pointsman.registry.status import StrategyStatus
from pointsman.registry.swap import Swap
from pointsman.registry.trial import Trial
from pointsman.registry.watch import Watch
from pointsman.registry.watching import Watching
from pointsman.runtime.file import ComponentFile
from pointsman.runtime.threads import in_thread


class Registry:
    """Strategies by name. Safe to use from several threads.

    A call is for a deployment, which the caller names by a key of its own, 1 to 256 bytes that no plugin sees. What one
    deployment's input does to a plugin never changes what another gets.
    """

    def __init__(self, host: Host, options: Options | None = None) -> None:
        """An empty registry on a host."""
        self._host = host
        self._options = options or Options()
        self._slots = Slots(host, self._options)
        self._questions = Questions()

    def load_dir(self, folder: str | Path) -> list[tuple[Path, Swap | SwapError]]:
        """Loads every `*.wasm` file of a folder that is not hidden, each under the name that it says it has. Of several
        files of one strategy the newest version runs, by semantic versioning; of those that have the same version and
        are not the same, none is switched to. What cannot be loaded keeps nothing else from being loaded; what came of
        each file is in the list. Where nothing is loaded of a strategy whose last good version is in the state folder,
        that is loaded.

        Raises `OSError` only where the folder cannot be read.
        """
        results: dict[Path, Swap | SwapError] = {}
        files: list[tuple[Path, ComponentFile]] = []
        for path in plugins(Path(folder)):
            try:
                files.append((path, self._host.read(path)))
            except LoadError as error:
                results[path] = unreadable(self._slots, path, error)
        results |= dict(load_all(self._slots, files, {}))
        ordered = sorted(results.items(), key=lambda result: result[0]) + fall_back(self._slots)
        self._slots.check_guards()
        return ordered

    def watch(self, folder: str | Path, how: Watching | None = None) -> Watch:
        """Loads a folder as `load_dir` does, and from then on whatever changes in it, until the `Watch` is closed. A
        file that is being written is not loaded. A quarantined version is not loaded again, and removing a file
        takes no strategy away.

        Returns once what is there was loaded. Raises `WatchError`.
        """
        return Watch(self._slots, Path(folder), how or Watching())

    def swap(self, name: str, file: str | Path) -> Swap:
        """Makes the plugin in a file the current one for a name, once it was loaded and has passed the checks that were
        set for the name. The same file again changes nothing. A quarantined version is taken back, and its quarantine
        lifted; a version that is tried is promoted.

        Raises `SwapError`; the version before goes on.
        """
        return swap(self._slots, name, Path(file))

    def shadow(self, name: str, file: str | Path, trial: Trial) -> Swap:
        """Tries the plugin in a file in the shadow of the current one for a name: both decide, the current one's
        answers count, and what the other decides differently is kept; see `Shadow`. Before that it must pass what it
        must pass for a `swap`. Where there is no current one yet, it becomes that.

        Raises `SwapError`; nothing has changed.
        """
        return swap(self._slots, name, Path(file), trial)

    def last_shadow(self, name: str) -> Shadow | None:
        """Returns the last version of a strategy that was tried, whatever came of it; None where none was. Raises
        `UnknownStrategy`.
        """
        return self._slots.find(name).last_shadow

    def promote(self, name: str) -> Swap:
        """Makes the version that is tried the current one, however its trial stands. A quarantined version is taken
        back.

        Raises `UnknownStrategy`, `NoShadow`, and `SwapError` where it does not pass the checks that are set by now; it
        goes on being tried.
        """
        return promote(self._slots.find(name))

    def discard_shadow(self, name: str) -> None:
        """Stops trying a version. Raises `UnknownStrategy` and `NoShadow`."""
        discard(self._slots.find(name))

    def release(self, digest: str) -> bool:
        """Lifts the quarantine of the version with this digest, `sha256:` and 64 hex digits, so that it is loaded from
        folders again; whether there was one.
        """
        return self._slots.quarantine.release(digest)

    def set_checks(self, name: str, checks: Checks) -> None:
        """Sets what every later version of a strategy must pass before it is switched to: the first, too, where none
        was loaded yet.
        """
        self._slots.set_checks(name, checks)

    def evaluate_cycle(
        self, name: str, deployment: str, routes: Sequence[Route], spec: Spec, policy: Policy | None = None
    ) -> Evaluated[RouteChanges]:
        """Decides one cycle of a deployment with the strategy of this name; see `Plugin.evaluate_cycle`.

        Raises `UnknownStrategy`, `InvalidDeployment`, `CircuitOpen`, and any other `PluginError`.
        """
        return one(self._slots.find(name), self._questions, deployment, Request(routes, spec, policy))

    def evaluate_cycles(self, name: str, requests: Iterable[Request]) -> EvaluatedBatch[list[Decision]]:
        """Decides cycles of many deployments with the strategy of this name; see `Plugin.evaluate_cycles`. One that
        makes the call fail costs no other its plan: in the place of its own stands `PluginFailed`, or `CircuitOpen`; in
        the place of what was not reached within `Options.batch_time`, `Unavailable`.

        Raises `UnknownStrategy`.
        """
        source = Objects(requests)
        answers, plugins = Batch(self._slots.find(name), source, self._questions, self._options).evaluate()
        return EvaluatedBatch(plugins, [answer.decision for answer in answers])

    def evaluate_cycles_json(self, name: str, requests: str | bytes) -> EvaluatedBatch[str]:
        """Decides as `evaluate_cycles`, as text; see `Plugin.evaluate_cycles_json`. Each request has the field
        `deployment` besides. The codes of errors are `plugin_failed`, `circuit_open` and `unavailable`, too.

        Raises `UnknownStrategy`, and `InvalidRequests` where the text is not a JSON array.
        """
        slot = self._slots.find(name)
        try:
            source = Texts(slot.current.plugin.elements(requests))
        except InvalidRequests:
            slot.counts.record(Outcome.REFUSED)
            raise
        answers, plugins = Batch(slot, source, self._questions, self._options).evaluate()
        return EvaluatedBatch(plugins, source.text(answers))

    async def evaluate_cycle_async(
        self, name: str, deployment: str, routes: Sequence[Route], spec: Spec, policy: Policy | None = None
    ) -> Evaluated[RouteChanges]:
        """Decides as `evaluate_cycle`, on one of the host's own threads; see `Plugin.evaluate_cycle_async`."""
        return await in_thread(self._host.threads, self.evaluate_cycle, name, deployment, routes, spec, policy)

    async def evaluate_cycles_async(self, name: str, requests: Iterable[Request]) -> EvaluatedBatch[list[Decision]]:
        """Decides as `evaluate_cycles`, on one of the host's own threads; see `Plugin.evaluate_cycle_async`."""
        return await in_thread(self._host.threads, self.evaluate_cycles, name, requests)

    def check_config(
        self, name: str, config: str | Mapping[str, Any], target_replicas: int, policy: Policy | None = None
    ) -> Commitment:
        """Asks the current version of a strategy what a plan would promise; see `Plugin.check_config`. Counts for
        nothing. Raises `UnknownStrategy` besides.
        """
        return self._slots.find(name).current.plugin.check_config(config, target_replicas, policy)

    def describe(self, name: str) -> Description:
        """Returns what the current version of a strategy says of itself. Raises `UnknownStrategy`."""
        return self._slots.find(name).current.description

    def current(self, name: str) -> Plugin:
        """Returns the current version of a strategy: calls of it by itself count for nothing. Raises
        `UnknownStrategy`.
        """
        return self._slots.find(name).current.plugin

    def wait_for_verdicts(self, longest: timedelta | None = None) -> bool:
        """Waits until it is known of every failure so far whose fault it is, or for so long; whether it is known."""
        return self._questions.wait(None if longest is None else longest.total_seconds())

    def status(self) -> list[StrategyStatus]:
        """Tells how every strategy does, in the order of their names."""
        return [slot.status() for slot in self._slots.all()]
