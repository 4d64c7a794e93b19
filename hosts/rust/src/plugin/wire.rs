//! The contract's types in the shape of the component ABI: borrowed on the way in, owned on the way out.
//!
//! The crate `pointsman` knows no runtime, so its types cannot carry wasmtime's traits. These mirror them, field by
//! field in the order of `wit/strategy.wit`; loading checks them against the types that the component exports.
//!
//! | file | what it is for |
//! |---|---|
//! | `wire/both_ways.rs` | the enums and `commitment` |
//! | `wire/sent.rs` | the records that a plugin is given |
//! | `wire/received.rs` | the records that it returns |

mod both_ways;
mod received;
mod sent;

pub(super) use both_ways::Commitment;
pub(super) use received::{Description, EvaluationError, RouteChanges};
pub(super) use sent::{Route, Spec};
