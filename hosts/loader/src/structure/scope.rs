//! Index spaces of components and of types that contain declarations.

use wasmparser::{
    ComponentAlias, ComponentExport, ComponentExternalKind as Kind, ComponentOuterAliasKind, ComponentTypeRef,
    ComponentValType, TypeBounds,
};

use super::{Flaw, Part, at_most};

/// What is open, from the outermost component inwards.
#[derive(Default)]
pub(super) struct Scopes {
    open: Vec<Scope>,
    declarations: u32,
    /// The deepest type of a function so far, which every function is taken to have: they are too many to follow, and
    /// not deep.
    functions: u32,
}

/// What is defined so far in a component or type. Each has an index in the order of its definition; depths are those of
/// types.
#[derive(Default)]
pub(super) struct Scope {
    types: Vec<u32>,
    instances: Vec<u32>,
    components: Vec<Component>,
    /// The memories that an instance of each core module has; none where it comes from elsewhere.
    modules: Vec<Option<u32>>,
    /// The deepest of what it imports and exports.
    deepest: u32,
    contents: Contents,
}

#[derive(Clone, Copy)]
struct Component {
    depth: u32,
    /// None where it comes from elsewhere.
    contents: Option<Contents>,
}

/// What an instance of a component consists of, with all that it instantiates.
#[derive(Clone, Copy, Default)]
struct Contents {
    core_instances: u32,
    memories: u32,
    instances: u32,
}

// === impl Scopes ===

impl Scopes {
    pub(super) fn open(&mut self, scope: Scope) -> Result<(), Flaw> {
        // The outermost component is nested in nothing.
        at_most(Part::Nesting, u32::try_from(self.open.len()).unwrap_or(u32::MAX))?;
        self.open.push(scope);
        Ok(())
    }

    pub(super) fn close_component(&mut self) -> Result<(), Flaw> {
        let Some(closed) = self.open.pop() else { return Ok(()) };
        let component = Component { depth: closed.deepest + 1, contents: Some(closed.contents) };
        if self.open.is_empty() { Ok(()) } else { self.last().add_component(component) }
    }

    pub(super) fn close_type(&mut self) -> Result<(), Flaw> {
        let deepest = self.open.pop().map_or(0, |closed| closed.deepest);
        self.last().add_type(deepest + 1)
    }

    /// The innermost.
    pub(super) fn last(&mut self) -> &mut Scope {
        if self.open.is_empty() {
            // Nothing stands outside of a component; if it did, it would be measured all the same.
            self.open.push(Scope::default());
        }
        self.open.last_mut().expect("one was just made")
    }

    /// Counts declarations, before they are read.
    pub(super) fn count(&mut self, declarations: u32) -> Result<(), Flaw> {
        self.declarations = self.declarations.saturating_add(declarations);
        at_most(Part::Declarations, self.declarations)
    }

    pub(super) fn add_type(&mut self, depth: u32, is_function: bool) -> Result<(), Flaw> {
        if is_function {
            self.functions = self.functions.max(depth);
        }
        self.last().add_type(depth)
    }

    /// An import, or an export of a type that is being read: something new of a type that is given.
    pub(super) fn declare(&mut self, ty: ComponentTypeRef) -> Result<(), Flaw> {
        let depth = self.depth_of_ref(ty);
        let scope = self.last();
        scope.deepest = scope.deepest.max(depth);
        scope.add(ty.kind(), depth)
    }

    /// An export of a component, which is also something new.
    pub(super) fn export(&mut self, export: &ComponentExport<'_>) -> Result<(), Flaw> {
        let ascribed = export.ty.map_or(0, |ty| self.depth_of_ref(ty));
        let depth = self.depth(export.kind, export.index).max(ascribed);
        let scope = self.last();
        scope.deepest = scope.deepest.max(depth);
        let index = export.index as usize;
        match export.kind {
            Kind::Module => scope.add_module(scope.modules.get(index).copied().flatten()),
            Kind::Component => {
                let contents = scope.components.get(index).and_then(|component| component.contents);
                scope.add_component(Component { depth, contents })?;
            }
            kind => scope.add(kind, depth)?,
        }
        Ok(())
    }

