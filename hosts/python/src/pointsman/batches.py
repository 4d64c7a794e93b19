"""Splitting what goes through a JSON door.

An instance is called several times for a large fleet, a megabyte or less at a time: what it touches then fits into the
processor's cache and is soon given back, and its memory does not limit how many deployments there may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

_ROUTES = 1000
"""How many routes are handed over at once; some 220 bytes each."""


def batches(requests: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Requests with `routes` among their fields, some at a time. One of very many routes is a batch by itself."""
    batch: list[dict[str, Any]] = []
    size = 0
    for request in requests:
        batch.append(request)
        # The spec is about as long as a route.
        size += len(request["routes"]) + 1
        if size >= _ROUTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
