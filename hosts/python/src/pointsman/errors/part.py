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

    @property
    def limit(self) -> int:
        """The most that there may be."""
        return _LIMITS[self]

    @property
    def words(self) -> str:
        """Says what is too much, and what would be right: `has more than 1 memory; link …`."""
        return _WORDS[self].format(self.limit)


_LIMITS = {
    Part.NESTING: 32,
    # wasmparser allows as many to types of values; beyond 127 of any kind it panics.
    Part.TYPE_DEPTH: 100,
    Part.BLOCKS: 1000,
    Part.CORE_MODULES: 8,
    Part.CORE_INSTANCES: 8,
    # A string that is passed from one memory to another makes wasmtime panic while it compiles, unless core modules may
    # have several memories, which `meter.py` relies on that they have not.
    Part.MEMORIES: 1,
    Part.INSTANCES: 32,
    Part.OPAQUE_INSTANCES: 0,
    Part.DECLARATIONS: 100_000,
}

_WORDS = {
    Part.NESTING: "nests components and types more than {} deep; define them side by side",
    Part.TYPE_DEPTH: "has types that refer to each other over more than {} levels; flatten them",
    Part.BLOCKS: "nests blocks more than {} deep in one function; split the function",
    Part.CORE_MODULES: "has more than {} core modules; link its code into one",
    Part.CORE_INSTANCES: "has more than {} instances of core modules; link its code into one",
    Part.MEMORIES: "has more than {} memory; link its code into one core module with one memory",
    Part.INSTANCES: "has more than {} instances of nested components; link them into one",
    Part.OPAQUE_INSTANCES: ("instantiates a component that it is given; define the component where it is instantiated"),
    Part.DECLARATIONS: "has more than {} types, imports, exports and aliases; remove some",
}
