"""Requests as JSON text: policies are the host's, limits the policy's, and no request spoils another."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from pointsman import BrokenContract, IdsOnly, InvalidConfig, InvalidRequests, Plugin, Policy, Request
from pointsman.plugin.json_requests import parse, ready
from pointsman.plugin.sent import Limiting
from pointsman.plugin.strategy import Strategy
from support import as_json, given, misdeed

Writer = Callable[[Any], str]


def compact(value: Any) -> str:
    return orjson.dumps(value).decode()


def spaced(value: Any) -> str:
    return json.dumps(value)


def indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


writers = pytest.mark.parametrize("write", [compact, spaced, indented])


def a_request(word: str = "none", **spec: Any) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(as_json(Request(given(), misdeed(word))))[0]
    request["spec"] |= spec
    return request


def without(request: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in request.items() if key != name}


def answers(plugin: Plugin, *requests: Any, write: Writer = compact) -> list[dict[str, Any]]:
    given: list[dict[str, Any]] = json.loads(plugin.evaluate_cycles_json(write(list(requests))))
    assert len(given) == len(requests)
    return given


def promised(answer: dict[str, Any]) -> tuple[int, int]:
    commitment = answer["ok"]["commitment"]
    return commitment["least_serving"], commitment["most_live"]


@writers
def test_limits_are_put_in_where_there_are_none(hostile: Plugin, write: Writer) -> None:
    own, none = {"least_serving": 1, "most_live": 9}, a_request()
    none["spec"].pop("limits")
    requests = [none, a_request(limits=None), a_request(limits=own), a_request(target_replicas=8, limits=None)]
    # The fields' order means nothing.
    requests += [{"spec": dict(reversed(each["spec"].items())), "routes": each["routes"]} for each in requests]

    bounds = [promised(answer) for answer in answers(hostile, *requests, write=write)]

    assert bounds == [(2, 6), (2, 6), (1, 9), (6, 16)] * 2
    ids_only = hostile.with_guard(IdsOnly())
    assert promised(answers(ids_only, none, write=write)[0]) == (0, (1 << 32) - 1)


@writers
def test_policies_are_taken_out(hostile: Plugin, write: Writer) -> None:
    whole = {"max_unavailable": 0, "max_surge": "50%", "complete_at": 1}
    policies: list[Any] = [whole, {}, {"max_surge": 1}, {"max_unavailable": "100.00%"}]
    requests = [{"policy": policy} | a_request() for policy in policies]
    requests += [a_request() | {"policy": policy} for policy in policies]

    bounds = [promised(answer) for answer in answers(hostile, *requests, write=write)]

    assert bounds == [(3, 5), (2, 6), (2, 4), (0, 6)] * 2
    ids_only = hostile.with_guard(IdsOnly())
    assert promised(answers(ids_only, requests[0], write=write)[0]) == (0, (1 << 32) - 1)


@writers
def test_the_guard_judges_by_the_requests_own_policy(hostile: Plugin, write: Writer) -> None:
    drains, ends = a_request("drain_all"), a_request("complete_early")
    for route in ends["routes"]:
        route["revision"] = "v2"
    ends["routes"] = ends["routes"][:1]
    all_may_go, one_is_enough = {"max_unavailable": "100%"}, {"complete_at": 1}
    requests = [drains, drains | {"policy": all_may_go}, ends, ends | {"policy": one_is_enough}]

    given = answers(hostile, *requests, write=write)

    codes = [[each["code"] for each in answer.get("error", {}).get("violations", [])] for answer in given]
    assert codes == [["capacity-lowered", "drained-while-short"], [], ["completed-early"], []]


@writers
@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (1, "`policy`: invalid type: integer `1`, expected a JSON object"),
        (None, "`policy`: invalid type: null, expected a JSON object"),
        (["25%"], "`policy`: invalid type: sequence, expected a JSON object"),
        ({"surge": 1}, "`policy.surge`: unknown field `surge`, expected one of `max_unavailable`, `max_surge`, `comp"),
        ({"max_surge": "many"}, '`policy.max_surge`: invalid value: string "many", expected a number of routes'),
        ({"max_surge": "3"}, '`policy.max_surge`: invalid value: string "3", expected a number of routes'),
        ({"max_surge": 1.0}, "`policy.max_surge`: invalid type: floating point `1.0`, expected a number of routes"),
        ({"max_unavailable": None}, "`policy.max_unavailable`: invalid type: null, expected a number of routes"),
        ({"complete_at": True}, "`policy.complete_at`: invalid type: boolean `true`, expected a number of routes"),
    ],
)
def test_a_policy_that_is_none_is_one_invalid_request(
    hostile: Plugin, write: Writer, policy: Any, message: str
) -> None:
    requests = [a_request(), a_request() | {"policy": policy}, a_request()]

    first, refused, last = answers(hostile, *requests, write=write)

    assert promised(first) == promised(last) == (2, 6)
    assert refused["error"]["code"] == "invalid_request"
    assert refused["error"]["message"].startswith(message)
    assert "violations" not in refused["error"]


NO_REQUESTS: list[Any] = [
    1,
    None,
    "policy",
    [],
    {},
    {"routes": []},
    {"spec": {}},
    {"routes": [], "spec": 1},
    {"routes": 1, "spec": {}},
    {"routes": [], "spec": {"target_replicas": 3}},
    a_request() | {"more": 1},
    a_request(target_replicas=-1),
    a_request(target_replicas=1 << 32),
    a_request(target_replicas=3.0),
    a_request(target_replicas=None),
    a_request(now=1.5),
    a_request(limits=3),
    a_request(more=1),
    without(a_request(), "routes") | {"policy": {}},
]


@writers
def test_the_plugin_says_what_is_no_request(hostile: Plugin, write: Writer) -> None:
    requests = [each for wrong in NO_REQUESTS for each in (wrong, a_request())]

    given = answers(hostile, *requests, write=write)

    assert [answer.get("error", {}).get("code") for answer in given[::2]] == ["invalid_request"] * len(NO_REQUESTS)
    assert {promised(answer) for answer in given[1::2]} == {(2, 6)}


DEEP = "[" * 100_000 + "]" * 100_000
LESS_DEEP = "[" * 1000 + "]" * 1000
"""Deeper than `orjson` writes, and not than it reads."""


@pytest.mark.parametrize(
    "bad",
    [
        '"\\ud800"',
        DEEP,
        f'{{"routes":[],"spec":{{"config":{{"a":{DEEP}}}}}}}',
        LESS_DEEP,
        f" {LESS_DEEP}",
        compact(a_request() | {"more": 1}).replace('"more":1', f'"more":{LESS_DEEP}'),
        compact(a_request()).replace('"v1"', '"\\ud800"', 1),
        compact(a_request()).replace('"routes"', '"routes":[],"routes"', 1),
        compact(a_request()).replace('"spec"', '"spec":{},"spec"', 1),
        compact(a_request() | {"policy": {}}).replace('"policy"', '"policy":{},"policy"', 1),
        compact(a_request(limits=None)).replace('"limits":', '"limits":null,"limits":', 1),
        f'{compact(a_request())[:-1]},"policy":{LESS_DEEP}}}',
        f'{compact(a_request())[:-1]},"policy":{{"max_surge":{"9" * 5000}}}}}',
        compact(a_request()).replace('"v1"', '"\udc80"', 1),
        compact(a_request()).replace('"target_replicas":3', f'"target_replicas":{"9" * 5000}', 1),
    ],
)
def test_what_this_host_cannot_read_spoils_no_other_request(hostile: Plugin, bad: str) -> None:
    good = compact(a_request())

    text = hostile.evaluate_cycles_json(f"[{good},{bad},{good}]")

    first, refused, last = json.loads(text)
    assert promised(first) == promised(last) == (2, 6)
    assert refused["error"]["code"] == "invalid_request"


def test_a_config_that_cannot_be_written_is_invalid(hostile: Plugin) -> None:
    for config in ('{"a": "\ud800"}', DEEP, LESS_DEEP, f'{{"a": {"9" * 5000}}}'):
        with pytest.raises(InvalidConfig):
            hostile.check_config(config, 3)
    deep: list[Any] = []
    for _ in range(2000):
        deep = [deep]
    for value in ("\ud800", 10**5000, deep):
        with pytest.raises(TypeError, match="neither JSON text nor a mapping"):
            hostile.check_config({"a": value}, 3)


@pytest.mark.parametrize("text", ["[1:2]", "[1}", "[{]}]", "[1,]", "[1 2]", "[nan]", "{}", "1", f"[{DEEP}", "[\x0b1]"])
def test_what_is_no_array_is_not_made_one(hostile: Plugin, text: str) -> None:
    with pytest.raises(InvalidRequests):
        hostile.evaluate_cycles_json(text)


@pytest.mark.parametrize("bad", ['"\\ud800"', "1", compact(a_request(now=1.5)), compact(a_request() | {"more": 1})])
def test_a_plan_for_what_is_no_request_breaks_the_contract(
    hostile: Plugin, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    good = compact(a_request("drain_all"))
    plan = hostile.with_guard(IdsOnly()).evaluate_cycles_json(f"[{good}]")
    monkeypatch.setattr(Strategy, "ask", lambda *_, **__: [plan])

    with pytest.raises(BrokenContract, match="it has a plan for what is no request"):
        hostile.evaluate_cycles_json(f"[{bad}]")


@pytest.mark.parametrize("write", [compact, spaced])
def test_what_programs_write_is_not_taken_apart(
    hostile: Plugin, monkeypatch: pytest.MonkeyPatch, write: Writer
) -> None:
    monkeypatch.setattr("pointsman.plugin.json_requests.elements", None)

    assert [promised(answer) for answer in answers(hostile, a_request(), a_request(), write=write)] == [(2, 6)] * 2


def test_what_is_plain_is_sent_as_it_is_but_for_limits_and_policy() -> None:
    plain = compact([a_request(limits={"least_serving": 0, "most_live": 1}), 1, "a", [0.1, 1e300, -0.0, 5e-324]])
    prepared = ready(parse(plain, plain.encode()), Limiting(Policy()))
    assert prepared.text.decode() == plain
    assert (prepared.is_json, prepared.refused) == (True, {})

    text = compact([without(a_request(), "limits")])
    for most_surge, most_live in ((None, 6), (1, 4)):
        policy = {} if most_surge is None else {"max_surge": most_surge}
        one = f'{text[1:-2]},"policy":{compact(policy)}}}'
        prepared = ready(parse(f"[{one}]", f"[{one}]".encode()), Limiting(Policy()))
        assert json.loads(prepared.text) == [a_request(limits={"least_serving": 2, "most_live": most_live})]
        (sent,) = prepared.requests
        assert sent is not None
        assert (sent.size, sent.now) == (6, a_request()["spec"]["now"])
        assert sent.policy == Policy(**policy)
