"""Helpers that the tests share."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pointsman import (
    Check,
    CheckOutcome,
    Commitment,
    HealthStatus,
    Operator,
    Request,
    Route,
    RouteEnd,
    RouteStatus,
    Spec,
    TrafficStatus,
)

ROOT = Path(__file__).parents[3]
"""The repository."""

START = datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def component(path: str) -> Path:
    """The path of a built component."""
    found = ROOT / "target" / path
    assert found.exists(), f"{found} is not there: run `make components` first"
    return found


def patched(path: str, old: str, new: str) -> bytes:
    """A component's bytes with some of them written over by others of the same length, everywhere."""
    content = component(path).read_bytes()
    assert len(old) == len(new)
    assert old.encode() in content
    return content.replace(old.encode(), new.encode())


def hostile_version(mode: str) -> bytes:
    """The version of the hostile guest that has this mode."""
    return patched("guests/hostile.wasm", f"hostile-mode:{'honest':16}", f"hostile-mode:{mode:16}")


def versioned(content: bytes, version: str) -> bytes:
    """The component with another version of its own; that of the contract stays."""
    assert len(version) == len("0.2.0")
    return re.sub(rb"(?<!@)0\.2\.0", version.encode(), content)


def numbered(content: bytes, number: int) -> bytes:
    """The component with a custom section more, and so another digest."""
    # Section 0, three bytes long: the name `n` with its length, and the number.
    return content + bytes([0, 3, 1, ord("n"), number])


@dataclass
class Folder:
    """A folder of plugins."""

    path: Path

    def write(self, name: str, content: bytes) -> Path:
        """Writes a file, in one go: it appears whole."""
        part = self.path / f"{name}.part"
        part.write_bytes(content)
        return part.rename(self.path / name)

    def copy(self, source: str, number: int) -> Path:
        """A copy of a component. Copies of other numbers have other digests."""
        return self.write(f"{number}.wasm", numbered(component(source).read_bytes(), number))


def route(
    id: str,
    revision: str,
    traffic_status: TrafficStatus = TrafficStatus.INACTIVE,
    health: HealthStatus = HealthStatus.HEALTHY,
) -> Route:
    """A running route."""
    ratio = 1.0 if traffic_status is TrafficStatus.ACTIVE else 0.0
    return Route(id, revision, RouteStatus.RUNNING, health, traffic_status, ratio, START)


def ready_routes(count: int) -> list[Route]:
    """Ready routes of v2 that are out of traffic: `r-1`, `r-2` and so on."""
    return [route(f"r-{i + 1}", "v2") for i in range(count)]


def given() -> list[Route]:
    """Three serving routes of v1, and three of v2, one of them not healthy."""
    routes = [route(f"r-{i}", "v1", TrafficStatus.ACTIVE) for i in (1, 2, 3)]
    return [*routes, route("r-4", "v2"), route("r-5", "v2"), route("r-6", "v2", health=HealthStatus.UNHEALTHY)]


def spec(config: str | dict[str, Any] = "{}", target: int = 3) -> Spec:
    """A spec for v2, one second after the start."""
    return Spec("v2", target, START, START + timedelta(seconds=1), config=config)


def misdeed(word: str) -> Spec:
    """A spec that tells the hostile guest what to do."""
    return spec({"misdeed": word})


def as_json(*requests: Request) -> str:
    """Requests for the JSON entry point, written in the plainest way."""
    return json.dumps(
        [
            {"routes": [_sent(each) for each in routes], "spec": _sent(spec)}
            | ({} if deployment is None else {"deployment": deployment})
            for routes, spec, _, deployment in requests
        ]
    )


def _sent(value: Route | Spec) -> dict[str, Any]:
    fields = {name: getattr(value, name) for name in type(value).__dataclass_fields__}
    fields |= {name: millis(moment) for name, moment in fields.items() if isinstance(moment, datetime)}
    if "config" in fields:
        fields["config"] = json.loads(fields["config"])
        fields["checks"] = [vars(check) for check in fields["checks"]]
        fields["operator"] = vars(fields["operator"])
        fields["limits"] = None if fields["limits"] is None else vars(fields["limits"])
    return fields


def millis(moment: datetime) -> int:
    """Whole milliseconds since the Unix epoch."""
    return (moment - EPOCH) // MILLISECOND


def typed(request: Any) -> Request | None:
    """A request of the corpus as objects; None where it is about something that objects cannot say."""
    try:
        fields = dict(request["spec"])
        moments = {name: EPOCH + fields.pop(name) * MILLISECOND for name in ("started_at", "now")}
        operator = Operator(**fields.pop("operator", {}))
        checks = [_check(**check) for check in fields.pop("checks", [])]
        config = json.dumps(fields.pop("config", {}))
        limits = fields.pop("limits", None)
        fields["limits"] = None if limits is None else Commitment(**limits)
        a_spec = Spec(**fields, **moments, operator=operator, checks=checks, config=config)
        return Request([_route(**each) for each in request["routes"]], a_spec)
    except (TypeError, ValueError, KeyError, OverflowError, AttributeError):
        return None


def _check(name: str, outcome: str, observed_at: int | None = None) -> Check:
    return Check(name, CheckOutcome(outcome), None if observed_at is None else EPOCH + observed_at * MILLISECOND)


def _route(
    status: str,
    health: str,
    traffic_status: str,
    traffic_ratio: float,
    created_at: int,
    status_updated_at: int | None = None,
    end: str | None = None,
    labels: dict[str, str] | None = None,
    **fields: str,
) -> Route:
    return Route(
        **fields,
        status=RouteStatus(status),
        health=HealthStatus(health),
        traffic_status=TrafficStatus(traffic_status),
        traffic_ratio=traffic_ratio + 0.0,
        created_at=EPOCH + created_at * MILLISECOND,
        status_updated_at=None if status_updated_at is None else EPOCH + status_updated_at * MILLISECOND,
        end=None if end is None else RouteEnd(end),
        labels=labels,
    )
