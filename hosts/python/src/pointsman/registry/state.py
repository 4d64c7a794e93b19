"""The state folder: keeps the quarantine and the last good component of each strategy over restarts.

```text
quarantine.json                 {"format": 1, "quarantined": [{"digest", "strategy", "version", "reason", "at"}]}
good/<strategy>.json            {"format": 1, "strategy", "version", "digest", "at"}
good/<strategy>-<digits>.wasm   the component; the digits are the first twelve of its digest
```

The layout is that of the hosts in all languages. A file is written whole, or not at all. A new component is written
beside the last one, and that is removed only when the JSON points to the new one: whenever a writer dies, one of the
two is there. What is damaged or foreign is told to operators, and counts as none: nothing here keeps a registry from
starting or from deciding.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
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
_DIGEST = re.compile("sha256:[0-9a-f]{64}")


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
        about = self._about(strategy)
        if about is None:
            return None
        component = self._component(strategy, about["digest"])
        try:
            found = file.read(component, self._limits)
            if found.id.digest != about["digest"]:
                raise ValueError(f"its digest is {found.id.digest}, not {about['digest']}")
        except (ValueError, LoadError) as error:
            self._tell("is not what a registry writes, and counts as none", component, error)
            return None
        return Good(strategy, about["version"], found, component)

    def write_good(self, strategy: str, version: str, digest: str, content: bytes) -> None:
        """Writes the last good version of a strategy, in the place of the one before."""
        # For people; it decides nothing.
        at = time.time_ns() // 1_000_000
        about = {"format": _FORMAT, "strategy": strategy, "version": version, "digest": digest, "at": at}
        before = self._about(strategy)
        component = self._component(strategy, digest)
        if not self._write(component, content):
            return
        if not self._write(self._json(strategy), orjson.dumps(about, option=orjson.OPT_INDENT_2)):
            return
        last = component if before is None else self._component(strategy, before["digest"])
        if last != component:
            try:
                last.unlink(missing_ok=True)
            except OSError as error:
                self._tell("cannot be removed", last, error)

    def _json(self, strategy: str) -> Path:
        return self._good / f"{strategy}.json"

    def _component(self, strategy: str, digest: str) -> Path:
        """The file of a component. Its name is never read from a file, so that none leads out of the folder."""
        return self._good / f"{strategy}-{digest.removeprefix('sha256:')[:12]}.wasm"

    def _about(self, strategy: str) -> dict[str, Any] | None:
        """Reads what is known of the last good version of a strategy: its version and digest."""
        path = self._json(strategy)
        about = self._read(path)
        if about is None:
            return None
        try:
            version, digest = about["version"], about["digest"]
            if about["strategy"] != strategy:
                raise ValueError("it is of another strategy")
            if type(version) is not str or type(digest) is not str or not _DIGEST.fullmatch(digest):
                raise ValueError("it has no version, or no digest")
        except (KeyError, ValueError) as error:
            self._tell("is not what a registry writes, and counts as none", path, error)
            return None
        return about

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
                _sync(path.parent)
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


def _sync(folder: Path) -> None:
    """Has what was renamed in a folder outlive the machine, so that nothing is removed before."""
    # Not every system opens folders.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _quarantined(given: dict[str, Any]) -> Quarantined:
    digest, strategy, version, reason = (given[name] for name in ("digest", "strategy", "version", "reason"))
    at = given["at"]
    if not all(type(text) is str for text in (digest, strategy, version, reason)) or type(at) is not int:
        raise ValueError("a field is of another type")
    return Quarantined(digest, strategy, version, reason, at)
