//! The host: an engine with its limits, and loading plugins into it.

use std::{fs, io::Read, path::Path, sync::Arc};

use wasmtime::{
    Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    component::{Component, Linker},
};

use crate::{
    HostError, Limits, LoadError, Part, Plugin, admission,
    contain::contained,
    instances::{Instances, UPKEEP},
    plugin::{Loaded, PluginId},
    ticker::Ticker,
};

/// How many core instances and tables one component may consist of. One of each is usual.
const PARTS: u32 = Part::CoreInstances.limit();

/// Function table entries of one core module; Rust plugins have a few hundred.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;

/// Memory of a finished instance that is zeroed in place instead of being given back to the system, in bytes. The faster
/// way for the first pages, which every call touches; what a call touches beyond them goes back.
const KEEP_RESIDENT: usize = 256 << 10;

/// An engine that plugins run on. Cheap to clone; plugins keep what they need of it alive.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

/// What a host and its plugins share.
pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) limits: Limits,
    pub(crate) instances: Instances,
    _ticker: Ticker,
}

/// A component file that was read, once: what its digest says is what is loaded.
pub struct ComponentFile {
    id: PluginId,
    bytes: Vec<u8>,
}

// === impl Host ===

impl Host {
    /// A host with these limits, without a compile cache.
    ///
    /// # Errors
    /// [`HostError`], where nothing could run under the limits or the system refuses the memory or the thread.
    pub fn new(limits: Limits) -> Result<Self, HostError> {
        Self::with(limits, None)
    }

    /// A host that keeps compiled components in `folder`, so that a restart need not compile them again.
    ///
    /// Entries are found by the component's content, wasmtime's version and every setting that changes the code, so the
    /// folder may outlive all of them; the oldest entries go when it has 512 MiB. What it holds is run as native code:
    /// only the host may be able to write to it. A folder that cannot be written to is as good as none.
    ///
    /// # Errors
    /// As [`Host::new`], and [`HostError::Cache`] where the folder cannot be made.
    pub fn with_cache(limits: Limits, folder: impl AsRef<Path>) -> Result<Self, HostError> {
        let folder = folder.as_ref();
        let cache = |source| HostError::Cache { folder: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(|error| cache(error.into()))?;
        let absolute = folder.canonicalize().map_err(|error| cache(error.into()))?;
        let mut config = CacheConfig::new();
        config.with_directory(absolute);
        let opened = Cache::new(config).map_err(|error| cache(error.into()))?;
        Self::with(limits, Some(opened))
    }

    fn with(limits: Limits, cache: Option<Cache>) -> Result<Self, HostError> {
        limits.validate()?;
        let engine = Engine::new(config(&limits).cache(cache)).map_err(|error| HostError::Engine(error.into()))?;
        let ticker = Ticker::start(engine.clone()).map_err(HostError::Ticker)?;
        Ok(Self { inner: Arc::new(Inner { engine, limits, instances: Instances::default(), _ticker: ticker }) })
    }

    /// The limits that its plugins run under.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Loads a plugin from a file.
    ///
    /// # Errors
    /// [`LoadError`], which says what about the file is not right.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Plugin, LoadError> {
        self.load_file(&self.read(path.as_ref())?)
    }

    /// Reads a component file, for [`load_file`](Self::load_file); for those who want to look at what they load.
    ///
    /// # Errors
    /// [`LoadError::Read`] and [`LoadError::TooLarge`].
    pub fn read(&self, path: &Path) -> Result<ComponentFile, LoadError> {
        let read = |source| LoadError::Read { path: path.to_owned(), source };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        // One byte more than is allowed tells a file that is too large, also where its size cannot be asked for.
        let most = self.inner.limits.component.saturating_add(1);
        let mut bytes = vec![];
        let file = fs::File::open(path).map_err(read)?;
        let size = file.metadata().map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(usize::MAX));
        admission::check_size(&name, size, &self.inner.limits)?;
        file.take(most as u64).read_to_end(&mut bytes).map_err(read)?;
        admission::check_size(&name, bytes.len(), &self.inner.limits)?;
        Ok(ComponentFile::new(&name, bytes))
    }

    /// Loads a plugin from memory. The name is for messages.
    ///
    /// # Errors
    /// [`LoadError`], which says what about the bytes is not right.
    pub fn load_bytes(&self, name: &str, bytes: &[u8]) -> Result<Plugin, LoadError> {
        admission::check_size(name, bytes.len(), &self.inner.limits)?;
        self.load_file(&ComponentFile::new(name, bytes.to_vec()))
    }

    /// Loads a plugin from a file that was [read](Self::read).
    ///
    /// # Errors
    /// [`LoadError`], which says what about the file is not right.
    pub fn load_file(&self, file: &ComponentFile) -> Result<Plugin, LoadError> {
        let loaded = contained(|| {
            admission::check_header(file.id.name(), &file.bytes)?;
            admission::check_structure(file.id.name(), &file.bytes)?;
            self.compile(file)
        });
        loaded.unwrap_or_else(|message| Err(LoadError::Panicked { plugin: file.id.clone(), message }))
    }

    /// Compiles a file whose structure was checked, and starts it.
    pub(crate) fn compile(&self, file: &ComponentFile) -> Result<Plugin, LoadError> {
        let (name, bytes) = (file.id.name(), &file.bytes);
        #[cfg(test)]
        assert_ne!(name, crate::contain::tests::PANICS, "as asked");
        let malformed = |source: wasmtime::Error| LoadError::Malformed { name: name.to_owned(), source: source.into() };
        let component = Component::from_binary(&self.inner.engine, bytes).map_err(malformed)?;
        let contract = admission::check_contract(name, &component)?;
        admission::check_memory(name, &component, &self.inner.limits)?;
        let pre = Linker::new(&self.inner.engine).instantiate_pre(&component).map_err(malformed)?;
        let plugin = Plugin::new(Loaded {
            host: Arc::clone(&self.inner),
            id: file.id.clone(),
            pre,
            contract,
            size: bytes.len(),
        });
        // Once now, so that a plugin that cannot even start is not found out in the night.
        plugin.for_upkeep().session().map_err(LoadError::Start)?.check_types()?;
        Ok(plugin)
    }
}

// === impl ComponentFile ===

impl ComponentFile {
    pub(crate) fn new(name: &str, bytes: Vec<u8>) -> Self {
        Self { id: PluginId::new(name, &bytes), bytes }
    }

    /// The name of the file, and the digest of its content.
    pub fn id(&self) -> &PluginId {
        &self.id
    }

    /// Its content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Engine settings, each for a reason.
fn config(limits: &Limits) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    let instances = limits.instances + UPKEEP;
    pool.total_component_instances(instances)
        .total_core_instances(instances * PARTS)
        .max_core_instances_per_component(PARTS)
        .total_memories(instances)
        .max_memories_per_component(Part::Memories.limit())
        // All that 32 bits can address, which a slot reserves anyway: the limit proper is the store's, whose error has a
        // type, and changing it does not make the compile cache useless.
        .max_memory_size(4 << 30)
        .total_tables(instances * PARTS)
        .max_tables_per_component(PARTS)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT);

    let mut config = Config::new();
    config
        // Endless loops end at the deadline of their store.
        .epoch_interruption(true)
        // Who swaps a version waits longer, on one core, so that those who evaluate meanwhile keep the others.
        .parallel_compilation(false)
        // Memory is taken from slots that are reserved once and reset after each use, not mapped anew for each instance.
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        // What strategies have no use for cannot be used against the host.
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false);
    config
}
