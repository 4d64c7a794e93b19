"""Results of swaps, and what operators are told of them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pointsman.contract.words import plain
from pointsman.errors import PluginId, SwapError

_log = logging.getLogger("pointsman")


class SwapResult(StrEnum):
    """Result of a swap."""

    LOADED = "loaded"
    """The first plugin of this name was loaded."""
    SWAPPED = "swapped"
    """The current plugin was replaced."""
    SHADOWING = "shadowing"
    """It is tried in the shadow of the current plugin."""
    UNCHANGED = "unchanged"
    """The file is the current plugin already, or is tried already."""
    QUARANTINED = "quarantined"
    """The file is a version that was reverted, found in a folder. Only `Registry.swap` takes it back."""


@dataclass(frozen=True)
class Swap:
    """Result of a swap."""

    result: SwapResult
    """The result."""
    plugin: PluginId
    """The plugin in the file."""
    before: PluginId | None = None
    """The plugin until now, where it was replaced; where another is tried, the current one."""


def report(path: Path, swap: Swap) -> None:
    """Tells operators what came of a swap."""
    file = plain(str(path))
    match swap.result:
        case SwapResult.LOADED:
            _log.info("`%s` loaded: %s", file, swap.plugin)
        case SwapResult.SWAPPED:
            _log.info("`%s` swapped: from %s to %s", file, swap.before, swap.plugin)
        case SwapResult.SHADOWING:
            _log.info("`%s` tried in the shadow: %s beside %s", file, swap.plugin, swap.before)
        case SwapResult.UNCHANGED:
            _log.debug("`%s` unchanged: %s", file, swap.plugin)
        case SwapResult.QUARANTINED:
            _log.warning("`%s` not swapped: %s is quarantined, because it was reverted", file, swap.plugin)


def report_failure(path: Path, error: SwapError, kept: str | None) -> None:
    """Tells operators of a swap that failed, and which version is kept; None where there is none."""
    what = "there is no version to keep" if kept is None else f"keeping {kept}"
    _log.error("`%s`: swap failed; %s: %s", plain(str(path)), what, plain(str(error)))
