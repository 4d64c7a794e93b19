//! Change of a strategy's version: everything that can fail first, then the switch.

use std::{path::Path, sync::Arc};

use metrics::counter;

use super::{
    description,
    error::SwapError,
    slot::{Change, Slot},
    slots::Slots,
    trial::Trial,
    version::Version,
};
use crate::{
    loading::{ComponentFile, LoadError},
    plugin::PluginId,
    runtime::contained,
};

/// Result of a swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// There was no plugin of this name; now there is.
    Loaded(PluginId),
    /// The current plugin was replaced.
    Swapped {
        /// The plugin until now.
        from: PluginId,
        /// The plugin from now on.
        to: PluginId,
    },
    /// It is tried in the shadow of the current plugin.
    Shadowing {
        /// The current plugin.
        current: PluginId,
        /// The plugin that is tried.
        shadow: PluginId,
    },
    /// It is the current plugin already, or is being tried already.
    Unchanged(PluginId),
    /// It is a version that failed before, found in a folder. Only [`Registry::swap`](super::Registry::swap) takes it
    /// back.
    Quarantined(PluginId),
}

/// A request to change a version.
#[derive(Clone, Copy, Default)]
pub(super) struct SwapRequest<'a> {
    /// The strategy that the plugin must be; none for the one that it says it is.
    pub(super) name: Option<&'a str>,
    /// The terms of a trial, if it is tried first.
    pub(super) trial: Option<Trial>,
    /// A quarantined version is taken too.
    pub(super) even_quarantined: bool,
}

/// Installs a version that has passed all checks, during a change.
pub(super) type Install = dyn Fn(&Arc<Slot>, Arc<Version>) -> Result<Swap, SwapError>;

/// Makes the plugin in a file the current one.
pub(super) fn swap(slots: &Slots, request: SwapRequest<'_>, path: &Path) -> Result<Swap, SwapError> {
    from_path(slots, request, path, &switching)
}

/// As [`swap`], for a file that was read.
pub(super) fn change(
    slots: &Slots,
    request: SwapRequest<'_>,
    path: &Path,
    file: &ComponentFile,
) -> Result<Swap, SwapError> {
    install(slots, request, path, file, &switching)
}

#[expect(clippy::unnecessary_wraps, reason = "it is an `Install`")]
fn switching(slot: &Arc<Slot>, version: Arc<Version>) -> Result<Swap, SwapError> {
    Ok(switch(slot, version))
}

/// Reads a file, and [installs](install) its plugin.
pub(super) fn from_path(
    slots: &Slots,
    request: SwapRequest<'_>,
    path: &Path,
    how: &Install,
) -> Result<Swap, SwapError> {
    match slots.host.read(path) {
        Ok(file) => install(slots, request, path, &file, how),
        Err(error) => Err(not_read(slots, request, path, error)),
    }
}

/// Tells operators of a file that cannot be read.
pub(super) fn not_read(slots: &Slots, request: SwapRequest<'_>, path: &Path, error: LoadError) -> SwapError {
    let error = SwapError::Load(error);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    report_failure(path, &error, kept(slots, request, &name).as_deref());
    error
}

/// Takes a plugin through all checks and installs it, and tells operators what came of it. Who watches a folder relies
/// on it that no file makes this panic.
pub(super) fn install(
    slots: &Slots,
    request: SwapRequest<'_>,
    path: &Path,
    file: &ComponentFile,
    how: &Install,
) -> Result<Swap, SwapError> {
    let mut slot = None;
    let result = contained(|| try_to_install(slots, request, file, how, &mut slot))
        .unwrap_or_else(|message| Err(LoadError::Panicked { plugin: file.id().clone(), message }.into()));
    match &result {
        Ok(swap) => report(path, swap),
        Err(error) => {
            let kept = slot.or_else(|| kept(slots, request, file.id().name()));
            report_failure(path, error, kept.as_deref());
        }
    }
    result
}

/// The strategy whose version is kept where a file does not say which one it is.
fn kept(slots: &Slots, request: SwapRequest<'_>, file_name: &str) -> Option<Arc<Slot>> {
    request.name.map_or_else(|| slots.of_file(file_name), |name| slots.get(name).ok())
}

