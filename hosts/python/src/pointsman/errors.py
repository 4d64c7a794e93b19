"""The errors: one tree, `PointsmanError` at its root.

```text
PointsmanError
├── HostError              there is no host
├── LoadError              a file is not a plugin; .problem says why
├── PluginError            a call has no plan; .plugin says whose
│   ├── PluginTrap         a bug in the plugin
│   ├── PluginTimeout      it ran for too long
│   ├── PluginLimit        too much memory, too large a response, too many instances; .limit says which
│   ├── BrokenContract     it returned what the contract does not allow
│   ├── PlanNotChecked     the guard failed, so the plan is not returned
│   ├── PluginNotRun       the runtime could not do its part
│   ├── InvalidRequests    the batch is no JSON array
│   └── EvaluationError    this request has no plan; in a batch it stands in the plan's place
│       ├── InvalidConfig, InvalidSpec, InvalidRoutes, InvalidRequest    the plugin's own words
│       └── PlanRejected   the guard's; .plan and .violations
├── SwapError              a version was not switched to; .problem says why
├── UnknownStrategy, BackingOff                             the registry's
└── WatchError             a folder is not watched
```
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pointsman.guard import Violation
    from pointsman.plan import RouteChanges
    from pointsman.structure import Part

_SHOWN_DIGITS = 12
"""How many of a digest's hex digits a message shows."""


@dataclass(frozen=True)
class PluginId:
    """Which plugin: the name it was loaded under and the digest of its bytes."""

    name: str
    """The name of its file."""
    digest: str
    """`sha256:` and 64 hex digits."""

    def __str__(self) -> str:
        """The name, and as much of the digest as tells versions apart."""
        return f"`{self.name}` ({self.digest[: len('sha256:') + _SHOWN_DIGITS]}…)"


class PointsmanError(Exception):
    """Any error of this package but `ValueError` and `TypeError` for arguments that cannot be."""


class HostError(PointsmanError):
    """There is no host: limits that cannot be, a cache folder that cannot be used, no guard, or a process that was
    forked from the host's.
    """


# === loading ===


class LoadProblem(StrEnum):
    """Why a file is not a plugin."""

    READ = "read"
    """It cannot be read; the cause is an `OSError`."""
    TOO_LARGE = "too-large"
    """It is larger than `Limits.component`."""
    NOT_WASM = "not-wasm"
    """It does not begin as WebAssembly does."""
    CORE_MODULE = "core-module"
    """It is a core module, not a component."""
    TOO_COMPLEX = "too-complex"
    """It has more of a part than toolchains make, which is enough to crash a runtime; `.part` says of which."""
    MALFORMED = "malformed"
    """It is damaged, or uses what this host does not allow."""
    IMPORTS = "imports"
    """It wants something from the host. A strategy gets nothing."""
    NOT_A_STRATEGY = "not-a-strategy"
    """It does not export the contract at all."""
    UNSUPPORTED_CONTRACT = "unsupported-contract"
    """It exports the contract in versions that this host does not know."""
    MISSING_EXPORT = "missing-export"
    """It exports only a part of the contract."""
    SEVERAL_MODULES = "several-modules"
    """It does not consist of exactly one core module."""
    WRONG_TYPE = "wrong-type"
    """It exports a function of another type than the contract's."""
    MEMORY = "memory"
    """It starts with more memory than it may have."""
    START = "start"
    """It cannot be started; the cause is a `PluginError`."""


class LoadError(PointsmanError):
    """Why a file is not a plugin."""

    def __init__(self, problem: LoadProblem, message: str, part: Part | None = None) -> None:
        super().__init__(message)
        self.problem = problem
        """The kind of problem."""
        self.part = part
        """What there is too much of; None where that is not the problem."""


# === calls ===


class PluginError(PointsmanError):
    """Why a call into a plugin has no plan. The instance is thrown away; plugin and host go on."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        super().__init__(message)
        self.plugin = plugin
        """The plugin."""


class PluginTrap(PluginError):
    """It trapped: a bug in the plugin."""

    def __init__(self, plugin: PluginId, trap: str) -> None:
        super().__init__(plugin, f"plugin {plugin} trapped: {trap}")
        self.trap = trap
        """The kind of trap, in kebab-case: `unreachable`, `memory-out-of-bounds`, `stack-overflow`. The cause has the
        stack."""


class PluginTimeout(PluginError):
    """It ran for too long."""

    def __init__(self, plugin: PluginId, limit: timedelta) -> None:
        super().__init__(plugin, f"plugin {plugin} ran for longer than {seconds(limit)}")
        self.limit = limit
        """`Limits.time`."""


class Limit(StrEnum):
    """Which limit a call came to."""

    MEMORY = "memory"
    """It wanted more than `Limits.memory`."""
    RESPONSE = "response"
    """It returned more than `Limits.response`."""
    INSTANCES = "instances"
    """`Limits.instances` are in use. Not the plugin's fault: try again, or raise the limit."""


