"""Strategies by name, swapped while they are in use.

A `Registry` maps a strategy's name to its current plugin. A swap does all that can fail off to the side: it reads the
file once, admits and compiles it, asks what it is, checks the configurations in use, and replays the vectors it was
given. Only then does it switch, atomically: evaluations under way end on the old version, and each result names the
plugin that gave it. Any failure keeps the old version.

A version that fails `Options.revert_after` times in a row, be it by trap, timeout, limit or a plan that the guard
rejects, is reverted to the version before it, once, and quarantined. With none to revert to, its circuit opens: the
registry answers with an error for a while that doubles each time, and tries again after it.

Each file imports only those above it:

| file | what it is for |
|---|---|
| `options.py`, `description.py`, `outcome.py` | how plugins are treated; what one may say of itself; how calls end |
| `version.py`, `status.py` | a loaded version; counts and latencies |
| `circuit.py`, `checks.py` | the failures of a version in a row; what a new version must pass |
| `slot.py` | one strategy: its versions, calls, reverting |
| `swap.py` | loading a new version, and the switch |
| `folder.py`, `events.py`, `watch.py` | loading what appears in a folder |
| `registry.py` | `Registry` |
"""

from pointsman.registry.checks import Checks, Vector
from pointsman.registry.options import Options
from pointsman.registry.outcome import Outcome
from pointsman.registry.registry import Registry
from pointsman.registry.slot import Evaluated
from pointsman.registry.status import Latency, StrategyStatus
from pointsman.registry.swap import Swap, SwapResult
from pointsman.registry.version import VersionStatus
from pointsman.registry.watch import Watch, Watching

__all__ = [
    "Checks",
    "Evaluated",
    "Latency",
    "Options",
    "Outcome",
    "Registry",
    "StrategyStatus",
    "Swap",
    "SwapResult",
    "Vector",
    "VersionStatus",
    "Watch",
    "Watching",
]
