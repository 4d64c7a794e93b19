//! Change of a strategy's version: everything that can fail first, then the switch.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use metrics::counter;

use super::{
    description,
    error::{SwapError, UnknownStrategy, names},
    rivals::{Held, Rivals},
    slot::Slot,
    slots::Slots,
    state::Good,
    trial::Trial,
    version::Version,
};
use crate::{
    loading::{ComponentFile, LoadError},
    plugin::PluginId,
    runtime::contained,
    text::{shown, shown_path},
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

/// Makes the newest version of each strategy in a folder the current one; what came of each file, in order. What is
/// missing after that comes from the state folder.
pub(super) fn load_all(slots: &Slots, paths: &[PathBuf]) -> Vec<(PathBuf, Result<Swap, SwapError>)> {
    let (mut files, mut results) = (vec![], BTreeMap::new());
    for path in paths {
        match slots.host.read(path) {
            Ok(file) => files.push((path.clone(), file)),
            Err(error) => {
                let error = not_loaded(slots, SwapRequest::default(), path, error.into());
                results.insert(path.clone(), Err(error));
            }
        }
    }
    results.extend(change_all(slots, SwapRequest::default(), &files, &mut Rivals::new(), &switching));
    let mut results: Vec<_> = results.into_iter().collect();
    results.extend(fall_back(slots));
    results
}

/// Installs what is in files of a folder that were read, of each strategy the newest version last, and tells operators
/// what came of it. `held` are all files of the folder as far as they are known; those that are given are noted there.
/// Who watches a folder relies on it that no file makes this panic.
pub(super) fn change_all(
    slots: &Slots,
    request: SwapRequest<'_>,
    files: &[(PathBuf, ComponentFile)],
    held: &mut Rivals,
    how: &Install,
) -> Vec<(PathBuf, Result<Swap, SwapError>)> {
    let (mut results, mut versions) = (vec![], vec![]);
    for (path, file) in files {
        held.remove(path);
        if let Some(slot) = slots.of_digest(file.id().digest()) {
            held.insert(path.clone(), Held::of(&slot.versions().current));
        }
        let loaded = safely(file.id(), || match nothing_to_load(slots, request, file.id()) {
            Some(done) => Ok(Err(done)),
            None => load_version(slots, None, file).map(Ok),
        });
        match loaded {
            Ok(Ok(version)) => {
                let file = Held::of(&version);
                held.insert(path.clone(), file.clone());
                versions.push((path, file, version));
            }
            Ok(Err(done)) => results.push((path.clone(), told(slots, request, path, file.id(), Ok(done), None))),
            Err(error) => results.push((path.clone(), told(slots, request, path, file.id(), Err(error), None))),
        }
    }
    versions.sort_by(|(a_path, a, _), (b_path, b, _)| a.compare(b).then_with(|| a_path.cmp(b_path)));
    for (path, file, version) in versions {
        let (id, mut slot) = (version.plugin.id().clone(), slots.get(&version.description.name).ok());
        let running = slot.iter().flat_map(|slot| slot.running()).collect::<Vec<_>>();
        let result = match file.objection(held, &running) {
            Some(objection) => Err(objection),
            None => safely(&id, || switched(slots, request, version, how, &mut slot)),
        };
        results.push((path.clone(), told(slots, request, path, &id, result, slot)));
    }
    results
}

/// Loads the last good version of each strategy of which nothing was loaded; what came of each. Tells operators which
/// strategies are missing.
pub(super) fn fall_back(slots: &Slots) -> Vec<(PathBuf, Result<Swap, SwapError>)> {
    let good = slots.state.good(&slots.host, |strategy| slots.get(strategy).is_err());
    let load = |good: Good| {
        let (strategy, version) = (&good.strategy, shown(&good.version));
        let request = SwapRequest { name: Some(strategy), ..SwapRequest::default() };
        let result = install(slots, request, &good.path, &good.file, &switching);
        if result.is_ok() {
            let is_quarantined = !slots.state.quarantined(strategy).is_empty();
            let why = if is_quarantined { "another version is quarantined" } else { "nothing else loads" };
            tracing::warn!(strategy, version, "loaded the last good version {version} of `{strategy}`: {why}");
        }
        (good.path, result)
    };
    let results = good.into_iter().map(load).collect();
    for UnknownStrategy { name, known } in slots.missing_guards() {
        let (name, known) = (shown(&name), names(&known));
        tracing::warn!("`guards` has a policy for `{name}`, which is not loaded; there is {known}");
    }
    results
}

#[expect(clippy::unnecessary_wraps, reason = "it is an `Install`")]
pub(super) fn switching(slot: &Arc<Slot>, version: Arc<Version>) -> Result<Swap, SwapError> {
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
        Err(error) => Err(not_loaded(slots, request, path, error.into())),
    }
}

