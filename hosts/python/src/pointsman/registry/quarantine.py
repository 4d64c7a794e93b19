"""The versions that were reverted: they are not loaded from a folder again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True)
class Quarantined:
    """A version that was reverted."""

    digest: str
    """Digest of its file: `sha256:` and 64 hex digits."""
    strategy: str
    """The strategy that it is a version of."""
    version: str
    """The version that it says it has."""
    reason: str
    """Why it was reverted."""
    at: int
    """When it was, in milliseconds since the Unix epoch."""


class Quarantine:
    """The quarantined versions of a registry. Safe to use from several threads."""

    def __init__(self, known: Iterable[Quarantined] = (), keep: Callable[[list[Quarantined]], None] | None = None):
        """With those that are known already. `keep` is called with all of them after each change."""
        self._by_digest = {each.digest: each for each in known}
        self._keep = keep
        self._lock = Lock()

    def __contains__(self, digest: str) -> bool:
        return digest in self._by_digest

    def add(self, digest: str, strategy: str, version: str, reason: str) -> None:
        """Quarantines a version."""
        # The only wall clock: it is for people, and decides nothing.
        at = time.time_ns() // 1_000_000
        with self._lock:
            self._by_digest[digest] = Quarantined(digest, strategy, version, reason, at)
            self._kept()

    def release(self, digest: str) -> bool:
        """Lifts the quarantine of a version; whether there was one."""
        with self._lock:
            found = self._by_digest.pop(digest, None)
            if found is not None:
                self._kept()
            return found is not None

    def of(self, strategy: str) -> tuple[str, ...]:
        """Lists the digests of a strategy's quarantined versions."""
        with self._lock:
            return tuple(sorted(each.digest for each in self._by_digest.values() if each.strategy == strategy))

    def _kept(self) -> None:
        if self._keep is not None:
            self._keep(list(self._by_digest.values()))
