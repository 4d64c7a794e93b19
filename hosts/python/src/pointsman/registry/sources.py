"""Requests of a batch as they were given: objects, or JSON text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from pointsman.contract.request import Request
from pointsman.errors import LONGEST_KEY, InvalidDeployment, check_deployment
from pointsman.guard.plugin import Plugin
from pointsman.plugin.answers import Decision, write
from pointsman.plugin.batches import batches
from pointsman.plugin.json_requests import UNREAD, Element
from pointsman.plugin.json_text import elements
from pointsman.registry import fingerprint
from pointsman.registry.calls import as_json

_BATCHES = 5
"""Batches of a call, each of which may take the time of one."""
_SURELY_SHORT = LONGEST_KEY // 4
"""Characters of a key that cannot have too many bytes."""
_MISSING = ValueError("missing field `deployment`")


class Answer(NamedTuple):
    """A decision; its text is None where the host made it, or where none is needed."""

    decision: Decision
    text: str | None = None


class Source(Protocol):
    """The requests of a batch, by their places."""

    @property
    def size(self) -> int:
        """Number of requests."""

    def deployment(self, i: int) -> str | Exception:
        """The deployment that a request is of, or what is wrong with it."""

    def input(self, i: int) -> int:
        """Fingerprint of a request's input."""

    def kept(self, i: int) -> bytes:
        """A request as a JSON object. Raises `TypeError` where it cannot be written."""

    def chunks(self, places: Sequence[int]) -> Iterable[Sequence[int]]:
        """Splits requests into parts, each of one call or a few."""

    def calls(self, places: Sequence[int]) -> Sequence[Sequence[int]]:
        """Splits requests as the plugin is called with them."""

    def call(self, plugin: Plugin, places: Sequence[int]) -> Sequence[Answer]:
        """Decides requests in one call. Raises `PluginError`."""


class Objects:
    """Requests that are objects."""

    def __init__(self, requests: Iterable[Request]) -> None:
        self._requests = list(requests)

    @property
    def size(self) -> int:
        return len(self._requests)

    def deployment(self, i: int) -> str | Exception:
        key = self._requests[i].deployment
        if type(key) is str and 0 < len(key) <= _SURELY_SHORT:
            return key
        return _MISSING if key is None else _checked(key)

    def input(self, i: int) -> int:
        return fingerprint.of_spec(self._requests[i].spec)

    def kept(self, i: int) -> bytes:
        return as_json(self._requests[i])

    def chunks(self, places: Sequence[int]) -> Iterable[Sequence[int]]:
        # A few of the plugin's batches in each call: one that fails costs only its own part of a large fleet, and the
        # time of the batch is looked at in between.
        bounds = self._batches(places)
        parts = [bounds[i : i + _BATCHES] for i in range(0, len(bounds), _BATCHES)]
        return [places[part[0][0] : part[-1][1]] for part in parts]

    def calls(self, places: Sequence[int]) -> Sequence[Sequence[int]]:
        return [places[first:end] for first, end in self._batches(places)]

    def call(self, plugin: Plugin, places: Sequence[int]) -> Sequence[Answer]:
        return [Answer(decision) for decision in plugin.evaluate_cycles([self._requests[i] for i in places])]

    def _batches(self, places: Sequence[int]) -> list[tuple[int, int]]:
        return list(batches(len(self._requests[i].routes) for i in places))


class Texts:
    """Requests that somebody else wrote as JSON."""

    def __init__(self, given: Sequence[Element]) -> None:
        self._elements = given
        self.whole: str | None = None
        """The text of all answers, where one call gave them."""

    @property
    def size(self) -> int:
        return len(self._elements)

    def deployment(self, i: int) -> str | Exception:
        value = self._elements[i].value
        if value is UNREAD:
            return ValueError("it is not JSON that this host reads")
        if not isinstance(value, dict) or "deployment" not in value:
            return _MISSING
        key = value["deployment"]
        return key if type(key) is str and 0 < len(key) <= _SURELY_SHORT else _checked(key)

    def input(self, i: int) -> int:
        return fingerprint.of_element(self._elements[i])

    def kept(self, i: int) -> bytes:
        return self._elements[i].text

    def chunks(self, places: Sequence[int]) -> Iterable[Sequence[int]]:
        return [places]

    def calls(self, places: Sequence[int]) -> Sequence[Sequence[int]]:
        return [places]

    def call(self, plugin: Plugin, places: Sequence[int]) -> Sequence[Answer]:
        is_whole = len(places) == len(self._elements)
        given = plugin.answer(self._elements if is_whole else [self._elements[i] for i in places])
        if is_whole:
            self.whole = given.text
            return [Answer(decision) for decision in given.decisions]
        texts = elements(given.text)
        return [Answer(decision, text) for decision, text in zip(given.decisions, texts, strict=True)]

    def text(self, answers: Sequence[Answer]) -> str:
        """The text of all answers."""
        if self.whole is not None:
            return self.whole
        return f"[{','.join(write(answer.decision) if answer.text is None else answer.text for answer in answers)}]"


def _checked(key: str) -> str | Exception:
    try:
        check_deployment(key)
    except (TypeError, InvalidDeployment) as error:
        return error
    return key
