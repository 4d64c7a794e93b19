//! Where a walk starts: strategies, their configurations, the operator's policy, the machine, and what the host tells.

use pointsman::{
    Amount, Commitment, EvaluationError, Route, RouteChanges, Spec, blue_green::BlueGreen, blue_green::BlueGreenConfig,
    evaluate_cycle, guard::Policy, rolling_update::RollingUpdate, rolling_update::RollingUpdateConfig,
};
use proptest::{option, prelude::*, sample::select};

use crate::{replica::Keeping, support::rule};

/// A strategy.
pub(crate) type Evaluate = fn(&[Route], &Spec) -> Result<RouteChanges, EvaluationError>;

/// The strategies that decide, right ones or spoiled ones.
#[derive(Clone, Copy)]
pub(crate) struct Strategies {
    pub(crate) blue_green: Evaluate,
    pub(crate) rolling_update: Evaluate,
}

impl Strategies {
    pub(crate) const SHIPPED: Self =
        Self { blue_green: evaluate_cycle::<BlueGreen>, rolling_update: evaluate_cycle::<RollingUpdate> };
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    BlueGreen,
    RollingUpdate,
}

/// What is there when the rollout starts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// The stable revision serves.
    Stable,
    /// So it does, beside a leftover.
    Beside(Leftover),
    /// The host knows no stable revision, and nothing is there.
    Nothing,
    /// It knows none, and routes of another revision serve.
    Unknown,
    /// It knows one of which nothing is left.
    Lost,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Leftover {
    Idle,
    OnStandby,
    Serving,
}

#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) first: Which,
    pub(crate) blue_green: BlueGreenConfig,
    pub(crate) rolling_update: RollingUpdateConfig,
    pub(crate) start: Start,
    pub(crate) target: u32,
    /// None where the host sends no limits.
    pub(crate) policy: Option<Policy>,
    pub(crate) weight_steps: u32,
    /// How many more places than the target the machine has; none where there are always more.
    pub(crate) places_beyond: Option<u32>,
    pub(crate) has_check: bool,
    pub(crate) keeping: Keeping,
    /// Whether a plan that was made for another state is refused by its version, as it should be, or by the guard.
    pub(crate) compares_versions: bool,
}

// === impl Setup ===

impl Setup {
    pub(crate) fn has_stable(&self) -> bool {
        !matches!(self.start, Start::Nothing | Start::Unknown)
    }

    pub(crate) fn config(&self, which: Which) -> String {
        let text = match which {
            Which::BlueGreen => serde_json::to_string(&self.blue_green),
            Which::RollingUpdate => serde_json::to_string(&self.rolling_update),
        };
        text.expect("a configuration is JSON")
    }

    /// How many must serve, and how many may be live, in the strategy's words and the operator's.
    pub(crate) fn bounds(&self, which: Which, target: u32, limits: Option<Commitment>) -> Commitment {
        let limits = limits.unwrap_or(Commitment::NONE);
        let (least, most) = match which {
            Which::BlueGreen => (target, 2 * target),
            Which::RollingUpdate if target == 0 => (0, 0),
            Which::RollingUpdate => {
                let surge = rule::at_least(self.rolling_update.max_surge, target);
                let missing = rule::at_most(self.rolling_update.max_unavailable, target).min(target);
                (target - if surge == 0 { missing.max(1) } else { missing }, target + surge)
            }
        };
        Commitment { least_serving: least.max(limits.least_serving), most_live: most.min(limits.most_live) }
    }
}

fn seconds() -> impl Strategy<Value = u32> {
    prop_oneof![3 => Just(0), 1 => Just(10), 1 => Just(60)]
}

