"""The form of values on the wire, that of the JSON entry point, kept in the instances themselves.

A fleet of a thousand deployments has tens of thousands of routes, and each is sent in every cycle. So a `Route`, a
`Spec` or a `RouteChanges` keeps its fields in the form in which they are sent: a moment as whole milliseconds, an id as
a string, a configuration as the JSON text it is. `orjson` then writes a list of them without a line of Python for each.
Descriptors turn fields into the types that a caller sees when they are read, and back when they are set, so
`route.created_at` is always an aware `datetime`.

Keys of an instance that begin with an underscore are not sent: `orjson` leaves them out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, overload
from uuid import UUID

import orjson

from pointsman.contract.words import brief

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

LAST_MOMENT = datetime.max.replace(tzinfo=UTC)
"""Stand-in for a moment beyond the year 9999, which the contract can express and `datetime` cannot."""


def millis(name: str, moment: datetime) -> int:
    """Whole milliseconds since the Unix epoch, rounded down; `name` is the field, for messages.

    Raises `TypeError` for what is no `datetime`, and `ValueError` for one that is naive or before 1970.
    """
    if not isinstance(moment, datetime):
        raise TypeError(f"`{name}` is {moment!r}, not a datetime")
    if moment.tzinfo is None:
        raise ValueError(f"`{name}` is naive; it must be an aware datetime, as datetime.now(UTC) is")
    since = (moment - _EPOCH) // _MILLISECOND
    if since < 0:
        raise ValueError(f"`{name}` is {moment.isoformat()}; it must be 1970 or later")
    return since


def moment(since: int) -> datetime:
    """The moment so many milliseconds after the Unix epoch, or `LAST_MOMENT`."""
    try:
        return _EPOCH + timedelta(milliseconds=since)
    except OverflowError:
        return LAST_MOMENT


class Wire:
    """A type whose instances hold the wire form. Copies and pickles are made of what a caller sees."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]


class Moment:
    """A field of type `datetime`, kept in milliseconds."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Moment: ...
    @overload
    def __get__(self, instance: object, owner: type) -> datetime: ...
    def __get__(self, instance: object | None, owner: type) -> datetime | Moment:
        if instance is None:
            # So that a dataclass finds no default.
            raise AttributeError(self._name)
        return moment(instance.__dict__[self._name])

    def __set__(self, instance: object, value: datetime) -> None:
        instance.__dict__[self._name] = millis(self._name, value)


class OptionalMoment:
    """A field of type `datetime | None`, kept in milliseconds."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object | None, owner: type) -> datetime | None:
        # Without an instance it is the dataclass that asks for the default.
        since = None if instance is None else instance.__dict__[self._name]
        return None if since is None else moment(since)

    def __set__(self, instance: object, value: datetime | None) -> None:
        instance.__dict__[self._name] = None if value is None else millis(self._name, value)


class Labels:
    """A field of type `dict[str, str]`, empty by default; sent where there are any, in the order of their keys."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Labels: ...
    @overload
    def __get__(self, instance: object, owner: type) -> dict[str, str]: ...
    def __get__(self, instance: object | None, owner: type) -> dict[str, str] | Labels:
        if instance is None:
            # So that a dataclass finds no default.
            raise AttributeError(self._name)
        # Kept from now on: who reads it may put something in.
        labels: dict[str, str] = instance.__dict__.setdefault(self._name, {})
        return labels

    def __set__(self, instance: object, value: Mapping[str, str]) -> None:
        instance.__dict__[self._name] = sorted_labels(value)


def sorted_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """A copy of labels, in the order of their keys."""
    return {key: labels[key] for key in sorted(labels)}


class Text:
    """A field of type `str` that takes a `UUID` as well, and keeps its text."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Text: ...
    @overload
    def __get__(self, instance: object, owner: type) -> str: ...
    def __get__(self, instance: object | None, owner: type) -> str | Text:
        if instance is None:
            raise AttributeError(self._name)
        text: str = instance.__dict__[self._name]
        return text

    def __set__(self, instance: object, value: str | UUID) -> None:
        instance.__dict__[self._name] = value if type(value) is str else text(self._name, value)


class OptionalText:
    """A field of type `str | None` that takes a `UUID` as well; sent only where it is not None."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object | None, owner: type) -> str | None:
        # Without an instance it is the dataclass that asks for the default.
        return None if instance is None else instance.__dict__.get(self._name)

    def __set__(self, instance: object, value: str | UUID | None) -> None:
        if value is None:
            instance.__dict__.pop(self._name, None)
        else:
            instance.__dict__[self._name] = value if type(value) is str else text(self._name, value)


def text(name: str, value: str | UUID) -> str:
    """The text of an id. Raises `TypeError` for what is neither a string nor a UUID."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        # Of an enum whose members are strings this is the value; `str(value)` would be its name.
        return str.__str__(value)
    raise TypeError(f"`{name}` is {value!r}, neither a string nor a UUID")


class Config:
    """A strategy's configuration: JSON text, or a mapping that is written as JSON when it is set."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name, self._text = name, f"_{name}"

    def __get__(self, instance: object | None, owner: type) -> str:
        config: str = "{}" if instance is None else instance.__dict__[self._text]
        return config

    def __set__(self, instance: object, value: str | Mapping[str, Any]) -> None:
        instance.__dict__[self._text] = written = config_text(self._name, value)
        instance.__dict__[self._name] = inline(written)


def config_text(name: str, config: str | Mapping[str, Any]) -> str:
    """The JSON text of a configuration; `name` is the field, for messages. Raises `TypeError`."""
    if isinstance(config, str):
        return config
    try:
        written = orjson.dumps(dict(config)).decode()
        if "null" in written:
            # A number that is none, which no configuration means, is `null` to `orjson`.
            json.dumps(config, allow_nan=False, default=str)
        return written
    except (TypeError, ValueError, RecursionError) as error:
        message = f"`{name}` is {brief(config)}, neither JSON text nor a mapping: {error}"
        raise TypeError(message) from None


def inline(config: str) -> orjson.Fragment | str:
    """A configuration as the value that its text is.

    Text that is not JSON would make the whole batch unreadable. It is sent as a string, and the strategy says that it
    is not a JSON object.
    """
    if config == "{}":
        return _NO_CONFIG
    try:
        orjson.loads(config)
        return orjson.Fragment(config)
    except orjson.JSONDecodeError:
        return config


_NO_CONFIG = orjson.Fragment("{}")
