"""Index spaces of components and of types that contain declarations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pointsman.errors.part import Part
from pointsman.runtime.loading.structure.excess import TooMuch, at_most
from pointsman.runtime.loading.structure.reader import Alias, InstanceExport, Kind, Outer, TypeRef


@dataclass(frozen=True)
class _Contents:
    """What an instance of a component consists of, with all that it instantiates."""

    core_instances: int = 0
    memories: int = 0
    instances: int = 0


@dataclass(frozen=True)
class _Component:
    depth: int
    contents: _Contents | None = None
    """None where it comes from elsewhere."""


_UNKNOWN = _Component(1)


@dataclass
class Scope:
    """What is defined so far in a component or type. Each has an index in the order of its definition; depths are those
    of types.
    """

    types: list[int] = field(default_factory=list)
    instances: list[int] = field(default_factory=list)
    components: list[_Component] = field(default_factory=list)
    modules: list[int | None] = field(default_factory=list)
    """The memories that an instance of each core module has; None where it comes from elsewhere."""
    deepest: int = 0
    """The deepest of what it imports and exports."""
    contents: _Contents = _Contents()

    def type_depth(self, index: int | None) -> int:
        """How deep a type is; one that is not there has no depth, and wasmtime refuses it."""
        return 1 if index is None or index >= len(self.types) else self.types[index]

    def instantiate_module(self, index: int) -> None:
        """Counts an instance of a core module."""
        memories = self.modules[index] if index < len(self.modules) else None
        # One that comes from elsewhere may have the one memory that a core module may have.
        self._consist_of(_Contents(1, 1 if memories is None else memories, 0))

    def instantiate(self, index: int) -> None:
        """Counts an instance of a component, with all in it."""
        if index >= len(self.components):
            # wasmtime refuses it.
            self.add(Kind.INSTANCE, 1)
            return
        component = self.components[index]
        if component.contents is None:
            raise TooMuch(Part.OPAQUE_INSTANCES)
        self._consist_of(replace(component.contents, instances=component.contents.instances + 1))
        self.add(Kind.INSTANCE, component.depth)

    def _consist_of(self, more: _Contents) -> None:
        before = self.contents
        self.contents = _Contents(
            before.core_instances + more.core_instances,
            before.memories + more.memories,
            before.instances + more.instances,
        )
        at_most(Part.MEMORIES, self.contents.memories)
        at_most(Part.CORE_INSTANCES, self.contents.core_instances)
        at_most(Part.INSTANCES, self.contents.instances)

    def add_type(self, depth: int) -> None:
        """Adds a type."""
        self.types.append(depth)
        at_most(Part.TYPE_DEPTH, depth)

    def add_component(self, component: _Component) -> None:
        """Adds a component."""
        self.components.append(component)
        at_most(Part.TYPE_DEPTH, component.depth)

    def add(self, kind: Kind, depth: int) -> None:
        """Adds something of which no more is known than how deep it is."""
        if kind is Kind.TYPE:
            self.types.append(depth)
        elif kind is Kind.COMPONENT:
            self.components.append(_Component(depth))
        elif kind is Kind.INSTANCE:
            self.instances.append(depth)
        elif kind is Kind.MODULE:
            self.modules.append(None)
        # Functions and values are not followed.
        at_most(Part.TYPE_DEPTH, depth)


class Scopes:
    """What is open, from the outermost component inwards."""

    def __init__(self) -> None:
        self._open: list[Scope] = []
        self._declarations = 0
        # The deepest type of a function so far, which every function is taken to have: they are too many to follow, and
        # not deep.
        self._functions = 1

    @property
    def last(self) -> Scope:
        """The innermost."""
        return self._open[-1]

    def open(self) -> None:
        """Enters a component, or a type that contains declarations."""
        # The outermost component is nested in nothing.
        at_most(Part.NESTING, len(self._open))
        self._open.append(Scope())

    def close_component(self) -> None:
        """Leaves the innermost, which is a component."""
        closed = self._open.pop()
        if self._open:
            self.last.add_component(_Component(closed.deepest + 1, closed.contents))

    def close_type(self) -> None:
        """Leaves the innermost, which is a type."""
        closed = self._open.pop()
        self.last.add_type(closed.deepest + 1)

    def count(self, declarations: int) -> None:
        """Counts declarations, before they are read."""
        self._declarations += declarations
        at_most(Part.DECLARATIONS, self._declarations)

    def add_type(self, depth: int, *, is_function: bool) -> None:
        """Adds a type that contains no declarations."""
        if is_function:
            self._functions = max(self._functions, depth)
        self.last.add_type(depth)

    def declare(self, what: TypeRef) -> None:
        """An import, or an export of a type that is being read: something new of a type that is given."""
        scope = self.last
        depth = scope.type_depth(what.index)
        scope.deepest = max(scope.deepest, depth)
        scope.add(what.kind, depth)

    def export(self, kind: Kind, index: int, ascribed: TypeRef | None) -> None:
        """An export of a component, which is also something new."""
        scope = self.last
        depth = max(self._depth(kind, index), 0 if ascribed is None else scope.type_depth(ascribed.index))
        scope.deepest = max(scope.deepest, depth)
        if kind is Kind.MODULE:
            scope.modules.append(scope.modules[index] if index < len(scope.modules) else None)
        elif kind is Kind.COMPONENT:
            known = scope.components[index] if index < len(scope.components) else _UNKNOWN
            scope.add_component(replace(known, depth=depth))
        else:
            scope.add(kind, depth)

    def alias(self, alias: Alias) -> None:
        """A second name for something."""
        if isinstance(alias, InstanceExport):
            # A part of the instance, so less deep by one at least.
            self.last.add(alias.kind, max(1, self._depth(Kind.INSTANCE, alias.instance) - 1))
        elif isinstance(alias, Outer):
            self._alias_outer(alias)

    def _alias_outer(self, alias: Outer) -> None:
        outer = self._open[-1 - alias.count] if alias.count < len(self._open) else Scope()
        scope, index = self.last, alias.index
        if alias.kind is Kind.MODULE:
            scope.modules.append(outer.modules[index] if index < len(outer.modules) else None)
        elif alias.kind is Kind.TYPE:
            scope.add_type(outer.type_depth(index))
        elif alias.kind is Kind.COMPONENT:
            scope.add_component(outer.components[index] if index < len(outer.components) else _UNKNOWN)
        # Nothing else can be named so; wasmtime refuses it.

    def bundle(self, members: Iterable[tuple[Kind, int]]) -> None:
        """An instance that is put together from what is there."""
        deepest = max((self._depth(kind, index) for kind, index in members), default=0)
        self.last.add(Kind.INSTANCE, deepest + 1)

    def _depth(self, kind: Kind, index: int) -> int:
        scope = self.last
        if kind is Kind.TYPE:
            return scope.type_depth(index)
        if kind is Kind.INSTANCE:
            return scope.instances[index] if index < len(scope.instances) else 1
        if kind is Kind.COMPONENT:
            return scope.components[index].depth if index < len(scope.components) else 1
        return 1 if kind is Kind.MODULE else self._functions
