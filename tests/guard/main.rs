//! The guard: each rule by itself, in a file of its own, and all of them against an oracle that looks at the load of
//! every route.

#[path = "../support/mod.rs"]
mod support;

mod canary;
mod capacity;
mod changes;
mod ends;
mod given;
mod host;
mod ids;
mod json_entry_point;
#[path = "../support/oracle/mod.rs"]
mod oracle;
mod policy;
mod random;
mod ratios;
mod requests;
mod room;
mod violations;