    pub(super) fn alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), Flaw> {
        match *alias {
            ComponentAlias::InstanceExport { kind, instance_index, .. } => {
                // A part of the instance, so less deep by one at least.
                let depth = self.depth(Kind::Instance, instance_index).saturating_sub(1).max(1);
                self.last().add(kind, depth)
            }
            ComponentAlias::Outer { kind, count, index } => {
                let outer = self.open.iter().rev().nth(count as usize);
                let index = index as usize;
                match kind {
                    ComponentOuterAliasKind::CoreModule => {
                        let memories = outer.and_then(|outer| outer.modules.get(index).copied().flatten());
                        self.last().add_module(memories);
                    }
                    ComponentOuterAliasKind::Type => {
                        let depth = outer.and_then(|outer| outer.types.get(index).copied()).unwrap_or(1);
                        self.last().add_type(depth)?;
                    }
                    ComponentOuterAliasKind::Component => {
                        let component = outer.and_then(|outer| outer.components.get(index).copied());
                        self.last().add_component(component.unwrap_or(Component { depth: 1, contents: None }))?;
                    }
                    ComponentOuterAliasKind::CoreType => {}
                }
                Ok(())
            }
            ComponentAlias::CoreInstanceExport { .. } => Ok(()),
        }
    }

    /// An instance that is put together from what is there.
    pub(super) fn bundle(&mut self, members: impl Iterator<Item = (Kind, u32)>) -> Result<(), Flaw> {
        let deepest = members.map(|(kind, index)| self.depth(kind, index)).max().unwrap_or(0);
        self.last().add(Kind::Instance, deepest + 1)
    }

    fn depth(&mut self, kind: Kind, index: u32) -> u32 {
        let functions = self.functions.max(1);
        let (scope, index) = (self.last(), index as usize);
        // What is not there has no depth; the runtime refuses it.
        let depth = match kind {
            Kind::Type => scope.types.get(index).copied(),
            Kind::Instance => scope.instances.get(index).copied(),
            Kind::Component => scope.components.get(index).map(|component| component.depth),
            Kind::Func | Kind::Value => Some(functions),
            Kind::Module => None,
        };
        depth.unwrap_or(1)
    }

    fn depth_of_ref(&mut self, ty: ComponentTypeRef) -> u32 {
        match ty {
            ComponentTypeRef::Func(index)
            | ComponentTypeRef::Type(TypeBounds::Eq(index))
            | ComponentTypeRef::Instance(index)
            | ComponentTypeRef::Component(index)
            | ComponentTypeRef::Value(ComponentValType::Type(index)) => self.last().type_depth(index),
            ComponentTypeRef::Module(_)
            | ComponentTypeRef::Type(TypeBounds::SubResource)
            | ComponentTypeRef::Value(ComponentValType::Primitive(_)) => 1,
        }
    }
}

// === impl Scope ===

impl Scope {
    pub(super) fn type_depth(&self, index: u32) -> u32 {
        self.types.get(index as usize).copied().unwrap_or(1)
    }

    pub(super) fn add_module(&mut self, memories: Option<u32>) {
        self.modules.push(memories);
    }

    pub(super) fn instantiate_module(&mut self, index: u32) -> Result<(), Flaw> {
        // One that comes from elsewhere may have the one memory that a core module may have.
        let memories = self.modules.get(index as usize).copied().flatten().unwrap_or(1);
        self.consist_of(Contents { core_instances: 1, memories, instances: 0 })
    }

    pub(super) fn instantiate(&mut self, index: u32) -> Result<(), Flaw> {
        let Some(component) = self.components.get(index as usize).copied() else {
            // The runtime refuses it.
            return self.add(Kind::Instance, 1);
        };
        let contents = component.contents.ok_or(Flaw::TooMuch(Part::OpaqueInstances))?;
        self.consist_of(Contents { instances: contents.instances.saturating_add(1), ..contents })?;
        self.add(Kind::Instance, component.depth)
    }

    fn consist_of(&mut self, more: Contents) -> Result<(), Flaw> {
        let Contents { core_instances, memories, instances } = &mut self.contents;
        *core_instances = core_instances.saturating_add(more.core_instances);
        *memories = memories.saturating_add(more.memories);
        *instances = instances.saturating_add(more.instances);
        at_most(Part::Memories, *memories)?;
        at_most(Part::CoreInstances, *core_instances)?;
        at_most(Part::Instances, *instances)
    }

    fn add_type(&mut self, depth: u32) -> Result<(), Flaw> {
        self.types.push(depth);
        at_most(Part::TypeDepth, depth)
    }

    fn add_component(&mut self, component: Component) -> Result<(), Flaw> {
        self.components.push(component);
        at_most(Part::TypeDepth, component.depth)
    }

    /// Something of which no more is known than how deep it is.
    fn add(&mut self, kind: Kind, depth: u32) -> Result<(), Flaw> {
        match kind {
            Kind::Type => return self.add_type(depth),
            Kind::Component => return self.add_component(Component { depth, contents: None }),
            Kind::Instance => self.instances.push(depth),
            Kind::Module => self.modules.push(None),
            // These are not followed.
            Kind::Func | Kind::Value => {}
        }
        at_most(Part::TypeDepth, depth)
    }
}
