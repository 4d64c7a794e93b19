//! The drain delay beside the progress deadline: what only the operator's delay takes is not counted, and a delay hides
//! no revision that does not get ready.

#[path = "support/build.rs"]
mod support;

use pointsman::{Route, RouteChanges, Spec, Timestamp, evaluate_cycle, rolling_update::RollingUpdate};
use rstest::rstest;
use support::{STARTED_AT, apply, lettered, spec, summary};

/// A delay that is longer than the deadline, as in argo-rollouts#3414.
const CONFIG: &str =
    r#"{"max_surge": 1, "max_unavailable": 1, "progress_deadline_seconds": 6, "drain_delay_seconds": 110}"#;

/// A rollout to a target of one, whose host applies each plan and evaluates when it is told to.
struct Rollout {
    routes: Vec<Route>,
    memo: Option<String>,
}

impl Rollout {
    fn at(&mut self, seconds: u64) -> RouteChanges {
        let spec = Spec { target_replicas: 1, memo: self.memo.take(), ..spec(seconds * 1000, CONFIG) };
        let plan = evaluate_cycle::<RollingUpdate>(&self.routes, &spec).unwrap();
        self.routes = apply(&plan, &self.routes, &spec);
        self.memo.clone_from(&plan.memo);
        plan
    }

    fn codes(&mut self, seconds: &[u64]) -> Vec<String> {
        seconds.iter().map(|at| self.at(*at).reason.code).collect()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what it is compared with is one")]
fn after(seconds: u64) -> Option<Timestamp> {
    Some(Timestamp::from_millis(STARTED_AT + seconds * 1000))
}

#[test]
fn the_delay_is_not_counted() {
    let mut rollout = Rollout { routes: lettered(1, "v1", "RR"), memo: None };

    assert_eq!(summary(&rollout.at(0)), "replacing by r-1 r-2");
    // Nor is there anything to look at before its end.
    for seconds in [6, 7, 100] {
        let plan = rollout.at(seconds);
        assert_eq!((summary(&plan).as_str(), plan.next_evaluation_at), ("waiting-for-drain-delay", after(110)));
    }
    assert_eq!(summary(&rollout.at(110)), "replacing create 1 drain r-1 r-2");
    // From then on the new route has all of its six seconds, and no more.
    let plan = rollout.at(113);
    assert_eq!((plan.reason.code.as_str(), plan.next_evaluation_at), ("waiting-for-provisioning", after(116)));
    assert_eq!(
        rollout.codes(&[115, 116, 117]),
        ["waiting-for-provisioning", "waiting-for-provisioning", "deadline-exceeded"]
    );
}

/// Time counts beside a delay where a new route is on its way, and where one failed and is not created again yet.
#[rstest]
#[case::not_ready("U", "waiting-for-drain-delay", "waiting-for-drain-delay")]
#[case::still_provisioning("P", "waiting-for-drain-delay", "waiting-for-drain-delay")]
#[case::failed("f", "replacing", "backing-off")]
fn a_delay_hides_nothing(#[case] new: &str, #[case] first: &str, #[case] meanwhile: &str) {
    let mut routes = lettered(1, "v1", "kk");
    routes.extend(lettered(3, "v2", new));
    let memo = format!("rolling-update 2 {STARTED_AT} left-traffic {STARTED_AT}");
    let mut rollout = Rollout { routes, memo: Some(memo) };

    assert_eq!(rollout.codes(&[0, 5, 6, 7]), [first, meanwhile, meanwhile, "deadline-exceeded"]);
}
