"""The registry: strategies by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pointsman.contract.plan import RouteChanges
from pointsman.contract.policy import Policy
from pointsman.contract.route import Route
from pointsman.contract.spec import Request, Spec
from pointsman.errors import SwapError
from pointsman.host import Host
from pointsman.plugin.answers import Decision
from pointsman.registry.checks import Checks
from pointsman.registry.folder import plugins
from pointsman.registry.options import Options
from pointsman.registry.slot import Evaluated
from pointsman.registry.status import StrategyStatus
from pointsman.registry.swap import Slots, Swap
from pointsman.registry.watch import Watch, Watching
from pointsman.runtime.threads import in_thread


class Registry:
    """Strategies by name. Safe to use from several threads."""

    def __init__(self, host: Host, options: Options | None = None) -> None:
        """An empty registry on a host."""
        self._host = host
        self._slots = Slots(host, options or Options())

    def load_dir(self, folder: str | Path) -> list[tuple[Path, Swap | SwapError]]:
        """Loads every `*.wasm` file of a folder that is not hidden, in the order of their names, each under the name
        that it says it has. What cannot be loaded keeps nothing else from being loaded; what came of each file is in
        the list.

        Raises `OSError` only where the folder cannot be read.
        """
        results: list[tuple[Path, Swap | SwapError]] = []
        for path in plugins(Path(folder)):
            try:
                results.append((path, self._slots.swap(None, path)))
            except SwapError as error:
                results.append((path, error))
        return results

    def watch(self, folder: str | Path, how: Watching | None = None) -> Watch:
        """Loads a folder as `load_dir` does, and from then on whatever changes in it, until the `Watch` is closed. A
        file that is being written is not loaded. A quarantined version is not loaded again, and removing a file
        takes no strategy away.

        Returns once what is there was loaded. Raises `WatchError`.
        """
        return Watch(self._slots, Path(folder), how or Watching())

    def swap(self, name: str, file: str | Path) -> Swap:
        """Makes the plugin in a file the current one for a name, once it was loaded and has passed the checks that were
        set for the name. The same file again changes nothing. A quarantined version is taken back.

        Raises `SwapError`; the version before goes on.
        """
        return self._slots.swap(name, Path(file), even_quarantined=True)

    def set_checks(self, name: str, checks: Checks) -> None:
        """Sets what every later version of a strategy must pass before it is switched to. Raises `UnknownStrategy`."""
        slot = self._slots.find(name)
        with slot.changing:
            slot.change.checks = checks

    def evaluate_cycle(
        self, name: str, routes: Sequence[Route], spec: Spec, policy: Policy | None = None
    ) -> Evaluated[RouteChanges]:
        """Decides one cycle with the strategy of this name; see `Plugin.evaluate_cycle`.

        Raises `UnknownStrategy`, `BackingOff`, `PluginError`.
        """
        return self._slots.find(name).call(
            lambda plugin: plugin.evaluate_cycle(routes, spec, policy), lambda plan: [plan]
        )

    def evaluate_cycles(
        self, name: str, requests: Iterable[Request | tuple[Sequence[Route], Spec]]
    ) -> Evaluated[list[Decision]]:
        """Decides cycles of many rollouts with the strategy of this name; see `Plugin.evaluate_cycles`. A batch in
        which the guard rejects a plan counts as one failure.

        Raises `UnknownStrategy`, `BackingOff`, `PluginError`.
        """
        return self._slots.find(name).call(lambda plugin: plugin.evaluate_cycles(requests), lambda decisions: decisions)

    def evaluate_cycles_json(self, name: str, requests: str | bytes) -> Evaluated[str]:
        """Decides as `evaluate_cycles`, as text; see `Plugin.evaluate_cycles_json`."""
        evaluated = self._slots.find(name).call(
            lambda plugin: plugin.answers(requests), lambda answers: answers.decisions
        )
        return Evaluated(evaluated.plugin, evaluated.value.text)

    async def evaluate_cycle_async(
        self, name: str, routes: Sequence[Route], spec: Spec, policy: Policy | None = None
    ) -> Evaluated[RouteChanges]:
        """Decides as `evaluate_cycle`, on one of the host's own threads; see `Plugin.evaluate_cycle_async`."""
        return await in_thread(self._host.threads, self.evaluate_cycle, name, routes, spec, policy)

    async def evaluate_cycles_async(
        self, name: str, requests: Iterable[Request | tuple[Sequence[Route], Spec]]
    ) -> Evaluated[list[Decision]]:
        """Decides as `evaluate_cycles`, on one of the host's own threads; see `Plugin.evaluate_cycle_async`."""
        return await in_thread(self._host.threads, self.evaluate_cycles, name, requests)

    def status(self) -> list[StrategyStatus]:
        """Tells how every strategy does, in the order of their names."""
        return [slot.status() for slot in self._slots.all()]
