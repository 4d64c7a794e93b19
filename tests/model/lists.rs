//! What is checked: every strategy under every option, by itself and together with others.

use pointsman::{blue_green::BlueGreen, rolling_update::RollingUpdate};

use crate::{
    subject::{Limits, Subject},
    world::Budget,
};

/// Each thing may go wrong once, in any order with all others.
pub(crate) const ONCE: Budget =
    Budget { in_all: 3, crashes: 1, flaps: 1, evictions: 1, rescales: 1, wishes: 1, hands: 0, losses: 1, places: 0 };

/// For many options at once: fewer things go wrong.
pub(crate) const LESS: Budget = Budget { in_all: 2, ..ONCE };

/// For all options at once.
pub(crate) const LEAST: Budget = Budget { in_all: 1, ..ONCE };

/// For proxies with weights: a person sets them.
pub(crate) const HANDS: Budget = Budget { hands: 2, ..LESS };

/// For machines that are full.
pub(crate) const PLACES: Budget = Budget { places: 1, ..LESS };

/// For `make model`: three things in all, and each may happen twice.
pub(crate) fn deeper(budget: Budget) -> Budget {
    Budget { in_all: (budget.in_all + 1).min(3), crashes: 2, flaps: 2, wishes: 2, ..budget }
}

/// Blue-green under every option, by itself and together with others.
pub(crate) fn blue_green() -> Vec<(Subject, Budget)> {
    let auto = Subject::blue_green::<BlueGreen>;
    vec![
        (auto("{}"), ONCE),
        (auto("{}").with_check(), LESS),
        (auto(r#"{"auto_promote": true}"#).with_check(), LESS),
        (auto(r#"{"auto_promote": true, "promote_delay_seconds": 10}"#), LESS),
        (auto(r#"{"auto_promote": true, "progress_deadline_seconds": 20}"#), LEAST),
        (auto(r#"{"progress_deadline_seconds": 20}"#), LEAST),
        (auto(r#"{"auto_promote": true, "max_replacements": 1}"#), LESS),
        (auto(r#"{"auto_promote": true, "keep_blue_seconds": 20}"#).within(Limits::None), LESS),
        (auto(r#"{"keep_blue_seconds": 10, "max_replacements": 1}"#).with_check(), LEAST),
        (auto(r#"{"preview_replicas": 1}"#), LESS),
        (auto(r#"{"auto_promote": true, "preview_replicas": 2, "progress_deadline_seconds": 10}"#), LEAST),
        (
            auto(concat!(
                r#"{"auto_promote": true, "promote_delay_seconds": 10, "progress_deadline_seconds": 20, "#,
                r#""max_replacements": 1, "keep_blue_seconds": 20, "preview_replicas": 1}"#
            ))
            .with_check(),
            LEAST,
        ),
        (auto(r#"{"auto_promote": true, "keep_blue_seconds": 10}"#).with_weights(), HANDS),
        (auto(r#"{"auto_promote": true, "min_ready_seconds": 10}"#), LEAST),
        (auto(r#"{"auto_promote": true, "keep_blue_seconds": 10, "drain_delay_seconds": 20}"#), LEAST),
        (auto(r#"{"approve_first": true}"#), LEAST),
        (auto(r#"{"auto_promote": true}"#).within(Limits::OneMore), LESS),
        (auto(r#"{"auto_promote": true, "keep_blue_seconds": 10}"#).with_places(2), PLACES),
    ]
}

/// Rolling update under every option.
pub(crate) fn rolling_update() -> Vec<(Subject, Budget)> {
    let rolling = Subject::rolling_update::<RollingUpdate>;
    vec![
        (rolling("{}"), ONCE),
        (rolling("{}").with_check(), LESS),
        (rolling(r#"{"max_surge": 1, "max_unavailable": 0}"#), LESS),
        (rolling(r#"{"max_surge": 0, "max_unavailable": 1}"#).within(Limits::None), LESS),
        (rolling(r#"{"max_surge": 0, "max_unavailable": "25%"}"#), LESS),
        (rolling(r#"{"max_surge": "100%", "max_unavailable": 0}"#), LESS),
        (rolling(r#"{"max_surge": "50%", "max_unavailable": "50%"}"#).within(Limits::None), LESS),
        (rolling(r#"{"progress_deadline_seconds": 20}"#), LEAST),
        (rolling(r#"{"max_surge": 0, "max_unavailable": 1, "wait_for_termination": true}"#), LESS),
        (rolling(r#"{"max_surge": 1, "max_unavailable": 0, "min_ready_seconds": 10}"#), LEAST),
        (rolling(r#"{"max_surge": 1, "max_unavailable": 0, "drain_delay_seconds": 20}"#), LEAST),
        (rolling("{}").with_weights(), HANDS),
        (rolling("{}").within(Limits::Frozen), LESS),
        (rolling("{}").with_places(0), PLACES),
    ]
}

/// One strategy takes over from the other in mid-rollout, whatever has happened so far.
pub(crate) fn swaps() -> Vec<(Vec<Subject>, Budget)> {
    let blue_green = |config| Subject::blue_green::<BlueGreen>(config);
    let rolling_update = |config| Subject::rolling_update::<RollingUpdate>(config);
    vec![
        (vec![blue_green(r#"{"auto_promote": true, "keep_blue_seconds": 20}"#), rolling_update("{}")], LESS),
        (vec![blue_green("{}"), rolling_update(r#"{"max_surge": 0, "max_unavailable": 1}"#)], LESS),
        (vec![rolling_update("{}"), blue_green(r#"{"auto_promote": true, "keep_blue_seconds": 20}"#)], LESS),
    ]
}
