//! Rewriting a core module so that a host can stop it, tell that it was refused memory, and use an instance again.
//!
//! **Memory.** To a WebAssembly program, memory that it cannot have is a number, -1, and most programs answer it with a
//! trap of their own, which nobody can tell from a bug. So each `memory.grow` becomes a call of a function that is
//! added: a growth beyond the limit ends the call where it is asked for, and a global, [`REFUSED_GLOBAL`], says why. A
//! growth beyond the module's own maximum is its own affair, and -1 as ever.
//!
//! **Time**, for wazero only; wasmtime interrupts compiled code by itself. A counter, the fuel, is decremented where a
//! loop begins anew and where a function is entered that is not short, by as many instructions as come until the next
//! such place at most. When it is used up, the plugin calls the host, [`METER_TICK`], which looks at the clock, and
//! either ends the call or gives new fuel. An instruction that does much at once, such as `memory.fill`, is charged by
//! how much. So whatever the code does, it comes to the clock every [`SLICE`] instructions: no loop, no recursion and
//! no mixture of them gets around it. wazero has a check of its own, which does the same for several times the price:
//! it leaves compiled code in every loop, and this one when a counter says so.
//!
//! **Rewinding**, for wazero only, where an instance costs 50 µs and more: every mutable global is exported, and a
//! small growth takes pages that are there from the start, because memory that has really grown does not shrink. With
//! its memory and its globals put back, an instance is as good as new, unless its code changes tables or drops
//! segments.
//!
//! **Many strings at once**, for wazero only: a function is added that gets memory for all strings of a list, because
//! to call a plugin costs as much as what it does for one of them.
//!
//! What the plugin's code could name it can name afterwards, and nothing else. It was validated before; the runtime
//! validates what comes out.
//!
//! | file | what it is for |
//! |---|---|
//! | `meter/module.rs` and below | the sections: what is added to each, and how indices move for it |
//! | `meter/code.rs` | the code of single functions |
//! | `meter/short.rs` | functions that their callers pay for |
//! | `meter/added.rs` | the functions that are added |

mod added;
mod code;
mod module;
mod short;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

use crate::{Admitted, Budgets, Contract, Refusal, Runtime, admit};

/// What the names begin with of all that is added, which the module itself must not have.
pub(crate) const RESERVED: &str = "pointsman ";

/// The module from which a metered core module for wazero imports [`METER_TICK`]; nothing else is imported by any.
pub const METER_MODULE: &str = "pointsman meter";

/// The function of the host that a plugin calls when its fuel is used up or it was refused memory: `() -> i64`, new
/// fuel.
pub const METER_TICK: &str = "tick";

/// What the names of exported globals begin with; their numbers follow.
pub const GLOBAL_PREFIX: &str = "pointsman global ";

/// The exported global, an `i32`, that is 1 once memory was refused.
pub const REFUSED_GLOBAL: &str = "pointsman refused";

/// The exported function that gets memory for many strings: `(at, count, stride, size, align)`, each an `i32`.
const EACH_EXPORT: &str = "pointsman allocate each";

/// Instructions that a plugin runs between two looks at the clock, at most: some 100 µs.
pub(crate) const SLICE: i64 = 1 << 18;

/// Pages that an instance for wazero has beyond those that its plugin knows of, to grow into. Every plugin in Rust
/// grows by one in every call, and blue-green by one for each 250 routes or so. A load from them does not trap, in any
/// instance, and finds zeros or what the same call wrote.
const SPARE_PAGES: u64 = 8;

/// Elements that a table may grow to; Rust plugins have a few hundred.
const TABLE_ELEMENTS: u64 = 20_000;

/// Bytes of a page of WebAssembly memory.
const PAGE: u64 = 64 << 10;

/// What a component is loaded as.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// What it has to be.
    pub contract: &'a Contract,
    /// What it will run on.
    pub runtime: Runtime,
    /// Memory that an instance may have, in bytes; what does not fill a page of 64 KiB is not given.
    pub memory: u64,
    /// What compiling it may cost.
    pub budgets: Budgets,
}

/// A core module that may be compiled, and what a host has to know of it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Loaded {
    /// The contract's version that it is called by.
    pub version: &'static str,
    /// The names of what the component exports.
    pub exports: Vec<String>,
    /// What compiling it takes, in units of [`Budget::Work`](crate::Budget::Work).
    pub work: u64,
    /// The export names of all globals that change while it runs; none for wasmtime. The last one says how many pages
    /// of memory the plugin knows of.
    pub globals: Vec<String>,
    /// Whether an instance is as good as new once its memory and these globals are put back.
    pub is_rewindable: bool,
    /// The core module.
    #[serde(skip)]
    pub core: Vec<u8>,
}

// === impl Loaded ===

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, exports, work, globals, is_rewindable, core } = self;
        let mut fields = f.debug_struct("Loaded");
        fields.field("version", version).field("exports", exports).field("work", work).field("globals", globals);
        // Nobody reads its bytes.
        fields.field("is_rewindable", is_rewindable).field("core", &core.len()).finish()
    }
}

/// Checks a component as [`admit`] does, and rewrites its core module.
///
/// # Errors
/// [`Refusal`]: those of [`admit`], and those of a component whose core module cannot be run by itself.
pub fn load(component: &[u8], options: &Options<'_>) -> Result<Loaded, Refusal> {
    let admitted = admit(component, options.contract, options.runtime, &options.budgets)?;
    let [module] = &admitted.modules[..] else { return Err(Refusal::CoreModules { count: admitted.modules.len() }) };
    module.check(options.contract, admitted.version)?;
    let most_pages = options.memory / PAGE;
    let needed = module.memory_pages();
    if needed > most_pages {
        return Err(Refusal::Memory { needed: needed.saturating_mul(PAGE), most: options.memory });
    }
    let metered = module::rewrite(module.bytes, options.runtime, most_pages)?;
    let module::Metered { core, globals, is_rewindable } = metered;
    let Admitted { version, exports, work, .. } = admitted;
    Ok(Loaded { version, exports, work, globals, is_rewindable, core })
}