fn try_to_install(
    slots: &Slots,
    request: SwapRequest<'_>,
    file: &ComponentFile,
    how: &Install,
    found: &mut Option<Arc<Slot>>,
) -> Result<Swap, SwapError> {
    let id = file.id();
    // Before the work of loading it.
    let is_done = |slot: Arc<Slot>| nothing_to_do(&slot, &slot.begin_change(), request, id);
    if let Some(done) = request.name.and_then(|name| slots.get(name).ok()).and_then(is_done) {
        return Ok(done);
    }
    let plugin = slots.host.load_file(file)?;
    let description = plugin.in_background().describe().map_err(SwapError::Describe)?;
    description::check(&description).map_err(|problem| SwapError::Description { plugin: id.clone(), problem })?;
    if let Some(expected) = request.name.filter(|name| *name != description.name) {
        return Err(SwapError::Name { plugin: id.clone(), expected: expected.to_owned(), found: description.name });
    }
    let name = description.name.clone();
    let guard = slots.options.guards.get(&name).copied().unwrap_or(slots.options.guard);
    let version = Version { plugin: plugin.with_guard(guard), description };
    let Some((slot, version)) = slots.get_or_insert(&name, version) else {
        return Ok(Swap::Loaded(id.clone()));
    };
    let slot = &*found.insert(slot);
    let change = slot.begin_change();
    if let Some(done) = nothing_to_do(slot, &change, request, id) {
        return Ok(done);
    }
    change.checks.pass(&version)?;
    how(slot, Arc::new(version))
}

/// The result for a plugin that need not be changed to, or must not.
fn nothing_to_do(slot: &Slot, change: &Change, request: SwapRequest<'_>, id: &PluginId) -> Option<Swap> {
    let versions = slot.versions();
    let current = versions.current.plugin.id();
    if current.digest() == id.digest() {
        return Some(Swap::Unchanged(current.clone()));
    }
    let tried = versions.tried.as_deref().filter(|_| request.trial.is_some());
    if tried.is_some_and(|tried| tried.shadow.version().digest() == id.digest()) {
        return Some(Swap::Unchanged(id.clone()));
    }
    let is_quarantined = !request.even_quarantined && change.quarantined.contains(id.digest());
    is_quarantined.then(|| Swap::Quarantined(id.clone()))
}

/// Switches to a version, during a change.
pub(super) fn switch(slot: &Slot, version: Arc<Version>) -> Swap {
    let to = version.plugin.id().clone();
    Swap::Swapped { from: slot.switch(version), to }
}

/// Tells operators what came of a swap.
pub(super) fn report(file: &Path, swap: &Swap) {
    let file = file.display();
    let label = match swap {
        Swap::Loaded(plugin) => {
            tracing::info!(%file, %plugin, "loaded");
            "loaded"
        }
        Swap::Swapped { from, to } => {
            tracing::info!(%file, %from, %to, "swapped");
            "swapped"
        }
        Swap::Shadowing { current, shadow } => {
            tracing::info!(%file, %current, %shadow, "trying a version in the shadow");
            "shadowing"
        }
        Swap::Unchanged(plugin) => {
            tracing::debug!(%file, %plugin, "unchanged");
            "unchanged"
        }
        Swap::Quarantined(plugin) => {
            tracing::warn!(%file, %plugin, "not swapped: this version failed before, and is quarantined");
            "quarantined"
        }
    };
    count(label);
}

/// Tells operators of a swap that failed, and which strategy keeps its version.
pub(super) fn report_failure(file: &Path, error: &SwapError, kept: Option<&Slot>) {
    let (file, cause) = (file.display(), std::error::Error::source(error).map(ToString::to_string));
    if let Some(slot) = kept {
        let (strategy, versions) = (slot.name(), slot.versions());
        let version = &versions.current.description.version;
        tracing::error!(%file, strategy, %error, cause, "swap failed; keeping {version}");
    } else {
        tracing::error!(%file, %error, cause, "swap failed");
    }
    count("failed");
}

fn count(result: &'static str) {
    counter!("pointsman_swaps_total", "result" => result).increment(1);
}
