//! Result of loading, which all instances of a plugin share.

use std::sync::Arc;

use wasmtime::component::InstancePre;

use super::id::PluginId;
use crate::{
    contract::Contract,
    runtime::{MemoryLimit, Runtime},
};

/// A compiled component on its runtime.
pub(crate) struct Loaded {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) id: PluginId,
    pub(crate) pre: InstancePre<MemoryLimit>,
    pub(crate) contract: Contract,
    /// Size of the component in bytes.
    pub(crate) size: usize,
}
