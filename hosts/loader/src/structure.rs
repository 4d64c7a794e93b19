//! Bounds a component's structure before any other parser sees its bytes.
//!
//! Parsers of components recurse into nested types, components and blocks, runtimes multiply instances that instantiate
//! each other, and wasmtime panics where it has to copy a string between two memories. A few kilobytes are enough to
//! end a process with any of these. So a file is walked here first, in time and memory in proportion to its size and
//! with a stack that does not grow, and what has more of a [`Part`] than toolchains make is refused. Whether the rest
//! of it is right is the runtime's to say.
//!
//! This module knows neither the contract nor a runtime.
//!
//! | file | what it is for |
//! |---|---|
//! | `structure/scope.rs` | index spaces: how deep types refer to each other, what an instance consists of |
//! | `structure/types.rs` | component types and instance types, without recursion |

mod scope;
#[cfg(test)]
mod tests;
mod types;

use std::fmt;

use serde::Serialize;
use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentInstance, Encoding, FunctionBody, Instance, Operator, Parser, Payload,
};

use crate::operators::next;
use scope::{Scope, Scopes};

/// A part of a component that there may be too much of. The limits are not settings: they are wide of what toolchains
/// make, and beyond them parsers and compilers overflow the stack, panic, or take memory that grows by the square.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Part {
    /// Components, component types and instance types written inside each other, in levels. Toolchains make 3 or 4.
    Nesting,
    /// Types, instances and components that refer to each other, in levels; 10 or so are usual.
    TypeDepth,
    /// Blocks, loops and branches inside each other in one function, in levels. A `match` in Rust or a `switch` in C
    /// may take one for each case.
    Blocks,
    /// Core modules, those of nested components included.
    CoreModules,
    /// Instances of core modules, those that instances of nested components have included.
    CoreInstances,
    /// Linear memories of all instances together.
    Memories,
    /// Instances of nested components, those within instances included.
    Instances,
    /// Instances of components that are imported or taken from another instance: what they consist of cannot be told.
    OpaqueInstances,
    /// Types, imports, exports, aliases and instances of components.
    Declarations,
}

/// Why a structure is refused.
#[derive(Debug)]
pub(crate) enum Flaw {
    /// There is more of something than its limit.
    TooMuch(Part),
    /// It cannot be read.
    Malformed(BinaryReaderError),
}

/// A component, component type, instance type or core module that is being read.
enum Open {
    Component,
    CoreModule { memories: u32 },
}

// === impl Part ===

impl Part {
    /// The most that there may be.
    pub const fn limit(self) -> u32 {
        match self {
            Self::Nesting | Self::Instances => 32,
            // wasmparser allows as many to types of values; beyond 127 of any kind it panics.
            Self::TypeDepth => 100,
            Self::Blocks => 1000,
            Self::CoreModules | Self::CoreInstances => 8,
            // A string that is passed from one memory to another makes wasmtime 48 panic while it compiles, unless core
            // modules may have several memories, which nothing here needs: a strategy runs in one instance with one.
            Self::Memories => 1,
            Self::OpaqueInstances => 0,
            Self::Declarations => 100_000,
        }
    }
}

impl fmt::Display for Part {
    /// What is too much, and what would be right: `has more than 1 memory; link …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit();
        match self {
            Self::Nesting => write!(f, "nests components and types more than {limit} deep; define them side by side"),
            Self::TypeDepth => {
                write!(f, "has types that refer to each other over more than {limit} levels; flatten them")
            }
            Self::Blocks => write!(f, "nests blocks more than {limit} deep in one function; split the function"),
            Self::CoreModules => write!(f, "has more than {limit} core modules; link its code into one"),
            Self::CoreInstances => write!(f, "has more than {limit} instances of core modules; link its code into one"),
            Self::Memories => {
                write!(f, "has more than {limit} memory; link its code into one core module with one memory")
            }
            Self::Instances => write!(f, "has more than {limit} instances of nested components; link them into one"),
            Self::OpaqueInstances => {
                f.write_str("instantiates a component that it is given; define the component where it is instantiated")
            }
            Self::Declarations => write!(f, "has more than {limit} types, imports, exports and aliases; remove some"),
        }
    }
}

