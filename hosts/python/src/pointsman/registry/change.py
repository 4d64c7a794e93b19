"""Changing a strategy's version: everything that can fail first, then the switch."""

from __future__ import annotations

from pathlib import Path

from pointsman.errors import LoadError, PluginId, SwapError
from pointsman.registry.admission import admitted, load_failed
from pointsman.registry.checks import check
from pointsman.registry.shadow import begin
from pointsman.registry.slot import Slot
from pointsman.registry.slots import Slots
from pointsman.registry.swap import Swap, SwapResult, report, report_failure
from pointsman.registry.trial import Trial
from pointsman.registry.version import Version
from pointsman.runtime.file import ComponentFile


def swap(slots: Slots, name: str, path: Path, trial: Trial | None = None) -> Swap:
    """Makes the plugin in a file the current one for a name, also a quarantined one, or tries it first. Tells operators
    what came of it.

    # Errors
    `SwapError`.
    """
    try:
        file = slots.host.read(path)
    except LoadError as error:
        raise unreadable(slots, path, error, name) from error
    try:
        swap = change(slots, name, file, even_quarantined=True, trial=trial)
    except SwapError as error:
        failed(slots, path, error, name)
        raise
    report(path, swap)
    return swap


def change(
    slots: Slots, expected: str, file: ComponentFile, *, even_quarantined: bool, trial: Trial | None = None
) -> Swap:
    """Makes the plugin in a file that was read the current one for the name that it must have.

    # Errors
    `SwapError`.
    """
    slot = slots.get(expected)
    if slot is not None:
        # Before the work of loading it.
        with slot.changing:
            done = _nothing_to_do(slots, slot, file.id, even_quarantined, trial)
        if done is not None:
            return done
    elif not even_quarantined and file.id.digest in slots.quarantine:
        return Swap(SwapResult.QUARANTINED, file.id)
    version = admitted(slots.host, slots.options, expected, file)
    return install(slots, version, even_quarantined=even_quarantined, trial=trial)


def install(slots: Slots, version: Version, *, even_quarantined: bool = False, trial: Trial | None = None) -> Swap:
    """Makes a version that was admitted the current one, or tries it beside that, once it has passed the checks.

    # Errors
    `SwapError`.
    """
    plugin = version.plugin.id
    slot = slots.add(version.description.name, version)
    if slot is None:
        slots.quarantine.release(plugin.digest)
        return Swap(SwapResult.LOADED, plugin)
    with slot.changing:
        done = _nothing_to_do(slots, slot, plugin, even_quarantined, trial)
        if done is not None:
            return done
        check(slot.change.checks, version)
        if trial is not None:
            return begin(slot, version, trial, slots.options)
        return Swap(SwapResult.SWAPPED, plugin, slot.switch(version))


def unreadable(slots: Slots, path: Path, error: LoadError, name: str | None = None) -> SwapError:
    """Tells operators, and returns, what it means for a swap that a file cannot be read."""
    of_swap = load_failed(error)
    failed(slots, path, of_swap, name)
    return of_swap


def failed(slots: Slots, path: Path, error: SwapError, name: str | None = None) -> None:
    """Tells operators of a swap that failed, of the strategy of this name if the error knows none."""
    if error.strategy is None:
        error.strategy = name
    report_failure(path, error, slots.kept(path, error))


def _nothing_to_do(
    slots: Slots, slot: Slot, file: PluginId, even_quarantined: bool, trial: Trial | None
) -> Swap | None:
    """Finds out that a plugin need not be changed to, or must not."""
    current = slot.current.plugin.id
    if current.digest == file.digest:
        return Swap(SwapResult.UNCHANGED, current)
    tried = slot.tried
    if trial is not None and tried is not None and tried.plugin.id.digest == file.digest:
        return Swap(SwapResult.UNCHANGED, tried.plugin.id)
    if not even_quarantined and file.digest in slots.quarantine:
        return Swap(SwapResult.QUARANTINED, file)
    return None
