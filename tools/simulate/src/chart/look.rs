//! How things look: the colours are told apart by people who see few of them (those of Okabe and Ito), the order of the
//! layers and the patterns by people who see none.

use crate::{class::Class, record::Ended};

pub(super) const INK: &str = "#222222";
pub(super) const FAINT: &str = "#767676";
/// On the fills of what serves as well as on white.
pub(super) const CAPACITY: &str = "#8f0a5e";
pub(super) const GRID: &str = "#e4e4e4";
/// Over the layers, which are to be seen through it.
pub(super) const OUTAGE: &str = "url(#outage)";
pub(super) const BELOW_FLOOR: &str = "url(#below-floor)";
/// Text of what must not be.
pub(super) const ALARM: &str = "#b03a00";

/// Colours of revisions, in the order in which they had traffic.
const REVISIONS: [&str; 5] = ["#0072b2", "#009e73", "#e69f00", "#cc79a7", "#56b4e9"];

/// A hatch for what is on its way in, stripes for what is kept, and dots for what is on its way out.
pub(super) const PATTERNS: &str = concat!(
    r#"<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">"#,
    r##"<rect width="6" height="6" fill="#e5f4ee"/><rect width="2" height="6" fill="#7cc8ae"/></pattern>"##,
    r#"<pattern id="blue-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">"#,
    r##"<rect width="6" height="6" fill="#dcebf5"/><rect width="2" height="6" fill="#7db8da"/></pattern>"##,
    r#"<pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse">"#,
    r##"<rect width="6" height="6" fill="#dcebf5"/><rect width="6" height="2" fill="#7db8da"/></pattern>"##,
    r#"<pattern id="green-stripes" width="6" height="6" patternUnits="userSpaceOnUse">"#,
    r##"<rect width="6" height="6" fill="#e5f4ee"/><rect width="6" height="2" fill="#7cc8ae"/></pattern>"##,
    r#"<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse">"#,
    r##"<rect width="6" height="6" fill="#f2f2f2"/><circle cx="3" cy="3" r="1.2" fill="#9a9a9a"/></pattern>"##,
    r#"<pattern id="outage" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">"#,
    r##"<rect width="8" height="8" fill="#d55e00" fill-opacity="0.35"/>"##,
    r##"<rect width="4" height="8" fill="#d55e00" fill-opacity="0.6"/></pattern>"##,
    r#"<pattern id="below-floor" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">"#,
    r##"<rect width="8" height="8" fill="#d55e00" fill-opacity="0.12"/>"##,
    r##"<rect width="2" height="8" fill="#d55e00" fill-opacity="0.6"/></pattern></defs>"##,
);

/// The colour of the revision that had traffic as so many others had it before.
pub(super) fn revision(place: usize) -> &'static str {
    REVISIONS[place % REVISIONS.len()]
}

/// The id of a class's layer.
pub(super) fn layer(class: Class) -> &'static str {
    match class {
        Class::OldServing => "old-serving",
        Class::NewServing => "new-serving",
        Class::NewStandby => "new-standby",
        Class::NewReady => "new-ready",
        Class::NewUnready => "new-unready",
        Class::NewStarting => "new-starting",
        Class::OldStandby => "old-standby",
        Class::OldReady => "old-ready",
        Class::OldUnready => "old-unready",
        Class::OldStarting => "old-starting",
        Class::OldStopping => "old-stopping",
        Class::NewStopping => "new-stopping",
        Class::Evicted => "evicted",
        Class::Failed => "failed",
    }
}

/// Fill of its layer.
pub(super) fn fill(class: Class) -> &'static str {
    match class {
        Class::OldServing => "#0072b2",
        Class::NewServing => "#009e73",
        Class::NewStandby => "url(#green-stripes)",
        Class::NewReady => "#8fd6bf",
        Class::NewUnready => "#f0e442",
        Class::NewStarting => "url(#hatch)",
        Class::OldStandby => "url(#stripes)",
        Class::OldReady => "#b8d4e6",
        Class::OldUnready => "#cc79a7",
        Class::OldStarting => "url(#blue-hatch)",
        Class::OldStopping | Class::NewStopping => "url(#dots)",
        Class::Evicted => "#e69f00",
        Class::Failed => "#d55e00",
    }
}

/// The colour of how it ended: well, otherwise, or badly.
pub(super) fn end(ended: &Ended) -> &'static str {
    match ended {
        Ended::Completed => "#009e73",
        Ended::RolledBack | Ended::Waiting(_) | Ended::StillRunning => "#e69f00",
        Ended::Rejected | Ended::Refused | Ended::TooManyRoutes => "#d55e00",
    }
}
