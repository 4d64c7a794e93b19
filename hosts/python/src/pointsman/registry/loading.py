"""Loading several files: the newest version of each strategy, and the last good one where there is no other."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from pointsman.contract.words import shown
from pointsman.errors import SwapError
from pointsman.registry.admission import admitted
from pointsman.registry.change import change, failed, install
from pointsman.registry.rivals import Held, in_order, objection
from pointsman.registry.slots import Slots
from pointsman.registry.swap import Swap, SwapResult, report
from pointsman.registry.trial import Trial
from pointsman.registry.version import Version
from pointsman.runtime.file import ComponentFile

_log = logging.getLogger("pointsman")


def load_all(
    slots: Slots, files: Sequence[tuple[Path, ComponentFile]], held: dict[Path, Held], trial: Trial | None = None
) -> list[tuple[Path, Swap | SwapError]]:
    """Makes the newest version of each strategy in a folder the current one, or tries it first; what came of each file,
    in order. `held` are all files of the folder as far as they are known; those that are given are noted there.
    """
    results: dict[Path, Swap | SwapError] = {}
    versions: dict[Path, Version] = {}
    for path, file in files:
        held.pop(path, None)
        known = _known(slots, file.id.digest, trial)
        try:
            if known is not None:
                held[path] = Held.of(path, known)
                results[path] = Swap(SwapResult.UNCHANGED, known.plugin.id)
            elif file.id.digest in slots.quarantine:
                results[path] = Swap(SwapResult.QUARANTINED, file.id)
            else:
                versions[path] = admitted(slots.host, slots.options, None, file)
                held[path] = Held.of(path, versions[path])
        except SwapError as error:
            results[path] = error
    for each in in_order(held[path] for path in versions):
        slot = slots.get(each.strategy)
        objected = objection(each, held.values(), () if slot is None else slot.ahead)
        try:
            if objected is not None:
                raise objected
            results[each.path] = install(slots, versions[each.path], trial=trial)
        except SwapError as error:
            results[each.path] = error
        _tell(slots, each.path, results[each.path])
    for path, _ in files:
        if path not in versions:
            _tell(slots, path, results[path])
    return [(path, results[path]) for path, _ in files]


def fall_back(slots: Slots) -> list[tuple[Path, Swap | SwapError]]:
    """Loads the last good version of each strategy of which nothing was loaded; what came of each."""
    state = slots.state
    results: list[tuple[Path, Swap | SwapError]] = []
    for name in [] if state is None else state.strategies():
        good = None if state is None or slots.get(name) is not None else state.good(name)
        if good is None or good.file.id.digest in slots.quarantine:
            continue
        try:
            swap = change(slots, name, good.file, even_quarantined=False)
        except SwapError as error:
            failed(slots, good.path, error, name)
            results.append((good.path, error))
            continue
        why = "another version is quarantined" if slots.quarantine.of(name) else "nothing else loads"
        _log.warning("loaded the last good version %s of `%s`: %s", shown(good.version), name, why)
        results.append((good.path, swap))
    return results


def _known(slots: Slots, digest: str, trial: Trial | None) -> Version | None:
    """The version with this digest that runs already, or is tried already where it is to be tried."""
    for slot in slots.all():
        for version in (slot.current, slot.tried if trial is not None else None):
            if version is not None and version.plugin.id.digest == digest:
                return version
    return None


def _tell(slots: Slots, path: Path, result: Swap | SwapError) -> None:
    if isinstance(result, Swap):
        report(path, result)
    else:
        failed(slots, path, result)
