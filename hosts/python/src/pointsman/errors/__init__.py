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
│       ├── PlanRejected   the guard's; .plan and .violations
│       └── CircuitOpen, PluginFailed, Unavailable    the registry's; the last two in batches only
├── SwapError              a version was not switched to; .problem says why
├── UnknownStrategy, InvalidDeployment, NoShadow            the registry's
└── WatchError             a folder is not watched
```
"""

from pointsman.errors.base import (
    HostError,
    PluginId,
    PointsmanError,
)
from pointsman.errors.call import (
    BrokenContract,
    InvalidRequests,
    Limit,
    PlanNotChecked,
    PluginError,
    PluginLimit,
    PluginNotRun,
    PluginTimeout,
    PluginTrap,
)
from pointsman.errors.evaluation import (
    EvaluationError,
    InvalidConfig,
    InvalidRequest,
    InvalidRoutes,
    InvalidSpec,
    PlanRejected,
)
from pointsman.errors.loading import (
    LoadError,
    LoadProblem,
)
from pointsman.errors.part import (
    Part,
)
from pointsman.errors.registry import (
    LONGEST_KEY,
    CircuitOpen,
    InvalidDeployment,
    NoShadow,
    PluginFailed,
    SwapError,
    SwapProblem,
    Unavailable,
    UnknownStrategy,
    WatchError,
    check_deployment,
)

__all__ = [
    "LONGEST_KEY",
    "BrokenContract",
    "CircuitOpen",
    "EvaluationError",
    "HostError",
    "InvalidConfig",
    "InvalidDeployment",
    "InvalidRequest",
    "InvalidRequests",
    "InvalidRoutes",
    "InvalidSpec",
    "Limit",
    "LoadError",
    "LoadProblem",
    "NoShadow",
    "Part",
    "PlanNotChecked",
    "PlanRejected",
    "PluginError",
    "PluginFailed",
    "PluginId",
    "PluginLimit",
    "PluginNotRun",
    "PluginTimeout",
    "PluginTrap",
    "PointsmanError",
    "SwapError",
    "SwapProblem",
    "Unavailable",
    "UnknownStrategy",
    "WatchError",
    "check_deployment",
]
