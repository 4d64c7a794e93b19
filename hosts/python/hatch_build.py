"""Puts the built components into the package."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAMES = ("blue_green.wasm", "guard.wasm", "rolling_update.wasm")


class ComponentsHook(BuildHookInterface[Any]):
    """Copies them from where `make components` leaves them. A source distribution has them in place."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        built, packaged = root.parent.parent / "target" / "plugins", root / "src" / "pointsman" / "wasm"
        for name in NAMES:
            if (built / name).exists():
                packaged.mkdir(exist_ok=True)
                shutil.copyfile(built / name, packaged / name)
            elif not (packaged / name).exists():
                raise SystemExit(f"error: component {name} was not built; run `make components` in the checkout first")
