//! Settings of the engine, each with its reason.

use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::{limits::Limits, permits::BACKGROUND};
use pointsman_loader::Part;

/// Most core instances and tables that one component may consist of. One of each is usual.
const PARTS: u32 = Part::CoreInstances.limit();

/// Most function table entries of one core module; Rust plugins have a few hundred.
pub(super) const TABLE_ELEMENTS: usize = 20_000;

/// Memory of a finished instance that is zeroed in place instead of being given back to the system, in bytes. The
/// faster way for the first pages, which every call touches; what a call touches beyond them goes back.
const KEEP_RESIDENT: usize = 256 << 10;

/// What the runtime keeps of one core instance, in bytes: as much as all globals and function references come to that
/// the loader's budgets allow. Nothing is reserved for it.
const INSTANCE: usize = 4 << 20;

/// The settings under these limits.
pub(super) fn config(limits: &Limits) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    let instances = limits.instances + BACKGROUND;
    pool.total_component_instances(instances)
        .total_core_instances(instances * PARTS)
        .max_core_instances_per_component(PARTS)
        .total_memories(instances)
        .max_memories_per_component(Part::Memories.limit())
        // All that 32 bits can address, which a slot reserves anyway: the limit proper is the store's, whose error has
        // a type, and changing it does not make the compile cache useless.
        .max_memory_size(4 << 30)
        .total_tables(instances * PARTS)
        .max_tables_per_component(PARTS)
        // All of a component's tables may be in one module.
        .max_tables_per_module(PARTS)
        .max_core_instance_size(INSTANCE)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT);

    let mut config = Config::new();
    config
        // Endless loops end at the deadline of their store.
        .epoch_interruption(true)
        // Who swaps a version waits longer, on one core, so that those who evaluate meanwhile keep the others.
        .parallel_compilation(false)
        // Memory is taken from slots that are reserved once and reset after each use, not mapped anew for each
        // instance.
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        // What strategies have no use for cannot be used against the host.
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false);
    config
}
