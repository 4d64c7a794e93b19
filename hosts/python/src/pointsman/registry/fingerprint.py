"""Fingerprints of what a deployment is: its configuration, deploying revision and target."""

from __future__ import annotations

from typing import Any

import orjson

from pointsman.contract.spec import Spec
from pointsman.plugin.json_requests import Element


def of_spec(spec: Spec) -> int:
    """The fingerprint of a spec; the same as that of its JSON."""
    try:
        config = orjson.loads(spec.config)
    except orjson.JSONDecodeError:
        config = spec.config
    return _of(config, spec.deploying_revision, spec.target_replicas, spec.config)


def of_element(element: Element) -> int:
    """The fingerprint of a request that somebody else wrote as JSON."""
    spec = element.value.get("spec") if isinstance(element.value, dict) else None
    if not isinstance(spec, dict):
        # Whatever is wrong with it is the same as long as it is the same text.
        return hash(element.text)
    parts = (spec.get("config", {}), spec.get("deploying_revision"), spec.get("target_replicas"))
    return _of(*parts, element.text)


def _of(config: Any, revision: Any, target: Any, text: str | bytes) -> int:
    try:
        return hash(orjson.dumps([config, revision, target], option=orjson.OPT_SORT_KEYS))
    except TypeError:
        # It is nested too deeply for `orjson` to write.
        return hash(text)
