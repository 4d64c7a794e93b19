"""The contracts: the functions that a strategy and a guard must have."""

from __future__ import annotations

from pointsman.runtime.contract import Contract

SUPPORTED_CONTRACTS = ("0.2.0",)
"""The contract versions that this host supports."""

_I32 = ["i32"]

STRATEGY = Contract(
    name="strategy",
    main="pointsman:strategy/strategy",
    versions=SUPPORTED_CONTRACTS,
    functions={
        "pointsman:strategy/strategy": {
            # Routes and spec are more numbers than are passed one by one: they are in memory.
            "evaluate-cycle": _I32,
            "describe": [],
            # A string is two numbers, the target one, and an option of two numbers three.
            "check-config": _I32 * 6,
        },
        "pointsman:strategy/strategy-json": {"evaluate-cycles": _I32 * 2, "check-config": _I32 * 2},
    },
)

GUARD = Contract(
    name="guard",
    main="pointsman:guard/guard-json",
    versions=("0.2.0",),
    functions={"pointsman:guard/guard-json": {"check-plans": _I32 * 2, "resolve": _I32 * 2}},
)
