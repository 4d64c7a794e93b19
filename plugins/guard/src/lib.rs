//! The guard as a component.

pointsman::export_guard!();
