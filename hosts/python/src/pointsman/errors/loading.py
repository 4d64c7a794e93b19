"""Errors of loading a component file."""

from __future__ import annotations

from enum import StrEnum

from pointsman.contract.words import shown
from pointsman.errors.base import PointsmanError
from pointsman.errors.part import Part


class LoadProblem(StrEnum):
    """Reason why a file is not a plugin."""

    READ = "read"
    """The file cannot be read; the cause is an `OSError`."""
    TOO_LARGE = "too-large"
    """The file is larger than `Limits.component`."""
    NOT_WASM = "not-wasm"
    """The file does not begin as WebAssembly does."""
    CORE_MODULE = "core-module"
    """The file is a core module, not a component."""
    TOO_COMPLEX = "too-complex"
    """The file has more of a part than toolchains make, which is enough to crash a runtime; `.part` says of which."""
    OVER_BUDGET = "over-budget"
    """The file would cost more to compile than it may; `.budget` says of what it has too much, and `Limits.budgets`
    raises it."""
    TOO_DEAR = "too-dear"
    """The file is within all budgets, and yet takes more time or memory to compile than it may; `.limit` says which
    field of `Limits` raises it."""
    COMPILER = "compiler"
    """The process that compiles the file does not start, crashed, or was killed: a bug in the compiler, or a system
    that is short of memory."""
    MALFORMED = "malformed"
    """The file is damaged, uses what this host does not allow, or made the loader fail."""
    IMPORTS = "imports"
    """The file wants something from the host. A strategy gets nothing."""
    NOT_A_STRATEGY = "not-a-strategy"
    """The file does not export the contract at all."""
    UNSUPPORTED_CONTRACT = "unsupported-contract"
    """The file exports the contract in versions that this host does not know."""
    MISSING_EXPORT = "missing-export"
    """The file exports only a part of the contract."""
    SEVERAL_MODULES = "several-modules"
    """The file does not consist of exactly one core module."""
    WRONG_TYPE = "wrong-type"
    """The file exports a function of another type than the contract's."""
    MEMORY = "memory"
    """The file starts with more memory than it may have."""
    START = "start"
    """The file cannot be started; the cause is a `PluginError`."""


class LoadError(PointsmanError):
    """Reason why a file is not a plugin."""

    def __init__(
        self,
        problem: LoadProblem,
        message: str,
        part: Part | None = None,
        budget: str | None = None,
        limit: str | None = None,
    ) -> None:
        # A message holds the name of a file, and may hold names out of it.
        super().__init__(shown(message))
        self.problem = problem
        """The kind of problem."""
        self.part = part
        """The part that there is too much of; None where that is not the problem."""
        self.budget = budget
        """Name of the budget that is exceeded; None where that is not the problem."""
        self.limit = limit
        """Name of the limit that compiling it went beyond; None where that is not the problem."""
