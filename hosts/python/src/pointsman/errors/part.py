"""Parts that a component may have too many of."""

from __future__ import annotations

from enum import StrEnum


class Part(StrEnum):
    """A part of a component that there may be too much of.

    The limits are not settings: they are wide of what toolchains make, and beyond them parsers and compilers overflow
    the stack, panic, or take memory that grows by the square.
    """

    NESTING = "nesting"
    """Components, component types and instance types written inside each other, in levels. Toolchains make 3 or 4."""
    TYPE_DEPTH = "type-depth"
    """Types, instances and components that refer to each other, in levels; 10 or so are usual."""
    BLOCKS = "blocks"
    """Blocks, loops and branches inside each other in one function, in levels. A `match` in Rust or a `switch` in C may
    take one for each case."""
    CORE_MODULES = "core-modules"
    """Core modules, those of nested components included."""
    CORE_INSTANCES = "core-instances"
    """Instances of core modules, those that instances of nested components have included."""
    MEMORIES = "memories"
    """Linear memories of all instances together."""
    INSTANCES = "instances"
    """Instances of nested components, those within instances included."""
    OPAQUE_INSTANCES = "opaque-instances"
    """Instances of components that are imported or taken from another instance: what they consist of cannot be told."""
    DECLARATIONS = "declarations"
    """Types, imports, exports, aliases and instances of components."""
