//! The guard: its rules, each in a file of its own, and those of load against an oracle.

#[path = "../support/oracle.rs"]
mod load;
#[path = "../support/mod.rs"]
mod support;

mod capacity;
mod changes;
mod given;
mod ids;
mod oracle;
mod ratios;
mod room;
