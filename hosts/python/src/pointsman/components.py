"""The components, and the loader, that come with the package. A build puts them there; see `hatch_build.py`."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "wasm"

BLUE_GREEN = _FOLDER / "blue_green.wasm"
"""The blue-green strategy."""
ROLLING_UPDATE = _FOLDER / "rolling_update.wasm"
"""The rolling update strategy."""
GUARD = _FOLDER / "guard.wasm"
"""The guard. A host loads it by itself."""
LOADER = _FOLDER / "loader.wasm"
"""The loader, a core module: the program through which a host loads components."""