class PluginLimit(PluginError):
    """It came to a limit."""

    def __init__(self, plugin: PluginId, limit: Limit, most: int) -> None:
        what = {
            Limit.MEMORY: f"wanted more than {most} bytes of memory",
            Limit.RESPONSE: f"returned more than {most} bytes",
            Limit.INSTANCES: f"was not called: {most} instances are in use already",
        }
        super().__init__(plugin, f"plugin {plugin} {what[limit]}")
        self.limit = limit
        """Which limit."""
        self.most = most
        """What it is set to."""


class BrokenContract(PluginError):
    """It returned what the contract or the component ABI does not allow, so nothing of it is to be trusted."""

    def __init__(self, plugin: PluginId, problem: str) -> None:
        super().__init__(plugin, f"plugin {plugin} broke the contract: {problem}")


class PlanNotChecked(PluginError):
    """The guard could not check its plan, which is therefore not returned. The cause is the guard's error."""

    def __init__(self, plugin: PluginId, problem: str) -> None:
        super().__init__(plugin, f"plugin {plugin} gave a plan that could not be checked: {problem}")


class PluginNotRun(PluginError):
    """The runtime could not do its part: most often the system has no memory left. Not the plugin's fault."""

    def __init__(self, plugin: PluginId, problem: str) -> None:
        super().__init__(plugin, f"plugin {plugin} could not be run: {problem}")


class InvalidRequests(PluginError):
    """The text for the JSON door is no JSON array. One bad request in an array is no error of the whole."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        super().__init__(plugin, f"plugin {plugin}: {message}")
        self.message = message
        """What is wrong with it."""


class EvaluationError(PluginError):
    """Why one request has no plan. Nothing must be applied."""

    def __init__(self, plugin: PluginId, what: str, message: str) -> None:
        super().__init__(plugin, f"plugin {plugin}: {what}: {message}")
        self.message = message
        """One sentence, naming the field or the route."""


class InvalidConfig(EvaluationError):
    """The plugin says that the configuration is not what it takes; the text names the key."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        super().__init__(plugin, "invalid config", message)


class InvalidSpec(EvaluationError):
    """The plugin says that another field of the spec cannot be right; the text names it."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        super().__init__(plugin, "invalid spec", message)


class InvalidRoutes(EvaluationError):
    """The plugin says that the routes cannot be right; the text names the route."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        super().__init__(plugin, "invalid routes", message)


class InvalidRequest(EvaluationError):
    """The plugin says that this is no request; the text names the field: a target of -1, a status that is no status."""

    def __init__(self, plugin: PluginId, message: str) -> None:
        super().__init__(plugin, "invalid request", message)


class PlanRejected(EvaluationError):
    """The guard rejected the plan. Nothing of it may be applied."""

    def __init__(self, plugin: PluginId, plan: RouteChanges, violations: Sequence[Violation]) -> None:
        super().__init__(plugin, "plan rejected", "; ".join(map(str, violations)))
        self.plan = plan
        """The plan, for people to look at."""
        self.violations = tuple(violations)
        """All that is wrong with it."""


# === registry ===


class SwapProblem(StrEnum):
    """Why a version was not switched to."""

    LOAD = "load"
    """The file is no plugin; the cause is a `LoadError`."""
    DESCRIBE = "describe"
    """The plugin does not say what it is; the cause is a `PluginError`."""
    DESCRIPTION = "description"
    """What it says it is cannot be."""
    NAME = "name"
    """It says that it is another strategy."""
    CONFIG = "config"
    """It does not take a configuration that is in use; the cause is a `PluginError`."""
    VECTOR_FAILED = "vector-failed"
    """It does not answer at all where the answer is known; the cause is a `PluginError`."""
    VECTOR = "vector"
    """It answers otherwise than is known."""


class SwapError(PointsmanError):
    """Why a version was not switched to. The one before goes on."""

    def __init__(self, problem: SwapProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem
        """The kind of problem."""


class UnknownStrategy(PointsmanError, LookupError):
    """No plugin of this name was loaded."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no strategy `{name}`; there is {', '.join(known) or 'none'}")
        self.name = name
        """The name asked for."""
        self.known = tuple(known)
        """The names there are."""


class BackingOff(PointsmanError):
    """The plugin fails, and there is no version to go back to."""

    def __init__(self, plugin: PluginId, failures: int, remaining: timedelta) -> None:
        super().__init__(f"plugin {plugin} failed {failures} times in a row; it is tried again in {seconds(remaining)}")
        self.plugin = plugin
        """The plugin."""
        self.failures = failures
        """How often it failed, last time included."""
        self.remaining = remaining
        """For how long calls will still be answered with this."""


class WatchError(PointsmanError):
    """A folder is not watched; the cause is an `OSError`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"folder `{folder}` cannot be read")
        self.folder = folder
        """The folder."""


def seconds(length: timedelta) -> str:
    """`1s`, `500ms`."""
    whole = length.total_seconds()
    return f"{whole:g}s" if whole >= 1 else f"{whole * 1000:g}ms"