fn blue_green() -> impl Strategy<Value = BlueGreenConfig> {
    let gates = (any::<bool>(), seconds(), option::weighted(0.25, 1..3u32), prop::bool::weighted(0.2));
    let deadline = option::weighted(0.3, select(vec![60u32, 300]));
    (gates, select(vec![0, 0, 0, 15]), deadline, 0..3u32, seconds(), select(vec![0, 0, 0, 20])).prop_map(
        |((auto_promote, delay, preview, approve_first), min_ready, deadline, replacements, keep, drain_delay)| {
            // As text, so that options which are not walked through have their defaults.
            let config = serde_json::json!({
                "auto_promote": auto_promote,
                "promote_delay_seconds": delay,
                "min_ready_seconds": min_ready,
                "progress_deadline_seconds": deadline,
                "max_replacements": replacements,
                "keep_blue_seconds": keep,
                "drain_delay_seconds": drain_delay,
                "preview_replicas": preview,
                "approve_first": approve_first,
            });
            serde_json::from_value(config).expect("a configuration")
        },
    )
}

fn rolling_update() -> impl Strategy<Value = RollingUpdateConfig> {
    let quarter = Amount::percent(25);
    let pace = select(vec![
        (quarter, quarter),
        (Amount::Count(1), Amount::Count(0)),
        (Amount::Count(0), Amount::Count(1)),
        (Amount::Count(0), quarter),
        (Amount::percent(100), Amount::Count(0)),
        (Amount::percent(50), Amount::percent(50)),
    ]);
    let deadline = option::weighted(0.3, select(vec![60u32, 300]));
    (pace, select(vec![0, 0, 0, 15]), deadline, select(vec![0, 0, 0, 20]), prop::bool::weighted(0.2)).prop_map(
        |((max_surge, max_unavailable), min_ready_seconds, deadline, drain_delay_seconds, wait_for_termination)| {
            RollingUpdateConfig {
                max_surge,
                max_unavailable,
                min_ready_seconds,
                progress_deadline_seconds: deadline.and_then(std::num::NonZeroU32::new),
                drain_delay_seconds,
                wait_for_termination,
            }
        },
    )
}

fn keeping() -> impl Strategy<Value = Keeping> {
    const DAY: i64 = 86_400_000;
    let stamps = prop_oneof![
        6 => Just(Some(0)), 1 => Just(None), 1 => Just(Some(5000)), 1 => Just(Some(DAY)), 1 => Just(Some(-DAY)),
    ];
    (prop::bool::weighted(0.8), stamps, prop::bool::weighted(0.3))
        .prop_map(|(tells_ends, stamps_ahead, has_idle_ratios)| Keeping { tells_ends, stamps_ahead, has_idle_ratios })
}

/// Everything that a walk of this strategy may start with.
pub(crate) fn any_setup(first: Which) -> impl Strategy<Value = Setup> {
    use {Leftover as L, Start as S};
    let start = prop_oneof![
        4 => Just(S::Stable), 1 => Just(S::Beside(L::Idle)), 1 => Just(S::Beside(L::OnStandby)),
        1 => Just(S::Beside(L::Serving)), 1 => Just(S::Nothing), 1 => Just(S::Unknown), 1 => Just(S::Lost),
    ];
    let frozen = Policy { max_unavailable: Amount::Count(1), max_surge: Amount::Count(1), ..Policy::default() };
    let policy = prop_oneof![4 => Just(Some(Policy::default())), 2 => Just(None), 1 => Just(Some(frozen))];
    let machine = (select(vec![1u32, 1, 4, 256, 0]), option::weighted(0.25, 0..6u32));
    let host = (prop::bool::weighted(0.3), keeping(), prop::bool::weighted(0.8));
    (blue_green(), rolling_update(), start, 0..=5u32, policy, machine, host).prop_map(
        move |(blue_green, rolling_update, start, target, policy, machine, host)| {
            let ((weight_steps, places_beyond), (has_check, keeping, compares_versions)) = (machine, host);
            Setup {
                first,
                blue_green,
                rolling_update,
                start,
                target,
                policy,
                weight_steps,
                places_beyond,
                has_check,
                keeping,
                compares_versions,
            }
        },
    )
}
