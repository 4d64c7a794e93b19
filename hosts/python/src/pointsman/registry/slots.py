"""The strategies of a registry, by name."""

from __future__ import annotations

import logging
from pathlib import Path
from threading import Lock

from pointsman.contract.words import listed, shown
from pointsman.errors import SwapError, UnknownStrategy
from pointsman.host import Host
from pointsman.registry.checks import Checks, check
from pointsman.registry.options import Options
from pointsman.registry.quarantine import Quarantine
from pointsman.registry.slot import Slot
from pointsman.registry.state import StateFolder
from pointsman.registry.version import Version

_log = logging.getLogger("pointsman")


class Slots:
    """Strategies by name, shared by a registry and its watches."""

    def __init__(self, host: Host, options: Options) -> None:
        self.host = host
        self.options = options
        self.state = None if options.state is None else StateFolder(Path(options.state), host.limits)
        self.quarantine = Quarantine()
        if self.state is not None:
            self.quarantine = Quarantine(self.state.quarantined(), self.state.write_quarantine)
        self._slots: dict[str, Slot] = {}
        self._checks: dict[str, Checks] = {}
        """Of strategies that are not there yet."""
        self._lock = Lock()

    def get(self, name: str | None) -> Slot | None:
        """Returns a strategy; None where there is none of this name."""
        return None if name is None else self._slots.get(name)

    def find(self, name: str) -> Slot:
        """Finds a strategy. Raises `UnknownStrategy`."""
        slot = self._slots.get(name)
        if slot is None:
            raise UnknownStrategy(name, sorted(self._slots))
        return slot

    def all(self) -> list[Slot]:
        """Lists the strategies in the order of their names."""
        with self._lock:
            return [self._slots[name] for name in sorted(self._slots)]

    def set_checks(self, name: str, checks: Checks) -> None:
        """Sets what every later version of a strategy must pass."""
        with self._lock:
            slot = self._slots.get(name)
            if slot is None:
                self._checks[name] = checks
                return
        with slot.changing:
            slot.change.checks = checks

    def add(self, name: str, version: Version) -> Slot | None:
        """Adds a strategy with its first version, once it has passed the checks; the one that is there already, where
        there is one.

        # Errors
        `SwapError`.
        """
        while True:
            with self._lock:
                slot = self._slots.get(name)
                checks = self._checks.get(name, Checks())
            if slot is not None:
                return slot
            check(checks, version)
            with self._lock:
                # Neither may have changed while it was checked.
                if name not in self._slots and self._checks.get(name, checks) == checks:
                    self._slots[name] = Slot(name, version, self.options, checks, self.quarantine, self.state)
                    self._checks.pop(name, None)
                    return None

    def kept(self, path: Path, error: SwapError) -> str | None:
        """Finds the version that is kept where a file is not switched to; None where there is none."""
        for slot in self.all():
            current = slot.current
            # What a file cannot say any more, the version before that was loaded from it tells.
            is_it = current.plugin.id.name == path.name if error.strategy is None else slot.name == error.strategy
            if is_it:
                return current.description.version
        return None

    def check_guards(self) -> None:
        """Tells operators of guards for strategies that are not there: `rolling_update` is a file, not a name."""
        missing = sorted(self.options.guards.keys() - self._slots.keys())
        for name in missing:
            known = listed(sorted(self._slots)) or "none"
            _log.warning("`guards` has a policy for `%s`, which is not loaded; there is %s", shown(name), known)
