"""Puts the built components, the loader and the license into the package."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = {
    "blue_green.wasm": "plugins",
    "guard.wasm": "plugins",
    "loader.wasm": "loader",
    "rolling_update.wasm": "plugins",
}
"""Paths of the files below the checkout's `target`."""


class ComponentsHook(BuildHookInterface[Any]):
    """Copies them from the checkout, where `make components` leaves them. A source distribution has all of
    them in place, and nothing around it is looked at: it may have been unpacked anywhere.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        packaged = root / "src" / "pointsman" / "wasm"
        if not (root / "PKG-INFO").exists():
            checkout = root.parent.parent
            for name, folder in FOLDERS.items():
                _copy(checkout / "target" / folder / name, packaged / name)
            _copy(checkout / "LICENSE", root / "LICENSE")
        for name in FOLDERS:
            if not (packaged / name).exists():
                raise SystemExit(f"error: component {name} was not built; run `make components` in the checkout first")


def _copy(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
