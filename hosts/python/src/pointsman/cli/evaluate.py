"""`evaluate`: requests in, answers out, through the JSON entry point."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from pointsman.errors import EvaluationError, PluginError
from pointsman.guard.plugin import Plugin
from pointsman.plugin.json_text import elements

_BATCH = 4 << 20
"""Requests are handed over in batches of about this many characters, so that the sandbox's memory does not limit how
many there may be."""

_OVERHEAD = 1 << 10
"""Cost of a request in the sandbox besides its text, in bytes: about the length of its answer."""


class NoAnswer(Exception):
    """A request has no answer; the cause is a `PluginError`."""


def run(plugin: Plugin, requests: list[str], *, pretty: bool) -> bool:
    """Prints the answers; returns whether all of them are plans."""
    answers: list[str] = []
    is_fine = True
    for batch in _batches(requests):
        for texts, are_plans in _evaluate(plugin, batch, len(answers)):
            answers += texts
            is_fine = is_fine and are_plans
    text = f"[{','.join(answers)}]"
    print(orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode() if pretty else text)
    return is_fine


def _batches(requests: list[str]) -> Iterator[list[str]]:
    """Splits requests into batches of about `_BATCH`. A request that is larger is a batch by itself."""
    batch: list[str] = []
    size = 0
    for request in requests:
        size += len(request) + _OVERHEAD
        if size > _BATCH and batch:
            yield batch
            batch, size = [], len(request) + _OVERHEAD
        batch.append(request)
    yield batch


def _evaluate(plugin: Plugin, batch: list[str], done: int) -> Iterator[tuple[list[str], bool]]:
    """Asks for the answers to a batch: them, and whether all of them are plans."""
    try:
        answers = plugin.answers(f"[{','.join(batch)}]")
    except PluginError as error:
        if len(batch) <= 1:
            raise NoAnswer(f"no answer to request {done + 1}") from error
    else:
        yield elements(answers.text), not any(isinstance(each, EvaluationError) for each in answers.decisions)
        return
    # Halves need less memory and time, and end at the one request that is at fault.
    half = len(batch) // 2
    yield from _evaluate(plugin, batch[:half], done)
    yield from _evaluate(plugin, batch[half:], done + half)
