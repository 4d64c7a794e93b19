"""The request of a cycle: a rollout's spec, and the time. The words are those of `wit/strategy.wit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pointsman.contract.bounds import Commitment
from pointsman.contract.wire import Config, Labels, Moment, OptionalMoment, OptionalText, Text, Wire


@dataclass
class Operator:
    """Requests of an operator for this rollout. Abort outweighs pause, pause promote, and promote the passed gates."""

    abort: bool = False
    """Return to the stable revision, and end."""
    pause: bool = False
    """No step forward and no end; repairs go on. Not read while `abort`."""
    promote: bool = False
    """Skip gates, delays, holds, pending and inconclusive checks; not readiness and not failed checks."""
    passed_gates: list[str] = field(default_factory=list)
    """Gates that a person passed, in any order; unknown words are ignored."""


class CheckOutcome(StrEnum):
    """State of a check."""

    PENDING = "pending"
    """No verdict yet."""
    PASSED = "passed"
    """Good."""
    FAILED = "failed"
    """Bad."""
    INCONCLUSIVE = "inconclusive"
    """Judged without enough data: waits as pending does."""


@dataclass
class Check(Wire):
    """A verdict that the host gathered elsewhere: metrics, smoke tests, analyses. A plugin reaches nothing, so it is
    told.
    """

    name: str
    """The host's name for it, unique in a call."""
    outcome: CheckOutcome
    """Its state."""
    observed_at: OptionalMoment = OptionalMoment()
    """Moment of its last sample; None where it counts always."""


@dataclass(init=False, kw_only=True)
class Spec(Wire):
    """Goal of a rollout, and the time."""

    deploying_revision: Text = Text()
    """The revision being rolled out, a string or a `UUID`."""
    target_replicas: int
    """Routes that should serve when the rollout ends; 0 to 2^32 - 1."""
    started_at: Moment = Moment()
    """Moment at which this revision was activated."""
    now: Moment = Moment()
    """The host's clock at this cycle: the only clock there is."""
    operator: Operator
    """The operator's requests."""
    checks: Sequence[Check]
    """The verdicts gathered so far, in any order."""
    config: Config = Config()
    """The strategy's own configuration: JSON text as the user wrote it, or a mapping, kept as text. `{}` is all
    defaults."""
    # What has its default is not sent: a fleet has a thousand of them.
    memo: str | None = None
    """The `memo` of the last applied plan of this rollout; None in the first cycle."""
    stable_revision: OptionalText = OptionalText()
    """The revision that carried the traffic when this rollout started, and can be created, a string or a `UUID`; None
    where there is none."""
    limits: Commitment | None = None
    """The policy at this target; None for what the guard's policy, or the request's, comes to."""
    free_places: int | None = None
    """Routes that may be placed besides, now, of the larger revision; None where unknown, as if unlimited."""
    weight_steps: int = 1
    """Steps of possible ratios: k/n for 0 <= k <= n. 1 is in or out only, 256 HAProxy's, 0 exact."""
    labels: Labels = Labels()
    """The host's facts about the deployment."""

    def __init__(
        self,
        deploying_revision: str | UUID,
        target_replicas: int,
        started_at: datetime,
        now: datetime,
        operator: Operator | None = None,
        checks: Sequence[Check] = (),
        config: str | Mapping[str, Any] = "{}",
        memo: str | None = None,
        stable_revision: str | UUID | None = None,
        limits: Commitment | None = None,
        free_places: int | None = None,
        weight_steps: int = 1,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Raises `ValueError` for a naive `datetime`, or one before 1970; `TypeError` for a mapping that is not
        JSON.
        """
        self.deploying_revision = deploying_revision
        self.target_replicas = target_replicas
        self.started_at = started_at
        self.now = now
        self.operator = operator or Operator()
        self.checks = checks if isinstance(checks, list | tuple) else list(checks)
        self.config = config
        if memo is not None:
            self.memo = memo
        if stable_revision is not None:
            self.stable_revision = stable_revision
        if limits is not None:
            self.limits = limits
        if free_places is not None:
            self.free_places = free_places
        if weight_steps != 1 or type(weight_steps) is not int:
            self.weight_steps = weight_steps
        if labels:
            self.labels = labels
