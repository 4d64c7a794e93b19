"""The contracts: that of strategies, and that of the guard."""

from __future__ import annotations

from pointsman.runtime.contract import Contract

SUPPORTED_CONTRACTS = ("0.2.0",)
"""The contract versions that this host, and its loader, support."""

STRATEGY = Contract("strategy", is_packaged=False)

GUARD = Contract("guard", is_packaged=True)
"""It comes with the package, so nobody needs a bound on it: a budget that is lowered leaves the host its guard."""
