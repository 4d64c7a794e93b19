"""The state folder: keeps the quarantine and the last good component of each strategy over restarts.

```text
quarantine.json          {"format": 1, "quarantined": [{"digest", "strategy", "version", "reason", "at"}]}
good/<strategy>.wasm     the component
good/<strategy>.json     {"format": 1, "strategy", "version", "digest", "at"}
```

The layout is that of the hosts in all languages. A file is written whole, or not at all. What is damaged or foreign is
told to operators, and counts as none: nothing here keeps a registry from starting or from deciding.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from pointsman.contract.words import shown
from pointsman.errors import LoadError
from pointsman.registry.description import is_name
from pointsman.registry.quarantine import Quarantined
from pointsman.runtime import file
from pointsman.runtime.file import ComponentFile
from pointsman.runtime.limits import Limits

_log = logging.getLogger("pointsman")

_FORMAT = 1
_LARGEST = 16 << 20
"""Bytes of the largest JSON file that is read."""


@dataclass(frozen=True)
class Good:
    """The last good version of a strategy."""

    strategy: str
    version: str
    file: ComponentFile
    path: Path


class StateFolder:
    """A state folder. Safe to use from several threads, as long as each strategy is written by one at a time."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        """Makes the folder where it is not there. One that cannot be made or written to keeps nothing."""
        self._folder = folder
        self._good = folder / "good"
        self._limits = limits
        try:
            self._good.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._tell("cannot be used", folder, error)

    def quarantined(self) -> list[Quarantined]:
        """Reads the quarantine."""
        path = self._folder / "quarantine.json"
        content = self._read(path)
        if content is None:
            return []
        try:
            return [_quarantined(each) for each in content["quarantined"]]
        except (KeyError, TypeError, ValueError) as error:
            self._tell("is not what a registry writes, and counts as none", path, error)
            return []

    def write_quarantine(self, quarantined: Sequence[Quarantined]) -> None:
        """Writes the quarantine."""
        given = {"format": _FORMAT, "quarantined": [asdict(each) for each in quarantined]}
        self._write(self._folder / "quarantine.json", orjson.dumps(given, option=orjson.OPT_INDENT_2))

    def strategies(self) -> list[str]:
        """Lists the strategies of which there may be a last good version, in the order of their names."""
        try:
            names = [path.stem for path in self._good.iterdir() if path.suffix == ".json"]
        except OSError:
            return []
        return sorted(filter(is_name, names))

    def good(self, strategy: str) -> Good | None:
        """Reads the last good version of a strategy; None where there is none that is whole."""
        path = self._good / f"{strategy}.json"
        about = self._read(path)
        if about is None:
            return None
        component = path.with_suffix(".wasm")
        try:
            found = file.read(component, self._limits)
            if about["strategy"] != strategy or found.id.digest != about["digest"]:
                raise ValueError("it is of another component")
            return Good(strategy, str(about["version"]), found, component)
        except (KeyError, TypeError, ValueError, LoadError) as error:
            self._tell("is not what a registry writes, and counts as none", path, error)
            return None

    def write_good(self, strategy: str, version: str, digest: str, content: bytes) -> None:
        """Writes the last good version of a strategy."""
        # For people; it decides nothing.
        at = time.time_ns() // 1_000_000
        about = {"format": _FORMAT, "strategy": strategy, "version": version, "digest": digest, "at": at}
        if self._write(self._good / f"{strategy}.wasm", content):
            self._write(self._good / f"{strategy}.json", orjson.dumps(about, option=orjson.OPT_INDENT_2))

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            # Not what somebody put there to be waited for.
            if not path.is_file():
                return None
            with path.open("rb") as opened:
                content = orjson.loads(opened.read(_LARGEST))
            if not isinstance(content, dict) or content.get("format") != _FORMAT:
                raise ValueError(f"its format is not {_FORMAT}")
        except (OSError, ValueError) as error:
            self._tell("cannot be read, and counts as none", path, error)
            return None
        return content

    def _write(self, path: Path, content: bytes) -> bool:
        try:
            descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
            try:
                with os.fdopen(descriptor, "wb") as opened:
                    opened.write(content)
                    opened.flush()
                    os.fsync(opened.fileno())
                # As other files are, and not for its owner alone: another manager may take over.
                Path(part).chmod(0o644)
                Path(part).replace(path)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(part).unlink()
                raise
        except OSError as error:
            self._tell("cannot be written", path, error)
            return False
        return True

    def _tell(self, what: str, path: Path, error: Exception) -> None:
        _log.error("state folder: `%s` %s: %s", shown(str(path)), what, shown(str(error)))


def _quarantined(given: dict[str, Any]) -> Quarantined:
    digest, strategy, version, reason = (given[name] for name in ("digest", "strategy", "version", "reason"))
    at = given["at"]
    if not all(type(text) is str for text in (digest, strategy, version, reason)) or type(at) is not int:
        raise ValueError("a field is of another type")
    return Quarantined(digest, strategy, version, reason, at)
