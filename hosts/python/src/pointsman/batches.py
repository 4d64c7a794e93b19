"""Splitting what goes through a JSON door.

An instance is called several times for a large fleet, a megabyte or less at a time: what it touches then fits into the
processor's cache and is soon given back, and its memory does not limit how many deployments there may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

_ROUTES = 1000
"""How many routes are handed over at once; some 220 bytes each."""


def batches(requests: Iterable[dict[str, Any]]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Requests with `routes` among their fields, some at a time, each with the place of the first of them."""
    batch: list[dict[str, Any]] = []
    size = first = 0
    for i, request in enumerate(requests, 1):
        batch.append(request)
        # The spec is about as long as a route.
        size += len(request["routes"]) + 1
        if size >= _ROUTES:
            yield first, batch
            batch, size, first = [], 0, i
    if batch:
        yield first, batch
