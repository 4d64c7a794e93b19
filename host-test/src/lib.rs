//! Helpers of the tests of the built components.
#![forbid(unsafe_code)]

pub mod clock;
pub mod crash;
pub mod dear;
pub mod ways;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use pointsman::{
    EvaluationError, HealthStatus, Labels, Route, RouteChanges, RouteStatus, Spec, Timestamp, TrafficStatus,
};
use pointsman_host::{EvaluateError, Host, Limits, Plugin, registry::Cycle};

/// A host with default limits, for all tests of one binary. It keeps what it compiles, which takes a second or so in a
/// debug build.
pub static HOST: LazyLock<Host> = LazyLock::new(|| cached_host(Limits::default()));

/// A host with other limits, which keeps what it compiles.
///
/// # Panics
/// Where nothing could run under the limits.
pub fn cached_host(limits: Limits) -> Host {
    let cache = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/test-cache");
    Host::with_cache(limits, cache).expect("the limits work")
}

/// The blue-green component on [`HOST`].
pub static BLUE_GREEN: LazyLock<Plugin> = LazyLock::new(|| load(&HOST, "plugins/blue_green.wasm"));

/// The rolling update component on [`HOST`].
pub static ROLLING_UPDATE: LazyLock<Plugin> = LazyLock::new(|| load(&HOST, "plugins/rolling_update.wasm"));

/// The hostile guest on [`HOST`].
pub static HOSTILE: LazyLock<Plugin> = LazyLock::new(|| load(&HOST, "guests/hostile.wasm"));

/// The path of a built component.
///
/// # Panics
/// Where it was not built.
pub fn component(path: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target").join(path);
    assert!(path.exists(), "{} is not there: run `make components` first", path.display());
    path
}

/// A component's bytes with some of them written over by others of the same length, everywhere.
///
/// # Panics
/// Where they are not there.
pub fn patched(path: &str, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = fs::read(component(path)).expect("it was built");
    let places: Vec<usize> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| *window == from.as_bytes())
        .map(|(i, _)| i)
        .collect();
    assert!(!places.is_empty(), "`{from}` is not in {path}");
    for place in places {
        bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

/// The version of the hostile guest that has this mode.
pub fn hostile_version(mode: &str) -> Vec<u8> {
    const PADDED: usize = 16;
    patched(
        "guests/hostile.wasm",
        &format!("hostile-mode:{:PADDED$}", "honest"),
        &format!("hostile-mode:{mode:PADDED$}"),
    )
}

/// The component with another version of its own; that of the contract stays.
///
/// # Panics
/// Where the version is not as long as the one it replaces.
pub fn versioned(component: &[u8], version: &str) -> Vec<u8> {
    const BUILT: &[u8] = b"0.2.0";
    assert_eq!(version.len(), BUILT.len());
    let mut bytes = component.to_vec();
    for i in 1..bytes.len() - BUILT.len() {
        if bytes[i..].starts_with(BUILT) && bytes[i - 1] != b'@' {
            bytes[i..i + BUILT.len()].copy_from_slice(version.as_bytes());
        }
    }
    bytes
}

/// Longer than anything that a test waits for, so that a broken one ends.
pub const LONG: Duration = Duration::from_mins(2);

/// A cycle of some deployment, without a policy of its own.
pub fn cycle<'a>(routes: &'a [Route], spec: &'a Spec) -> Cycle<'a> {
    cycle_of("some", routes, spec)
}

/// A cycle of a deployment, without a policy of its own.
pub fn cycle_of<'a>(deployment: &'a str, routes: &'a [Route], spec: &'a Spec) -> Cycle<'a> {
    Cycle { deployment, routes, spec, policy: None }
}

/// A folder of plugins, which goes when it is dropped.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// An empty one.
    ///
    /// # Panics
    /// Where there is no place for it.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("there is a place for it"))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, in one go: it appears whole.
    ///
    /// # Panics
    /// Where that is not possible.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let (path, part) = (self.0.path().join(name), self.0.path().join(format!("{name}.part")));
        fs::write(&part, bytes).and_then(|()| fs::rename(&part, &path)).expect("the folder can be written to");
        path
    }

    /// A copy of a component. Copies of other numbers have other digests: each has a custom section of its own.
    pub fn copy(&self, source: &str, number: u8) -> PathBuf {
        self.write(&format!("{number}.wasm"), &numbered(&fs::read(component(source)).expect("it was built"), number))
    }
}

/// The component with a custom section more, and so another digest.
pub fn numbered(component: &[u8], number: u8) -> Vec<u8> {
    // Section 0, three bytes long: the name `n` with its length, and the number.
    [component, &[0, 3, 1, b'n', number]].concat()
}

/// Loads a built component.
///
/// # Panics
/// Where it cannot be loaded.
pub fn load(host: &Host, path: &str) -> Plugin {
    host.load(component(path)).unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)))
}

/// A spec for v2 and three replicas, one millisecond after the start.
pub fn spec(config: &str) -> Spec {
    let (started_at, now) = (Timestamp::from_millis(0), Timestamp::from_millis(1));
    Spec { config: config.to_owned(), ..Spec::new("v2", 3, started_at, now) }
}

/// Ready routes of v2 that are out of traffic: `r-1`, `r-2` and so on.
pub fn ready_routes(count: usize) -> Vec<Route> {
    let route = |i| Route {
        id: format!("r-{i}"),
        revision: "v2".to_owned(),
        status: RouteStatus::Running,
        health: HealthStatus::Healthy,
        traffic_status: TrafficStatus::Inactive,
        traffic_ratio: 0.0,
        created_at: Timestamp::from_millis(0),
        status_updated_at: None,
        end: None,
        labels: Labels::default(),
    };
    (1..=count).map(route).collect()
}

/// A spec that tells the hostile guest what to do.
pub fn misdeed(word: &str) -> Spec {
    spec(&format!(r#"{{"misdeed": "{word}"}}"#))
}

/// An evaluation's result in the native code's terms.
///
/// # Errors
/// The plugin's words against its input.
///
/// # Panics
/// Where the call failed, or the guard rejected the plan.
pub fn verdict(result: Result<RouteChanges, EvaluateError>) -> Result<RouteChanges, EvaluationError> {
    result.map_err(|error| match error {
        EvaluateError::InvalidConfig { message, .. } => EvaluationError::InvalidConfig(message),
        EvaluateError::InvalidSpec { message, .. } => EvaluationError::InvalidSpec(message),
        EvaluateError::InvalidRoutes { message, .. } => EvaluationError::InvalidRoutes(message),
        error => panic!("{error}"),
    })
}

/// Compiles and runs the Rust of the documentation's pages.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../docs/hosts.md")]
    struct Hosts;
    #[doc = include_str!("../../docs/swap.md")]
    struct Swap;
    #[doc = include_str!("../../docs/write-a-strategy.md")]
    struct WriteAStrategy;
}
