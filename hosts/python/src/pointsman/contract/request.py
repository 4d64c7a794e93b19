"""A request: one cycle of one deployment to decide, also read from JSON as `wit/strategy.wit` has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson

from pointsman.contract.bounds import Commitment
from pointsman.contract.policy import Policy
from pointsman.contract.refusals import Refusal, count, no_amount, number, since, unexpected, word
from pointsman.contract.route import HealthStatus, Route, RouteEnd, RouteStatus, TrafficStatus
from pointsman.contract.spec import Check, CheckOutcome, Operator, Spec
from pointsman.contract.wire import moment
from pointsman.contract.words import brief, shown

_T = TypeVar("_T")


class Request(NamedTuple):
    """One cycle of one deployment to decide."""

    routes: Sequence[Route]
    """All routes of the deployment, of every revision and status, in any order."""
    spec: Spec
    """Its spec."""
    policy: Policy | None = None
    """The policy of this deployment; None for that of the plugin's guard."""
    deployment: str | None = None
    """The host's key for the deployment, 1 to 256 bytes; a registry needs it, and no plugin sees it."""

    @staticmethod
    def from_json(given: str | bytes | Mapping[str, Any]) -> Request:
        """Reads a request as the JSON entry point takes it: text, or the mapping that was read from it.

        Raises `ValueError`, which names the field.
        """
        value = _parsed(given) if isinstance(given, str | bytes) else given
        fields = _object("request", value, {"routes", "spec", "policy", "deployment"})
        missing = sorted({"routes", "spec"} - fields.keys())
        if missing:
            raise ValueError(f"missing field `{missing[0]}`")
        routes = [_made(f"routes[{i}]", _route, each) for i, each in enumerate(_list("routes", fields["routes"]))]
        policy, deployment = fields.get("policy"), fields.get("deployment")
        if deployment is not None and not isinstance(deployment, str):
            raise ValueError(f"`deployment` is {brief(deployment)}; it must be a string")
        return Request(
            routes,
            _made("spec", _spec, fields["spec"]),
            None if policy is None else read_policy(policy),
            deployment,
        )


def _parsed(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the request is not JSON: {shown(str(error), 200)}") from None


def read_policy(given: Any) -> Policy:
    """Reads the policy of a request. Raises `ValueError`, which names the field."""
    if not isinstance(given, Mapping):
        raise Refusal("policy", unexpected(given, "a JSON object"))
    for name, value in given.items():
        if name not in _AMOUNTS:
            known = ", ".join(f"`{each}`" for each in _AMOUNTS)
            field = shown(str(name), 64)
            raise Refusal(f"policy.{field}", f"unknown field `{field}`, expected one of {known}")
        try:
            Policy(**{name: value})
        except (TypeError, ValueError):
            raise no_amount(f"policy.{name}", value) from None
    return Policy(**given)


_AMOUNTS = Policy.__match_args__


def _route(name: str, given: Any) -> Route:
    fields = _object(name, given, set(Route.__dataclass_fields__))
    enums = (
        ("status", RouteStatus), ("health", HealthStatus), ("traffic_status", TrafficStatus), ("end", RouteEnd)
    )  # fmt: skip
    for field, kind in enums:
        if field in fields and (field != "end" or fields[field] is not None):
            fields[field] = word(f"{name}.{field}", fields[field], kind)
    fields["traffic_ratio"] = number(f"{name}.traffic_ratio", fields["traffic_ratio"])
    return _with_moments(Route, name, fields, "created_at", "status_updated_at")


def _spec(name: str, given: Any) -> Spec:
    fields = _object(name, given, set(Spec.__dataclass_fields__))
    for field in ("target_replicas", "free_places", "weight_steps"):
        if field in fields and (field != "free_places" or fields[field] is not None):
            count(f"{name}.{field}", fields[field])
    if "operator" in fields:
        operator = _object("operator", fields["operator"], set(Operator.__dataclass_fields__))
        fields["operator"] = Operator(**operator)
    if "checks" in fields:
        given_checks = _list("checks", fields["checks"])
        fields["checks"] = [_check(f"{name}.checks[{i}]", each) for i, each in enumerate(given_checks)]
    if fields.get("limits") is not None:
        limits = _object("limits", fields["limits"], {"least_serving", "most_live"})
        fields["limits"] = Commitment(**{key: count(f"{name}.limits.{key}", limits[key]) for key in limits})
    return _with_moments(Spec, name, fields, "started_at", "now")


def _check(name: str, given: Any) -> Check:
    fields = _object(name, given, set(Check.__dataclass_fields__))
    fields["outcome"] = word(f"{name}.outcome", fields["outcome"], CheckOutcome)
    return _with_moments(Check, name, fields, "observed_at")


def _made(name: str, make: Callable[[str, Any], _T], given: Any) -> _T:
    """What is made of a part of the request. Raises `ValueError` that names it."""
    try:
        return make(name, given)
    except Refusal:
        raise
    except KeyError as error:
        raise ValueError(f"`{name}`: missing field {error}") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"`{name}`: {shown(str(error), 500)}") from None


def _with_moments(make: Callable[..., _T], name: str, fields: dict[str, Any], *moments: str) -> _T:
    """Makes an object of its fields, with moments to the millisecond: also those that no `datetime` can say."""
    exact = {}
    for field in moments:
        is_optional = field in ("status_updated_at", "observed_at")
        if field in fields and not (is_optional and fields[field] is None):
            exact[field] = since(f"{name}.{field}", fields[field])
            fields[field] = moment(exact[field])
    made = make(**fields)
    vars(made).update(exact)
    return made


def _object(name: str, given: Any, known: set[str]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError(f"`{name}` is {brief(given)}; it must be a JSON object")
    unknown = sorted(str(field) for field in given.keys() - known)
    if unknown:
        raise ValueError(f"`{name}` has the unknown field `{shown(unknown[0], 64)}`")
    return dict(given)


def _list(name: str, given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise ValueError(f"`{name}` is {brief(given)}; it must be a JSON array")
    return given
