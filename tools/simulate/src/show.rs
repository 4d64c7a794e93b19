//! Text for people, as every tool shows it: escaped, shortened, listed, wrapped and in tables.
//!
//! | file | what it is for |
//! |---|---|
//! | `escape.rs` | [`plain`]: the one way for untrusted text to a terminal |
//! | `look.rs` | [`Look`]: how wide, and whether in colours; the caller decides |
//! | `lines.rs` | [`listed`], [`shortened`], [`wrapped`] |
//! | `table.rs` | [`Table`]: columns without borders |
//! | `moment.rs` | [`moment`]: moments and durations |
//! | `plan.rs` | [`changes`], [`traffic`]: a plan in a few words |
//!
//! Nothing here writes anywhere.

mod escape;
mod lines;
mod look;
pub mod moment;
mod plan;
mod table;

pub use escape::plain;
pub use lines::{listed, shortened, wrapped};
pub use look::{Look, WIDTH, style};
pub use plan::{changes, traffic};
pub use table::Table;
