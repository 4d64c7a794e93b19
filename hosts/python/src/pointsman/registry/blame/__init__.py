"""Who is to blame when a call fails: a new version, the input of one deployment, or nobody.

One `Blame` belongs to one version of a strategy, and ends with it. It knows no plugins, no threads and no clock but
`Options.clock`: it is told what happened, and says which version to call, whose circuit opens, and when a version is
reverted. The rules are those of `tests/blame/README.md`, whose table every host replays.

| file | what it is for |
|---|---|
| `circuit.py` | one circuit: closed, open, half-open with one probe |
| `entry.py` | what is known of a deployment that fails |
| `question.py` | the questions that find out whose fault a failure is |
| `terms.py` | leave to call, and consequences |
| `blame.py` | `Blame` |
"""

from pointsman.registry.blame.blame import Blame
from pointsman.registry.blame.question import Verdict, Which, ask
from pointsman.registry.blame.terms import CURRENT, Consequence, Open, Sentence, Standing, Ticket

__all__ = ["CURRENT", "Blame", "Consequence", "Open", "Sentence", "Standing", "Ticket", "Verdict", "Which", "ask"]