// === impl Flaw ===

impl From<BinaryReaderError> for Flaw {
    fn from(error: BinaryReaderError) -> Self {
        Self::Malformed(error)
    }
}

/// Finds what a component has too much of. The bytes need not be a component, and their header was looked at.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let mut scopes = Scopes::default();
    let mut open: Vec<Open> = vec![];
    let mut modules = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Some(Open::CoreModule { memories }) = open.last_mut() {
            match payload {
                Payload::MemorySection(section) => *memories += section.count(),
                Payload::CodeSectionEntry(body) => check_blocks(&body)?,
                Payload::End(_) => {
                    scopes.last().add_module(Some(*memories));
                    open.pop();
                }
                _ => {}
            }
            continue;
        }
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => open.push(Open::CoreModule { memories: 0 }),
            Payload::Version { encoding: Encoding::Component, .. } => {
                open.push(Open::Component);
                scopes.open(Scope::default())?;
            }
            Payload::ModuleSection { .. } => {
                modules += 1;
                at_most(Part::CoreModules, modules)?;
            }
            Payload::End(_) => {
                open.pop();
                scopes.close_component()?;
            }
            other => read_section(bytes, &mut scopes, other)?,
        }
    }
    Ok(())
}

/// Reads a section of a component.
fn read_section(bytes: &[u8], scopes: &mut Scopes, section: Payload<'_>) -> Result<(), Flaw> {
    match section {
        Payload::InstanceSection(section) => {
            scopes.count(section.count())?;
            for instance in section {
                if let Instance::Instantiate { module_index, .. } = instance? {
                    scopes.last().instantiate_module(module_index)?;
                }
            }
        }
        Payload::ComponentInstanceSection(section) => {
            scopes.count(section.count())?;
            for instance in section {
                match instance? {
                    ComponentInstance::Instantiate { component_index, .. } => {
                        scopes.last().instantiate(component_index)?;
                    }
                    ComponentInstance::FromExports(exports) => {
                        scopes.count(u32::try_from(exports.len()).unwrap_or(u32::MAX))?;
                        scopes.bundle(exports.iter().map(|export| (export.kind, export.index)))?;
                    }
                }
            }
        }
        Payload::ComponentAliasSection(section) => {
            scopes.count(section.count())?;
            for alias in section {
                scopes.alias(&alias?)?;
            }
        }
        Payload::ComponentImportSection(section) => {
            scopes.count(section.count())?;
            for import in section {
                scopes.declare(import?.ty)?;
            }
        }
        Payload::ComponentExportSection(section) => {
            scopes.count(section.count())?;
            for export in section {
                scopes.export(&export?)?;
            }
        }
        Payload::ComponentTypeSection(section) => {
            // Behind the count, which was read already.
            let types = section.original_position()..section.range().end;
            types::read(BinaryReader::new(&bytes[types.clone()], types.start), section.count(), scopes)?;
        }
        Payload::CoreTypeSection(section) => scopes.count(section.count())?,
        // The rest ties the parts together.
        _ => {}
    }
    Ok(())
}

/// Follows how deep blocks are nested in a function.
fn check_blocks(body: &FunctionBody<'_>) -> Result<(), Flaw> {
    let mut operators = body.get_operators_reader()?;
    let mut depth = 0;
    while !operators.eof() {
        match next(&mut operators)?.0 {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. } => {
                depth += 1;
                at_most(Part::Blocks, depth)?;
            }
            // The last one ends the function.
            Operator::End | Operator::Delegate { .. } => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

fn at_most(part: Part, found: u32) -> Result<(), Flaw> {
    if found > part.limit() { Err(Flaw::TooMuch(part)) } else { Ok(()) }
}
