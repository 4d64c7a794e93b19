"""Strategies by name, swapped while they are in use.

A `Registry` maps a strategy's name to its current plugin. A swap does all that can fail off to the side: it reads the
file once, admits and compiles it, asks what it is, checks the configurations in use, and replays the vectors it was
given. Only then does it switch, atomically: evaluations under way end on the old version, and each result names the
plugin that gave it. Any failure keeps the old version.

Each call is for a deployment, and one deployment's input never changes what another gets; who is to blame for a
failure, `blame/` finds out. A version that fails `Options.revert_after` deployments where the one before it does not is
reverted to that, and quarantined.

Before that, a version can be tried in the shadow of the current one: both decide, the current one's answer counts, and
what the other decides differently is kept.

Each file imports only those above it:

| file | what it is for |
|---|---|
| `options.py`, `description.py`, `outcome.py` | how plugins are treated; what one may say of itself; how calls end |
| `version.py`, `seen.py`, `proof.py` | a loaded version; the first few deployments; proof that a version is good |
| `quarantine.py`, `state.py` | versions that were reverted; a folder that keeps them, and the last good ones |
| `blame/` | who is to blame for a failure: pure, replayed from a table |
| `trial.py`, `differences.py` | terms and state of a trial; in what two decisions differ |
| `counts.py`, `status.py`, `checks.py` | counts and latencies; what operators see; what a new version must pass |
| `precedence.py`, `rivals.py` | which version is the newest; several files of one strategy |
| `halves.py`, `timed.py`, `fingerprint.py` | batches that fail; the time of a batch; inputs |
| `backlog.py` | work in the background, one after the other |
| `record.py`, `tried.py` | the record of a trial; what waits for the version that is tried |
| `versions.py`, `slot.py` | the versions of a strategy; one strategy: switching, reverting |
| `questions.py` | asking whose fault a failure is, in the background |
| `calls.py`, `sources.py`, `batch.py` | a call for one deployment; requests of a batch; calls for many |
| `slots.py`, `admission.py`, `swap.py` | the strategies by name; admission of a file; results of swaps |
| `shadow.py` | trying a version beside the current one |
| `change.py`, `loading.py` | changing a version; loading several files |
| `watching.py`, `files.py`, `events.py` | options of a watch; the files of a folder; what the system tells of it |
| `folder.py`, `watch.py` | loading what appears in a folder |
| `registry.py` | `Registry` |
"""

from pointsman.registry.batch import EvaluatedBatch
from pointsman.registry.calls import Evaluated
from pointsman.registry.checks import Checks, Vector
from pointsman.registry.counts import Latency
from pointsman.registry.differences import Difference, FieldDifference
from pointsman.registry.options import Options
from pointsman.registry.outcome import Outcome
from pointsman.registry.record import Shadow
from pointsman.registry.registry import Registry
from pointsman.registry.status import Circuits, OpenCircuit, ShadowStatus, StrategyStatus
from pointsman.registry.swap import Swap, SwapResult
from pointsman.registry.trial import Comparison, Trial
from pointsman.registry.version import VersionStatus
from pointsman.registry.watch import Watch
from pointsman.registry.watching import Watching

__all__ = [
    "Checks",
    "Circuits",
    "Comparison",
    "Difference",
    "Evaluated",
    "EvaluatedBatch",
    "FieldDifference",
    "Latency",
    "OpenCircuit",
    "Options",
    "Outcome",
    "Registry",
    "Shadow",
    "ShadowStatus",
    "StrategyStatus",
    "Swap",
    "SwapResult",
    "Trial",
    "Vector",
    "VersionStatus",
    "Watch",
    "Watching",
]
