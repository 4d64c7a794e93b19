//! What operators do, and what a host makes of it.

use std::fmt;

use pointsman::Operator;
use serde::Deserialize;

/// An operator's action.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorAction {
    /// Requests the promotion, at once.
    Promote,
    /// Requests the way back.
    Abort,
    /// Holds the rollout.
    Pause,
    /// Ends a pause.
    Resume,
    /// Passes the gate that the last applied plan waits at, whichever it is.
    Advance,
    /// Passes this gate, which the person saw when they clicked.
    #[serde(skip)]
    PassGate(String),
    /// Withdraws every request, and every gate that was passed.
    TakeBack,
}

// === impl OperatorAction ===

impl OperatorAction {
    /// Records the action as a host does. `gate` is the one that the last applied plan waits at: a host appends no
    /// other, so that a late click does nothing. Returns whether the action had an effect.
    pub fn record(&self, operator: &mut Operator, gate: Option<&str>) -> bool {
        match self {
            Self::Promote => operator.promote = true,
            Self::Abort => operator.abort = true,
            Self::Pause => operator.pause = true,
            Self::Resume => operator.pause = false,
            Self::Advance => return gate.is_some_and(|gate| pass(operator, gate)),
            Self::PassGate(seen) => return gate == Some(seen.as_str()) && pass(operator, seen),
            Self::TakeBack => *operator = Operator::default(),
        }
        true
    }
}

/// Appends a gate, once.
fn pass(operator: &mut Operator, gate: &str) -> bool {
    let is_new = !operator.passed_gates.iter().any(|passed| passed == gate);
    if is_new {
        operator.passed_gates.push(gate.to_owned());
    }
    is_new
}

impl fmt::Display for OperatorAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Promote => f.write_str("operator asks to promote"),
            Self::Abort => f.write_str("operator asks to abort"),
            Self::Pause => f.write_str("operator pauses"),
            Self::Resume => f.write_str("operator resumes"),
            Self::Advance => f.write_str("operator advances"),
            Self::PassGate(gate) => write!(f, "operator passes the gate {gate}"),
            Self::TakeBack => f.write_str("operator takes it back"),
        }
    }
}

#[cfg(test)]
mod tests {
    use pointsman::Operator;
    use rstest::rstest;

    use super::OperatorAction;

    #[rstest]
    #[case::advance(OperatorAction::Advance, Some("preview"), &["preview"])]
    #[case::the_one_seen(OperatorAction::PassGate("preview".to_owned()), Some("preview"), &["preview"])]
    #[case::at_no_gate(OperatorAction::Advance, None, &[])]
    #[case::late(OperatorAction::PassGate("preview".to_owned()), Some("promotion"), &[])]
    #[case::late_at_no_gate(OperatorAction::PassGate("preview".to_owned()), None, &[])]
    fn only_the_gate_that_is_waited_at_is_passed(
        #[case] action: OperatorAction,
        #[case] gate: Option<&str>,
        #[case] passed: &[&str],
    ) {
        let mut operator = Operator::default();

        assert_eq!(action.record(&mut operator, gate), !passed.is_empty());
        // Clicked twice, before a plan has been applied.
        assert!(!action.record(&mut operator, gate));
        assert_eq!(operator.passed_gates, passed);
    }

    #[test]
    fn the_last_action_counts() {
        let mut operator = Operator::default();
        for action in [OperatorAction::Pause, OperatorAction::Promote, OperatorAction::Resume] {
            assert!(action.record(&mut operator, None));
        }
        assert_eq!(operator, Operator { promote: true, ..Operator::default() });
        assert!(OperatorAction::Abort.record(&mut operator, None) && operator.abort);
        assert!(OperatorAction::TakeBack.record(&mut operator, None));
        assert_eq!(operator, Operator::default());
    }
}
