//! What a route is to somebody who looks on: one symbol in the timeline, one layer in the chart.

use anstyle::Style;
use pointsman::{Route, RouteEnd, RouteStatus};
use serde::Serialize;

use crate::{record::Record, show::style};

/// Class of a route. Old and new differ in shape as well as in colour: squares and circles. In the order of the chart's
/// layers, from below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Of another revision than the deploying one, ready and in traffic.
    OldServing,
    /// Of the deploying revision, ready and in traffic.
    NewServing,
    /// Of the deploying revision, on standby: taken out of traffic, and kept.
    NewStandby,
    /// Of the deploying revision, ready but not in traffic.
    NewReady,
    /// Of the deploying revision, running but not ready.
    NewUnready,
    /// Of the deploying revision, provisioning.
    NewStarting,
    /// Of another revision, on standby: kept for a way back.
    OldStandby,
    /// Of another revision, ready but not in traffic, and not approved.
    OldReady,
    /// Of another revision, running but not ready.
    OldUnready,
    /// Of another revision, provisioning: a way back needs it.
    OldStarting,
    /// Of another revision, drained and not yet gone.
    OldStopping,
    /// Of the deploying revision, drained and not yet gone.
    NewStopping,
    /// Lost its place, whatever its revision.
    Evicted,
    /// Ended by itself, whatever its revision.
    Failed,
}

// === impl Class ===

impl Class {
    /// All classes, in the order of the layers.
    pub const ALL: [Self; 14] = [
        Self::OldServing,
        Self::NewServing,
        Self::NewStandby,
        Self::NewReady,
        Self::NewUnready,
        Self::NewStarting,
        Self::OldStandby,
        Self::OldReady,
        Self::OldUnready,
        Self::OldStarting,
        Self::OldStopping,
        Self::NewStopping,
        Self::Evicted,
        Self::Failed,
    ];

    /// The class of a route; none for one that is gone and no concern any more.
    pub(crate) fn of(route: &Route, has_ended: bool, deploying_revision: &str) -> Option<Self> {
        let is_new = route.revision == deploying_revision;
        Some(match route.status {
            _ if has_ended && route.end == Some(RouteEnd::Evicted) => Self::Evicted,
            _ if has_ended => Self::Failed,
            RouteStatus::Terminating if is_new => Self::NewStopping,
            RouteStatus::Terminating => Self::OldStopping,
            RouteStatus::Terminated | RouteStatus::FailedToStart => return None,
            RouteStatus::Provisioning if is_new => Self::NewStarting,
            RouteStatus::Provisioning => Self::OldStarting,
            RouteStatus::Running => match (route.is_ready(), route.is_serving(), route.is_standby()) {
                (false, ..) if is_new => Self::NewUnready,
                (false, ..) => Self::OldUnready,
                (_, true, _) if is_new => Self::NewServing,
                (_, true, _) => Self::OldServing,
                (.., true) if is_new => Self::NewStandby,
                (.., true) => Self::OldStandby,
                _ if is_new => Self::NewReady,
                _ => Self::OldReady,
            },
        })
    }

    /// Its name in legends.
    pub fn name(self) -> &'static str {
        match self {
            Self::OldServing => "old, serving",
            Self::NewServing => "new, serving",
            Self::NewStandby => "new, on standby",
            Self::NewReady => "new, ready, out of traffic",
            Self::NewUnready => "new, not ready",
            Self::NewStarting => "new, starting",
            Self::OldStandby => "old, on standby",
            Self::OldReady => "old, ready, out of traffic",
            Self::OldUnready => "old, not ready",
            Self::OldStarting => "old, starting",
            Self::OldStopping => "old, stopping",
            Self::NewStopping => "new, stopping",
            Self::Evicted => "evicted",
            Self::Failed => "failed",
        }
    }

    /// Its name in a run's legends: what leaves the picture is counted there.
    pub(crate) fn name_in(self, record: &Record) -> String {
        match self {
            Self::Failed => format!("failed, {} in all", record.failed),
            Self::Evicted => format!("evicted, {} in all", record.evicted),
            class => class.name().to_owned(),
        }
    }

    /// Its symbol, one column wide.
    pub fn symbol(self) -> char {
        match self {
            Self::OldServing => '■',
            Self::NewServing => '●',
            Self::NewStandby => '◎',
            Self::NewReady => '◉',
            Self::NewUnready => '◐',
            Self::NewStarting => '○',
            Self::OldStandby => '▣',
            Self::OldReady => '▢',
            Self::OldUnready => '□',
            Self::OldStarting => '◇',
            Self::OldStopping => '▫',
            Self::NewStopping => '◦',
            Self::Evicted => '÷',
            Self::Failed => '×',
        }
    }

    /// Its colour on a terminal.
    pub fn style(self) -> Style {
        match self {
            Self::OldServing | Self::OldStandby | Self::OldReady => style::BLUE,
            Self::NewServing | Self::NewStandby | Self::NewReady => style::GREEN,
            Self::NewUnready | Self::NewStarting | Self::OldUnready | Self::OldStarting => style::WARNING,
            Self::OldStopping | Self::NewStopping => style::FAINT,
            Self::Evicted | Self::Failed => style::ERROR,
        }
    }
}