/// Tells operators of a file that cannot be read.
pub(super) fn not_loaded(slots: &Slots, request: SwapRequest<'_>, path: &Path, error: SwapError) -> SwapError {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    report_failure(path, &error, kept(slots, request, &name).as_deref());
    error
}

/// Takes a plugin through all checks and installs it, and tells operators what came of it.
pub(super) fn install(
    slots: &Slots,
    request: SwapRequest<'_>,
    path: &Path,
    file: &ComponentFile,
    how: &Install,
) -> Result<Swap, SwapError> {
    let mut slot = None;
    let result = safely(file.id(), || {
        // Before the work of loading it.
        if let Some(done) = nothing_to_load(slots, request, file.id()) {
            return Ok(done);
        }
        let version = load_version(slots, request.name, file)?;
        switched(slots, request, version, how, &mut slot)
    });
    told(slots, request, path, file.id(), result, slot)
}

/// Does something with a plugin, and makes an error of a panic.
fn safely<T>(plugin: &PluginId, act: impl FnOnce() -> Result<T, SwapError>) -> Result<T, SwapError> {
    contained(act).unwrap_or_else(|message| Err(LoadError::Panicked { plugin: plugin.clone(), message }.into()))
}

/// Tells operators of a result.
fn told(
    slots: &Slots,
    request: SwapRequest<'_>,
    path: &Path,
    plugin: &PluginId,
    result: Result<Swap, SwapError>,
    slot: Option<Arc<Slot>>,
) -> Result<Swap, SwapError> {
    match &result {
        Ok(swap) => report(path, swap),
        Err(error) => {
            let kept = slot.or_else(|| kept(slots, request, plugin.name()));
            report_failure(path, error, kept.as_deref());
        }
    }
    result
}

/// The strategy whose version is kept where a file does not say which one it is.
fn kept(slots: &Slots, request: SwapRequest<'_>, file_name: &str) -> Option<Arc<Slot>> {
    request.name.map_or_else(|| slots.of_file(file_name), |name| slots.get(name).ok())
}

/// Loads a file, and asks it what it is.
fn load_version(slots: &Slots, expected: Option<&str>, file: &ComponentFile) -> Result<Version, SwapError> {
    let id = file.id();
    let plugin = slots.host.load_file(file)?;
    let description = plugin.in_background().describe().map_err(SwapError::Describe)?;
    description::check(&description).map_err(|problem| SwapError::Description { plugin: id.clone(), problem })?;
    if let Some(expected) = expected.filter(|name| *name != description.name) {
        return Err(SwapError::Name { plugin: id.clone(), expected: expected.to_owned(), found: description.name });
    }
    let guard = slots.options.guards.get(&description.name).copied().unwrap_or(slots.options.guard);
    let content = slots.state.keeps_good().then(|| file.bytes().into());
    Ok(Version { plugin: plugin.with_guard(guard), description, content })
}

