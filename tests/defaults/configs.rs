//! Configurations that people write.

use pointsman::{
    Commitment, EvaluationError, Route, RouteChanges, Spec, blue_green::BlueGreen, check_config, evaluate_cycle,
    rolling_update::RollingUpdate,
};

/// A strategy under one configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    is_blue_green: bool,
    pub(crate) config: &'static str,
}

const BLUE_GREEN: [&str; 17] = [
    "{}",
    r#"{"auto_promote": true}"#,
    r#"{"auto_promote": true, "promote_delay_seconds": 30}"#,
    r#"{"auto_promote": true, "progress_deadline_seconds": 600}"#,
    r#"{"auto_promote": true, "max_replacements": 2}"#,
    r#"{"auto_promote": true, "keep_blue_seconds": 300}"#,
    r#"{"auto_promote": true, "keep_blue_seconds": 3600, "max_replacements": 3, "progress_deadline_seconds": 1800}"#,
    r#"{"preview_replicas": 1}"#,
    r#"{"preview_replicas": 2, "keep_blue_seconds": 600}"#,
    r#"{"preview_replicas": 5, "auto_promote": true, "promote_delay_seconds": 60}"#,
    r#"{"keep_blue_seconds": 60}"#,
    r#"{"progress_deadline_seconds": 900, "max_replacements": 1}"#,
    r#"{"max_replacements": 10}"#,
    r#"{"auto_promote": true, "min_ready_seconds": 30, "progress_deadline_seconds": 600}"#,
    r#"{"auto_promote": true, "drain_delay_seconds": 15}"#,
    r#"{"approve_first": true, "auto_promote": true}"#,
    r#"{"no_room": "turns", "auto_promote": true}"#,
];

const ROLLING_UPDATE: [&str; 17] = [
    "{}",
    r#"{"max_surge": 1, "max_unavailable": 0}"#,
    r#"{"max_surge": 1, "max_unavailable": 1}"#,
    r#"{"max_surge": 0, "max_unavailable": 1}"#,
    r#"{"max_surge": 0, "max_unavailable": "25%"}"#,
    r#"{"max_surge": "25%", "max_unavailable": 0}"#,
    r#"{"max_surge": "100%", "max_unavailable": 0}"#,
    r#"{"max_surge": "50%", "max_unavailable": "50%"}"#,
    r#"{"max_surge": "10%", "max_unavailable": "10%", "progress_deadline_seconds": 600}"#,
    r#"{"max_surge": "33.3%", "max_unavailable": "33.3%"}"#,
    r#"{"max_surge": 3, "max_unavailable": 2}"#,
    r#"{"wait_for_termination": true}"#,
    r#"{"max_surge": 0, "max_unavailable": "100%"}"#,
    r#"{"min_ready_seconds": 30}"#,
    r#"{"drain_delay_seconds": 15}"#,
    r#"{"max_surge": "12.5%", "max_unavailable": "12.5%"}"#,
    r#"{"min_ready_seconds": 10, "drain_delay_seconds": 5, "progress_deadline_seconds": 600}"#,
];

/// Every strategy under every configuration.
pub(crate) fn all() -> Vec<Subject> {
    let of = |is_blue_green, configs: [&'static str; 17]| configs.map(|config| Subject { is_blue_green, config });
    [of(true, BLUE_GREEN), of(false, ROLLING_UPDATE)].concat()
}

impl Subject {
    /// Whether it may be rolled out within these limits.
    pub(crate) fn admits(self, target: u32, limits: Commitment) -> bool {
        let check = if self.is_blue_green { check_config::<BlueGreen> } else { check_config::<RollingUpdate> };
        check(self.config, target, Some(limits)).is_ok()
    }

    /// Whether it replaces a few routes at a time, however many there are.
    pub(crate) fn is_slow(self) -> bool {
        !self.is_blue_green && self.config.contains("\"max_surge\": ") && !self.config.contains('%')
    }

    pub(crate) fn evaluate(self, routes: &[Route], spec: &Spec) -> Result<RouteChanges, EvaluationError> {
        if self.is_blue_green {
            evaluate_cycle::<BlueGreen>(routes, spec)
        } else {
            evaluate_cycle::<RollingUpdate>(routes, spec)
        }
    }
}
