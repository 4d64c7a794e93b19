//! What compiling a file may cost, by name.
//!
//! Compilers take time in proportion to a file's size only where the file was made by a compiler. A few kilobytes can
//! hold what takes minutes or gigabytes: each [`Budget`] bounds one such thing, so that the dearest file that is found
//! within all of them compiles within 2 s and 512 MiB, on wasmtime and on wazero.
//!
//! # Work
//! Most of it is one sum, in units of which an ordinary instruction takes one or two. Blue-green comes to about 440,000
//! of the 1,750,000 that a file may have. `price.rs` has the weights; `make budgets` measures whether they are right.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! budgets {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $most:literal, $noun:literal;)*) => {
        /// Something of which a file may have only so much.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Budget {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Budget {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name by which it is raised.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// What it counts, as `so many` of it would be said.
            pub(crate) const fn noun(self) -> &'static str {
                match self { $(Self::$name => $noun),* }
            }

            /// The most of it that a file may have where nobody has said otherwise.
            pub const fn default_most(self) -> u64 {
                match self { $(Self::$name => $most),* }
            }
        }
    };
}

budgets! {
    /// What compiling all core modules takes, in units of which an ordinary instruction takes one or two.
    Work = "work", 1_750_000, "units of work to compile";
    /// What compiling one function takes, in the same units. Compilers take memory in proportion to the dearest one.
    FunctionWork = "function-work", 600_000, "units of work to compile function";
    /// Types of a core module.
    Types = "types", 10_000, "types";
    /// Parameters and results of one function type.
    Params = "params", 500, "parameters and results in one type";
    /// Locals of one function, parameters included.
    Locals = "locals", 1_000, "locals in function";
    /// Blocks, loops and branches inside each other, of one function.
    Depth = "depth", 256, "blocks inside each other in function";
    /// Values on the stack of one function at once.
    Stack = "stack", 1_000, "values on the stack of function";
    /// Globals of a core module.
    Globals = "globals", 20_000, "globals";
    /// Exports of a core module.
    Exports = "exports", 20_000, "exports of its core module";
    /// Tables of a core module.
    Tables = "tables", 8, "tables";
    /// Elements that the tables of a core module begin with, and elements and segments that are put into them.
    Elements = "elements", 20_000, "table elements";
    /// Data segments of a core module.
    Segments = "segments", 20_000, "data segments";
    /// Custom sections of the file, which hold names and such.
    CustomSections = "custom-sections", 20_000, "custom sections";
}

/// How much a file may have of each [`Budget`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budgets(Vec<u64>);

/// A name that no [`Budget`] has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no budget `{name}`; there are {}", all_names())]
pub struct UnknownBudget {
    /// The name that was given.
    pub name: String,
}

fn all_names() -> String {
    Budget::ALL.iter().map(|budget| budget.name()).collect::<Vec<_>>().join(", ")
}

// === impl Budget ===

impl Budget {
    /// What to do about too much of it.
    pub(crate) const fn remedy(self) -> &'static str {
        match self {
            Self::FunctionWork | Self::Locals | Self::Depth | Self::Stack => "split the function, or raise the budget",
            _ => "make it smaller, or raise the budget",
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Budget {
    type Err = UnknownBudget;

    fn from_str(name: &str) -> Result<Self, UnknownBudget> {
        let found = Self::ALL.iter().find(|budget| budget.name() == name);
        found.copied().ok_or_else(|| UnknownBudget { name: name.to_owned() })
    }
}

// === impl Budgets ===

impl Default for Budgets {
    fn default() -> Self {
        Self(Budget::ALL.iter().map(|budget| budget.default_most()).collect())
    }
}

impl Budgets {
    /// The most that a file may have of something.
    pub fn most(&self, budget: Budget) -> u64 {
        self.0[budget as usize]
    }

    /// The same with another most of something. What a file may then cost is the operator's to know.
    #[must_use]
    pub fn with(mut self, budget: Budget, most: u64) -> Self {
        self.0[budget as usize] = most;
        self
    }
}
