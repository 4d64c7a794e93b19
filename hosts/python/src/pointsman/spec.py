"""What is wanted of a rollout, and what time it is. The words are those of `wit/strategy.wit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from pointsman.route import Route
from pointsman.wire import Config, Moment, Text, Wire


class OperatorRequest(StrEnum):
    """What an operator asked for. The host repeats it in every cycle until the rollout ends or the operator takes it
    back.
    """

    PROMOTE = "promote"
    """Promote as soon as enough is ready: approvals and delays are skipped, readiness is not."""
    ABORT = "abort"
    """Give the rollout up and keep the old revision, while the serving floor allows it."""


class CheckOutcome(StrEnum):
    """How a check stands."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


@dataclass
class Check:
    """A verdict that the host gathered elsewhere: metrics, smoke tests, approvals. A plugin reaches nothing, so it is
    told.
    """

    name: str
    """The host's name for it, for messages."""
    outcome: CheckOutcome
    """How it stands."""


@dataclass(init=False, kw_only=True)
class Spec(Wire):
    """What is wanted, and what time it is."""

    deploying_revision: Text = Text()
    """The revision being rolled out, a string or a `UUID`."""
    target_replicas: int
    """How many routes should serve when the rollout ends; 0 to 2^32 - 1."""
    started_at: Moment = Moment()
    """When this rollout started. Routes created before it that are no longer live are history, not failures."""
    now: Moment = Moment()
    """The host's clock at this cycle: the only clock there is."""
    operator_request: OperatorRequest | None
    """What an operator asked for, if anything."""
    checks: Sequence[Check]
    """The verdicts gathered so far, in any order."""
    config: Config = Config()
    """The strategy's own configuration: JSON text as the user wrote it, or a mapping, kept as text. `{}` is all
    defaults."""
    memo: str | None
    """The `memo` of the last applied plan of this rollout; None in the first cycle."""

    def __init__(
        self,
        deploying_revision: str | UUID,
        target_replicas: int,
        started_at: datetime,
        now: datetime,
        operator_request: OperatorRequest | None = None,
        checks: Sequence[Check] = (),
        config: str | Mapping[str, Any] = "{}",
        memo: str | None = None,
    ) -> None:
        """Raises `ValueError` for a naive `datetime`, or one before 1970; `TypeError` for a mapping that is not
        JSON.
        """
        self.deploying_revision = deploying_revision
        self.target_replicas = target_replicas
        self.started_at = started_at
        self.now = now
        self.operator_request = operator_request
        self.checks = checks if isinstance(checks, list | tuple) else list(checks)
        self.config = config
        self.memo = memo


class Request(NamedTuple):
    """One cycle of one deployment to decide."""

    routes: Sequence[Route]
    """All routes of the deployment, of every revision and status, in any order."""
    spec: Spec
    """What is wanted."""
