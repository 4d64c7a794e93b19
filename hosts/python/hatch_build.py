"""Puts the built components and the license into the package."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAMES = ("blue_green.wasm", "guard.wasm", "rolling_update.wasm")


class ComponentsHook(BuildHookInterface[Any]):
    """Copies them from the checkout, where `make components` leaves the components. A source distribution has all of
    them in place, and nothing around it is looked at: it may have been unpacked anywhere.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        packaged = root / "src" / "pointsman" / "wasm"
        if not (root / "PKG-INFO").exists():
            checkout = root.parent.parent
            for name in NAMES:
                _copy(checkout / "target" / "plugins" / name, packaged / name)
            _copy(checkout / "LICENSE", root / "LICENSE")
        for name in NAMES:
            if not (packaged / name).exists():
                raise SystemExit(f"error: component {name} was not built; run `make components` in the checkout first")


def _copy(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
