"""Validates what a plugin says of itself, by the rules that `describe` has in the contract."""

from __future__ import annotations

import json
import re

import orjson

from pointsman.contract.plan import Description

_LONGEST = 64
"""The longest name or version. Both are in log lines and labels of metrics."""

_KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_VISIBLE = re.compile(r"[!-~]+")


def is_name(name: str) -> bool:
    """Tells that a strategy may have this name: it is fit for the name of a file, too."""
    return len(name) <= _LONGEST and _KEBAB.fullmatch(name) is not None


def objection(description: Description) -> str | None:
    """Says in one sentence what is wrong and what would be right; None where nothing is wrong."""
    name, version = description.name, description.version
    if not is_name(name):
        return f"its name is {_quoted(name)}, not kebab-case of at most {_LONGEST} letters"
    if len(version) > _LONGEST or not _VISIBLE.fullmatch(version):
        return f"its version is {_quoted(version)}, not 1 to {_LONGEST} visible ASCII characters"
    try:
        schema = orjson.loads(description.config_schema)
    except orjson.JSONDecodeError as error:
        return f"its config schema is not JSON: {error}"
    if not isinstance(schema, dict | bool):
        return "its config schema is no JSON Schema, which is an object or a boolean"
    return None


def _quoted(word: str) -> str:
    """Makes a word that may be anything fit for a log line."""
    return json.dumps(word[:_LONGEST]) + ("…" if len(word) > _LONGEST else "")
