"""Requests read from JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pointsman import Plugin, Policy, Request
from support import ROOT, as_json, given, spec

EXAMPLE = (ROOT / "examples" / "request.json").read_text()


def test_what_is_read_is_decided_as_its_text(blue_green: Plugin) -> None:
    request = Request.from_json(EXAMPLE)

    (answer,) = json.loads(blue_green.evaluate_cycles_json(f"[{EXAMPLE}]"))
    plan = blue_green.evaluate_cycle(request.routes, request.spec)
    assert plan.reason.message == answer["ok"]["reason"]["message"]
    assert Request.from_json(json.loads(EXAMPLE)) == request == Request.from_json(EXAMPLE.encode())


def test_every_field_is_read() -> None:
    request = Request(given(), spec({"auto_promote": True}), Policy(max_surge=1), "d-1")
    fields = json.loads(as_json(request))[0] | {"policy": {"max_surge": 1}}
    fields["spec"] |= {
        "checks": [{"name": "p99", "outcome": "failed", "observed_at": 1}],
        "operator": {"pause": True},
        "limits": {"least_serving": 1, "most_live": 9},
    }

    found = Request.from_json(fields)

    assert found[2:] == request[2:]
    assert found.routes == request.routes
    limits = found.spec.limits
    assert limits is not None
    assert (found.spec.checks[0].name, found.spec.operator.pause, limits.most_live) == (
        "p99",
        True,
        9,
    )
    assert json.loads(found.spec.config) == {"auto_promote": True}


BASE = json.loads(as_json(Request(given(), spec())))[0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("[", "the request is not JSON: "),
        (1, "`request` is 1; it must be a JSON object"),
        ({}, "missing field `routes`"),
        (BASE | {"more\n": 1}, r"`request` has the unknown field `more\n`"),
        (BASE | {"routes": 1}, "`routes` is 1; it must be a JSON array"),
        (BASE | {"routes": [{}]}, "`routes[0]`: missing field 'traffic_ratio'"),
        (BASE | {"deployment": 1}, "`deployment` is 1; it must be a string"),
        (BASE | {"policy": {"surge": 1}}, "`policy.surge`: unknown field `surge`"),
        (BASE | {"spec": BASE["spec"] | {"now": -1}}, "`spec.now`: invalid value: integer `-1`, expected u64"),
        (
            BASE | {"spec": BASE["spec"] | {"checks": [{"outcome": "good"}]}},
            "`spec.checks[0].outcome`: unknown variant `good`",
        ),
    ],
)
def test_what_is_none_is_told_with_its_field(wrong: Any, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011, what it says is compared
        Request.from_json(wrong)
    assert str(raised.value).startswith(message)
