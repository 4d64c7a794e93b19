"""Values that cannot be are refused with the same sentence through every entry point: that of the contract's reader."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from pointsman import Host, InvalidRequest, InvalidRoutes, Plugin, Request, Route, RouteChanges, Spec
from pointsman.contract.request import read_policy
from pointsman.runtime.instances import Purpose
from registries import registry_with_hostile
from support import Folder, as_json, given, misdeed, spec

BASE = as_json(Request(given(), spec()))[1:-1]


def with_text(path: tuple[str | int, ...], text: str) -> str:
    """A request with the text of a value in a place."""
    request: Any = json.loads(BASE)
    at = request
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = "the value"
    return json.dumps(request).replace('"the value"', text)


WHOLE = ["-1", "1.5", "3.0", "-0.0", "1e-7", "1e16", "true", '"3"', "[1]", '{"a": 1}', "18446744073709551616"]
WHOLE += ["-9223372036854775808", "-9223372036854775809", '"a\\n\\u009b\\"b"']
COUNTS = [*WHOLE, "4294967296", "18446744073709551615"]
READ: list[tuple[tuple[str | int, ...], list[str]]] = [
    (("spec", "target_replicas"), [*COUNTS, "null"]),
    (("spec", "free_places"), COUNTS),
    (("spec", "weight_steps"), [*COUNTS, "null", "1.0"]),
    (("spec", "limits"), ['{"least_serving": -1, "most_live": 1}', '{"least_serving": 1, "most_live": 4294967296}']),
    (("spec", "started_at"), [*WHOLE, "null"]),
    (("spec", "now"), [*WHOLE, "null"]),
    (("routes", 3, "created_at"), [*WHOLE, "null"]),
    (("routes", 3, "status_updated_at"), WHOLE),
    (("routes", 3, "traffic_ratio"), ["null", "true", '"1"', "[]"]),
    (("routes", 3, "status"), ['"up"', "1", "null"]),
    (("routes", 3, "health"), ['"fine"']),
    (("routes", 3, "traffic_status"), ['"on"']),
    (("routes", 3, "end"), ['"gone"', "0"]),
    (("spec", "checks"), ['[{"name": "a", "outcome": "good"}]']),
    (("spec", "checks"), ['[{"name": "a", "outcome": "passed", "observed_at": -1}]']),
]
CASES = [(path, text) for path, texts in READ for text in texts]
cases = pytest.mark.parametrize(("path", "text"), CASES)


def answered(plugin: Plugin, request: str) -> str:
    """What the contract's reader, in a plugin, says of a request."""
    (answer,) = json.loads(plugin.evaluate_cycles_json(f"[{request}]"))
    assert answer["error"]["code"] == "invalid_request"
    return str(answer["error"]["message"])


@cases
def test_a_request_that_is_read_is_refused_as_its_text(hostile: Plugin, path: tuple[str | int, ...], text: str) -> None:
    request = with_text(path, text)
    with pytest.raises(ValueError) as raised:  # noqa: PT011, what it says is compared
        Request.from_json(request)
    assert str(raised.value) == answered(hostile, request)


@pytest.mark.parametrize("field", ["target_replicas", "free_places", "weight_steps"])
@pytest.mark.parametrize("value", [-1, 1 << 32, 1 << 64, -(1 << 63) - 1, 1.0, 1.5, True, "3"])
def test_a_spec_is_refused_as_its_text(hostile: Plugin, field: str, value: Any) -> None:
    counts: dict[str, Any] = {"target_replicas": 3} | {field: value}
    a_spec = Spec("v2", started_at=spec().started_at, now=spec().now, config={"misdeed": "none"}, **counts)
    with pytest.raises(InvalidRequest) as raised:
        hostile.evaluate_cycle(given(), a_spec)
    assert raised.value.message == answered(hostile, with_text(("spec", field), json.dumps(value)))


