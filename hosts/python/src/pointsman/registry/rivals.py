"""Several files of one strategy in a folder: the newest version runs, however they are named or came there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from pointsman.contract.words import shown
from pointsman.errors import SwapError, SwapProblem
from pointsman.registry.precedence import precedence
from pointsman.registry.version import Version


@dataclass(frozen=True)
class Held:
    """A file of a folder, and what is in it."""

    path: Path
    digest: str
    strategy: str
    version: str

    @staticmethod
    def of(path: Path, version: Version) -> Held:
        """The file that a version was loaded from."""
        return Held(path, version.plugin.id.digest, version.description.name, version.description.version)


def in_order(held: Iterable[Held]) -> list[Held]:
    """Sorts files in the order in which they are switched to: the newest comes last, to stay."""
    return sorted(held, key=lambda each: (precedence(each.version), each.path))


def objection(file: Held, held: Iterable[Held], ahead: Collection[str]) -> SwapError | None:
    """Says why a file is not switched to beside the others of its folder; None where it may be. `ahead` has the digests
    of what runs, and of what is tried to run next.
    """
    others = [each for each in held if each.strategy == file.strategy and each.digest != file.digest]
    for other in others:
        if precedence(other.version) == precedence(file.version):
            what = f"`{shown(other.path.name)}` has version {other.version} of `{file.strategy}`, too"
            return _refused(file, f"{what}: remove one of them, or give them different versions")
        if precedence(other.version) > precedence(file.version) and other.digest in ahead:
            return _refused(file, f"`{shown(other.path.name)}` has {other.version}, which is newer than {file.version}")
    return None


def _refused(file: Held, message: str) -> SwapError:
    error = SwapError(SwapProblem.RIVAL, message)
    error.strategy = file.strategy
    return error
