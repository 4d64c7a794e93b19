"""Requests kept for the guard are those that the plugin was sent."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from pointsman import BrokenContract, Commitment, IdsOnly, InvalidRequests, Plugin, Policy, Request, Route, Spec
from pointsman.contract.policy import Guard
from pointsman.plugin.sent import Fleet
from pointsman.runtime.call import Call
from support import START, given, misdeed, ready_routes, route, spec

STRANGE = ["]", '],"spec":{}}', '"', "\\", "[[", "\u00fc]", "\n", '{"routes":[', "null,"]


def a_fleet() -> list[Request]:
    """Requests of every kind, over several batches."""
    limited, steps = spec('{"a": [[], {"spec": {"b": []}}]}'), spec("not JSON ]")
    limited.limits = Commitment(1, 2)
    labelled = [route(id, id) for id in STRANGE]
    for each in labelled:
        each.labels[each.id] = each.id
    requests = [
        Request([], spec()),
        Request(labelled, limited),
        Request(tuple(given()), steps, Policy(max_surge=1)),
        Request([], Spec("\ud800", 3, START, START)),
        Request([route("\ud800", "v1")], spec()),
        Request(given(), spec(target=-1)),
    ]
    return [each for _ in range(3) for each in (*requests, Request(ready_routes(3000), spec()), *requests)]


@pytest.mark.parametrize("guard", [Policy(), IdsOnly()])
def test_each_request_is_found_in_its_batch(monkeypatch: pytest.MonkeyPatch, guard: Guard) -> None:
    requests = a_fleet()
    fleet = Fleet(requests, guard)
    sent: list[Any] = []
    for text in fleet.texts:
        sent += json.loads(text)
    # Nothing is read to find it.
    monkeypatch.setattr("pointsman.plugin.sent.orjson", None)

    assert len(fleet.batches) > 3
    assert [fleet.batches[0][0], fleet.batches[-1][1]] == [0, len(requests)]
    unwritable = [i for i, each in enumerate(sent) if each is None]
    assert unwritable == sorted(fleet.refused)
    assert len(unwritable) == 12
    for i, (routes, a_spec, policy, _) in enumerate(requests):
        if i in unwritable:
            assert fleet.now(i) is None
            continue
        found = fleet.sent(i)
        assert json.loads(found.routes) == sent[i]["routes"]
        assert json.loads(found.spec) == sent[i]["spec"]
        assert (found.size, found.policy) == (len(routes), policy)
        assert found.now == fleet.now(i) == vars(a_spec)["now"]
        assert b'{"routes":%b,"spec":%b}' % (found.routes, found.spec) in b"".join(fleet.texts)


def test_labels_that_look_like_the_end_of_a_request(hostile: Plugin) -> None:
    """Nobody's types let a label be this, but nobody else's plan may suffer from it."""
    bad = misdeed("none")
    limits = b',"limits":{"least_serving":2,"most_live":6}}'
    end: Any = orjson.loads(orjson.dumps(bad)[:-1] + limits)
    labelled: list[Route] = given()
    vars(labelled[0])["labels"] = {"a": {"x": [], "spec": end}, "b": "c"}
    drains = Request(given(), misdeed("drain_all"))

    first, *others = hostile.evaluate_cycles([Request(labelled, bad), drains, Request(labelled, bad), drains])

    assert "labels" in str(first)
    for i in (0, 2):
        assert "capacity-lowered" in str(others[i])
    fleet = Fleet([Request(labelled, bad), drains], Policy())
    assert json.loads(fleet.sent(1).routes) == json.loads(orjson.dumps(given()))


def test_who_is_to_blame_where_nothing_is_answered(hostile: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Call, "text", lambda *_: (False, "no reason"))

    with pytest.raises(BrokenContract, match="it answers no request of an array: no reason"):
        hostile.evaluate_cycles([(given(), spec())])
    for text in ("[]", "[1]", " [ ] "):
        with pytest.raises(BrokenContract, match="it answers no request of an array: no reason"):
            hostile.evaluate_cycles_json(text)
    for text in ("{}", "[1", ""):
        with pytest.raises(InvalidRequests, match="no reason"):
            hostile.evaluate_cycles_json(text)