def test_a_number_of_too_many_digits_is_refused(hostile: Plugin) -> None:
    for value in (10**400, -(10**5000)):
        a_spec = misdeed("none")
        a_spec.target_replicas = value
        with pytest.raises(InvalidRequest) as raised:
            hostile.evaluate_cycle(given(), a_spec)
        assert raised.value.message == "`spec.target_replicas`: number out of range"
    # Whoever reads text says where in the text, too.
    words = answered(hostile, with_text(("spec", "target_replicas"), "1" + "0" * 400))
    assert words.startswith("`spec.target_replicas`: number out of range")


def routes_with(ratio: Any) -> list[Route]:
    routes = given()
    routes[3].traffic_ratio = ratio
    return routes


RATIOS = [
    (math.nan, "NaN"),
    (-math.nan, "NaN"),
    (math.inf, "inf"),
    (-math.inf, "-inf"),
    (1 << 64, "1.8446744073709552e+19"),
    (10**400, "inf"),
    (1.1, "1.1"),
    (-1e-7, "-1e-7"),
    (1e300, "1e+300"),
    (2, "2.0"),
]


@pytest.mark.parametrize(("ratio", "shown"), RATIOS)
def test_a_ratio_is_none(hostile: Plugin, host: Host, folder: Folder, ratio: Any, shown: str) -> None:
    message = f"route `r-4`: traffic ratio {shown} is not in 0.0 to 1.0"
    good = Request(given(), misdeed("none"), None, "b")
    wrong = Request(routes_with(ratio), misdeed("none"), None, "a")

    with pytest.raises(InvalidRoutes) as raised:
        hostile.evaluate_cycle(wrong.routes, wrong.spec)
    assert raised.value.message == message
    registry = registry_with_hostile(host, folder)
    fleets = [
        hostile.evaluate_cycles([good, wrong, good]),
        registry.evaluate_cycles("hostile", [good, wrong, good]).value,
    ]
    for decisions in fleets:
        first, refused, last = decisions
        assert isinstance(refused, InvalidRoutes)
        assert refused.message == message
        assert isinstance(first, RouteChanges)
        assert isinstance(last, RouteChanges)


def test_of_several_ratios_the_first_by_id_is_named(hostile: Plugin) -> None:
    routes = list(reversed(given()))
    for route in routes[:4]:
        route.traffic_ratio = math.nan
    with pytest.raises(InvalidRoutes, match="route `r-3`: traffic ratio NaN"):
        hostile.evaluate_cycle(routes, misdeed("none"))


def test_the_last_moment_of_all_is_read_to_the_millisecond(hostile: Plugin) -> None:
    request = Request.from_json(with_text(("spec", "now"), str((1 << 64) - 1)))
    assert vars(request.spec)["now"] == (1 << 64) - 1
    assert request.spec.now.year == 9999


POLICIES: list[Any] = [
    # Not of lists and objects, of which that reader names a place within.
    *({"max_surge": json.loads(text)} for text in [*COUNTS, "null"] if text[0] not in "[{"),
    {"max_surge": "many"},
    {"max_surge": "4294967.296%"},
    {"max_surge": "1.2345%"},
    {"max_unavailable": -1},
    {"complete_at": 1 << 32},
    {"surge": 1},
    1,
    None,
    "25%",
    ["25%"],
    True,
]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_is_refused_as_the_guard_refuses_it(host: Host, hostile: Plugin, policy: Any) -> None:
    text = json.dumps({"policy": policy, "target_replicas": 3})
    resolve = f"pointsman:guard/guard-json@{hostile._checker._loaded.version}#resolve"
    is_ok, said = hostile._checker._loaded.run(Purpose.CALL, lambda call: call.text(resolve, text.encode()))
    assert not is_ok

    with pytest.raises(ValueError) as raised:  # noqa: PT011, what it says is compared
        read_policy(policy)
    assert str(raised.value) == said
    request = json.loads(BASE) | {"policy": policy}
    assert answered(hostile, json.dumps(request)) == said
