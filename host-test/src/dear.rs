//! Strategies that are dear to compile: small files of which a compiler makes much work.
//!
//! Each [`Dear`] is one kind, made in any size. The loader's budgets are there to keep all of them cheap;
//! `tests/budgets.rs` finds that each is refused by name, and `examples/budgets.rs` measures what the largest that pass
//! come to. All of them are valid, and strategies by the types of what they export; what they would answer does not
//! matter, because every function of the contract traps.
//!
//! | file | what it is for |
//! |---|---|
//! | `dear/numbers.rs` | kinds: numbers and vectors |
//! | `dear/memory.rs` | kinds: memory, tables, globals and calls |
//! | `dear/branches.rs` | kinds: blocks, loops and branches |
//! | `dear/values.rs` | kinds: values that are alive over much code |
//! | `dear/sections.rs` | kinds: much of one section |
//! | `dear/module.rs` | the core module that they are put into |
//! | `dear/strategy.rs` | the component around it |

#![expect(clippy::semicolon_if_nothing_returned, reason = "a table reads better without")]

mod branches;
mod memory;
mod module;
mod numbers;
mod sections;
mod strategy;
mod values;

use module::Core;

pub use strategy::with_core_module;

/// A kind of file that is dear to compile.
pub struct Dear {
    /// What it has much of.
    pub name: &'static str,
    /// How it is made, in a size.
    make: fn(&mut Core, u32),
}

/// A size that is too much of anything.
const MOST: u32 = 1_000_000;

// === impl Dear ===

impl Dear {
    /// A file of this kind, of a size: how many of what it has much of, so many times over, where it has functions each
    /// time in functions of their own.
    pub fn component(&self, size: u32, times: u32) -> Vec<u8> {
        let mut core = Core::new();
        for _ in 0..times {
            (self.make)(&mut core, size);
        }
        with_core_module(&core.finish())
    }

    /// The largest file of this kind that something holds for, within 2%.
    pub fn largest(&self, holds: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let last = |holds: &dyn Fn(u32) -> bool, mut most: u32| {
            let mut least = 1;
            while most - least > (least / 50).max(1) {
                let middle = least + (most - least) / 2;
                *if holds(middle) { &mut least } else { &mut most } = middle;
            }
            least
        };
        let size = last(&|size| holds(&self.component(size, 1)), MOST);
        let times = last(&|times| holds(&self.component(size, times)), 10);
        self.component(size, times)
    }

    /// All kinds.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [numbers::KINDS, memory::KINDS, branches::KINDS, values::KINDS, sections::KINDS].into_iter().flatten()
    }

    /// The kind of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|dear| dear.name == name)
    }
}
