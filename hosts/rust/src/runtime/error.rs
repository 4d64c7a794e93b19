//! Reasons why there is no runtime.

use std::{error::Error, io, path::PathBuf};

use crate::text::shown_path;

/// The text and cause of an error from wasmtime or from the system.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// Represents a host that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// Represents a limit under which nothing could run.
    #[error("limit `{limit}` is too small: it must be at least {least}")]
    LimitTooSmall {
        /// The field of [`Limits`](crate::Limits).
        limit: &'static str,
        /// The least that it may be, with its unit.
        least: &'static str,
    },
    /// Represents a limit that no system could give.
    #[error("limit `{limit}` is too large: it must be at most {most}")]
    LimitTooLarge {
        /// The field of [`Limits`](crate::Limits).
        limit: &'static str,
        /// The most that it may be, with its unit.
        most: &'static str,
    },
    /// Represents an engine that does not start, most often for lack of address space for the instances.
    #[error("the engine does not start; lower the limit `instances` if address space is short")]
    Engine(#[source] Cause),
    /// Represents a failure to start the thread that ends endless loops.
    #[error("the thread that enforces the time limit does not start")]
    Ticker(#[source] io::Error),
    /// Represents a compile cache that cannot be used.
    #[error("cache folder `{}` cannot be used", shown_path(folder))]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        source: Cause,
    },
}
