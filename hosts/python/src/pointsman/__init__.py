"""Loads Pointsman strategy components and evaluates them: sandboxed, limited, and never trusted.

```python
from pointsman import BLUE_GREEN, Host

host = Host()
plugin = host.load(BLUE_GREEN)
plugin.check_config('{"auto_promote": true}', 3)

plan = plugin.evaluate_cycle(routes, spec)
print(plan.reason.code, plan.reason.message)
```
"""

from pointsman.components import BLUE_GREEN, GUARD, ROLLING_UPDATE
from pointsman.contract.bounds import Commitment
from pointsman.contract.plan import (
    Description,
    Progress,
    Reason,
    RolloutSpec,
    RouteChanges,
    SubStep,
    TrafficChange,
    UnknownRoute,
)
from pointsman.contract.policy import Amount, Guard, IdsOnly, Policy, parse_amount
from pointsman.contract.request import Request
from pointsman.contract.route import HealthStatus, Route, RouteEnd, RouteStatus, TrafficStatus
from pointsman.contract.spec import Check, CheckOutcome, Operator, Spec
from pointsman.contract.violation import Violation
from pointsman.errors import (
    BrokenContract,
    CircuitOpen,
    EvaluationError,
    HostError,
    InvalidConfig,
    InvalidDeployment,
    InvalidRequest,
    InvalidRequests,
    InvalidRoutes,
    InvalidSpec,
    Limit,
    LoadError,
    LoadProblem,
    NoShadow,
    Part,
    PlanNotChecked,
    PlanRejected,
    PluginError,
    PluginFailed,
    PluginId,
    PluginLimit,
    PluginNotRun,
    PluginTimeout,
    PluginTrap,
    PointsmanError,
    SwapError,
    SwapProblem,
    Unavailable,
    UnknownStrategy,
    WatchError,
)
from pointsman.guard.plugin import Plugin
from pointsman.host import Host
from pointsman.plugin.answers import Decision
from pointsman.plugin.contracts import SUPPORTED_CONTRACTS
from pointsman.registry import (
    Checks,
    Circuits,
    Comparison,
    Difference,
    Evaluated,
    EvaluatedBatch,
    FieldDifference,
    Latency,
    OpenCircuit,
    Options,
    Outcome,
    Registry,
    Shadow,
    ShadowStatus,
    StrategyStatus,
    Swap,
    SwapResult,
    Trial,
    Vector,
    VersionStatus,
    Watch,
    Watching,
)
from pointsman.runtime.file import ComponentFile
from pointsman.runtime.limits import Limits

__version__ = "0.2.0"

__all__ = [
    "BLUE_GREEN",
    "GUARD",
    "ROLLING_UPDATE",
    "SUPPORTED_CONTRACTS",
    "Amount",
    "BrokenContract",
    "Check",
    "CheckOutcome",
    "Checks",
    "CircuitOpen",
    "Circuits",
    "Commitment",
    "Comparison",
    "ComponentFile",
    "Decision",
    "Description",
    "Difference",
    "Evaluated",
    "EvaluatedBatch",
    "EvaluationError",
    "FieldDifference",
    "Guard",
    "HealthStatus",
    "Host",
    "HostError",
    "IdsOnly",
    "InvalidConfig",
    "InvalidDeployment",
    "InvalidRequest",
    "InvalidRequests",
    "InvalidRoutes",
    "InvalidSpec",
    "Latency",
    "Limit",
    "Limits",
    "LoadError",
    "LoadProblem",
    "NoShadow",
    "OpenCircuit",
    "Operator",
    "Options",
    "Outcome",
    "Part",
    "PlanNotChecked",
    "PlanRejected",
    "Plugin",
    "PluginError",
    "PluginFailed",
    "PluginId",
    "PluginLimit",
    "PluginNotRun",
    "PluginTimeout",
    "PluginTrap",
    "PointsmanError",
    "Policy",
    "Progress",
    "Reason",
    "Registry",
    "Request",
    "RolloutSpec",
    "Route",
    "RouteChanges",
    "RouteEnd",
    "RouteStatus",
    "Shadow",
    "ShadowStatus",
    "Spec",
    "StrategyStatus",
    "SubStep",
    "Swap",
    "SwapError",
    "SwapProblem",
    "SwapResult",
    "TrafficChange",
    "TrafficStatus",
    "Trial",
    "Unavailable",
    "UnknownRoute",
    "UnknownStrategy",
    "Vector",
    "VersionStatus",
    "Violation",
    "Watch",
    "WatchError",
    "Watching",
    "parse_amount",
]