/// Installs a version that was loaded. What strategy it is of is put into `found`, where there was a version before.
fn switched(
    slots: &Slots,
    request: SwapRequest<'_>,
    version: Version,
    how: &Install,
    found: &mut Option<Arc<Slot>>,
) -> Result<Swap, SwapError> {
    let (id, name) = (version.plugin.id().clone(), version.description.name.clone());
    let Some((slot, version)) = slots.get_or_insert(&name, version)? else {
        slots.state.release(id.digest());
        return Ok(Swap::Loaded(id));
    };
    let slot = &*found.insert(slot);
    let checks = slot.begin_change();
    if let Some(done) = nothing_to_do(slots, slot, request, &id) {
        return Ok(done);
    }
    checks.pass(&version)?;
    how(slot, Arc::new(version))
}

/// The result for a file that need not be loaded, or must not.
fn nothing_to_load(slots: &Slots, request: SwapRequest<'_>, id: &PluginId) -> Option<Swap> {
    let slot = match request.name {
        Some(name) => slots.get(name).ok(),
        None => slots.of_digest(id.digest()),
    };
    match slot {
        Some(slot) => {
            let _change = slot.begin_change();
            nothing_to_do(slots, &slot, request, id)
        }
        None => quarantined(slots, request, id),
    }
}

/// The result for a plugin that need not be changed to, or must not, during a change.
fn nothing_to_do(slots: &Slots, slot: &Slot, request: SwapRequest<'_>, id: &PluginId) -> Option<Swap> {
    let versions = slot.versions();
    let current = versions.current.plugin.id();
    if current.digest() == id.digest() {
        return Some(Swap::Unchanged(current.clone()));
    }
    let tried = versions.tried.as_deref().filter(|_| request.trial.is_some());
    if tried.is_some_and(|tried| tried.shadow.version().digest() == id.digest()) {
        return Some(Swap::Unchanged(id.clone()));
    }
    quarantined(slots, request, id)
}

fn quarantined(slots: &Slots, request: SwapRequest<'_>, id: &PluginId) -> Option<Swap> {
    let is_quarantined = !request.even_quarantined && slots.state.is_quarantined(id.digest());
    is_quarantined.then(|| Swap::Quarantined(id.clone()))
}

/// Switches to a version, during a change.
pub(super) fn switch(slot: &Slot, version: Arc<Version>) -> Swap {
    let to = version.plugin.id().clone();
    Swap::Swapped { from: slot.switch(version), to }
}

/// Tells operators what came of a swap.
pub(super) fn report(file: &Path, swap: &Swap) {
    let file = shown_path(file);
    let label = match swap {
        Swap::Loaded(plugin) => {
            tracing::info!(file, %plugin, "loaded");
            "loaded"
        }
        Swap::Swapped { from, to } => {
            tracing::info!(file, %from, %to, "swapped");
            "swapped"
        }
        Swap::Shadowing { current, shadow } => {
            tracing::info!(file, %current, %shadow, "trying a version in the shadow");
            "shadowing"
        }
        Swap::Unchanged(plugin) => {
            tracing::debug!(file, %plugin, "unchanged");
            "unchanged"
        }
        Swap::Quarantined(plugin) => {
            tracing::warn!(file, %plugin, "not swapped: this version failed before, and is quarantined");
            "quarantined"
        }
    };
    count(label);
}

/// Tells operators of a swap that failed, and which strategy keeps its version.
pub(super) fn report_failure(file: &Path, error: &SwapError, kept: Option<&Slot>) {
    let (file, cause) = (shown_path(file), std::error::Error::source(error).map(|cause| shown(&cause.to_string())));
    if let Some(slot) = kept {
        let (strategy, versions) = (slot.name(), slot.versions());
        let version = &versions.current.description.version;
        tracing::error!(file, strategy, %error, cause, "swap failed; keeping {version}");
    } else {
        tracing::error!(file, %error, cause, "swap failed");
    }
    count("failed");
}

fn count(result: &'static str) {
    counter!("pointsman_swaps_total", "result" => result).increment(1);
}
