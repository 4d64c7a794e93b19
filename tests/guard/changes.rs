//! Rule 2: what may be done with a route, and what may be created.

use TrafficStatus::{Active, Inactive, Standby};
use pointsman::{Route, RouteChanges, Spec, SubStep, TrafficStatus, guard::ViolationCode as Code};
use rstest::rstest;

use crate::{given::*, support::spec};

/// Of v1: r-1 to r-3 serve, r-4 is on standby, r-5 inactive. Of v2: r-6 and r-7 are ready and idle, r-8 serves at 0.0,
/// r-9 is unhealthy on standby, r-10 starts, r-11 is unhealthy in traffic at 0.5, r-12 the same at 0.0, r-13 is gone,
/// r-14 is stopping.
fn routes() -> Vec<Route> {
    let unhealthy = with(down(9, 1, "v2", 1.0), |route| route.traffic_status = Standby);
    let v1 = [serving(1, 3, "v1", 1.0), standby(4, 1, "v1"), idle(5, 1, "v1")];
    let v2 = [idle(6, 2, "v2"), serving(8, 1, "v2", 0.0), unhealthy, starting(10, 1, "v2")];
    let rest = [down(11, 1, "v2", 0.5), down(12, 1, "v2", 0.0), gone(13, 1, "v2"), stopping(14, 1, "v2", 0)];
    [v1.concat(), v2.concat(), rest.concat()].concat()
}

#[rstest]
#[case::promoting_ready_green(on_the_way().promoting(r([6, 8])))]
#[case::draining_any_live(on_the_way().draining(r([4, 5, 6, 9, 10, 11])))]
#[case::returning_from_standby(on_the_way().raising(r([4]), 1.0))]
#[case::approving_what_is_ready(on_the_way().raising(r([5, 6, 8]), 1.0))]
#[case::standby_from_active(on_the_way().setting(r([8, 11]), Standby, 1.0))]
#[case::standby_from_standby(on_the_way().setting(r([4, 9]), Standby, 0.5))]
#[case::inactive_from_anywhere(on_the_way().setting(r([4, 5, 8, 9, 10, 11]), Inactive, 0.0))]
// It is in traffic already, and gets its share when it is ready.
#[case::another_ratio_for_what_is_down(on_the_way().raising(r([11]), 0.25))]
// At 0.0 it gets nothing, ready or not.
#[case::unready_at_nothing(on_the_way().raising(r([9, 10, 12]), 0.0))]
#[case::creating_green(on_the_way().creating(1, "v2", Inactive, 0.0).creating(1, "v2", Active, 1.0))]
#[case::creating_stable(on_the_way().creating(1, "v1", Active, 0.5))]
fn may_be_done(#[case] plan: RouteChanges) {
    assert_eq!(found(&routes(), &within(0, 20, wanting(3)), &plan), []);
}

#[rstest]
#[case::promoting_the_dead(
    on_the_way().promoting(r([13])),
    &[(Code::ChangedNotLive, "r-13"), (Code::PromotedNotReady, "r-13")]
)]
#[case::draining_the_dead(on_the_way().draining(r([13, 14])), &[(Code::ChangedNotLive, "r-13 r-14")])]
#[case::changing_the_dead(on_the_way().setting(r([14]), Inactive, 0.0), &[(Code::ChangedNotLive, "r-14")])]
#[case::promoting_stable(on_the_way().promoting(r([4])), &[(Code::PromotedNotGreen, "r-4")])]
#[case::promoting_what_starts(on_the_way().promoting(r([10])), &[(Code::PromotedNotReady, "r-10")])]
#[case::promoting_what_is_down(on_the_way().promoting(r([9, 11])), &[(Code::PromotedNotReady, "r-11 r-9")])]
#[case::unready_from_inactive(on_the_way().raising(r([10]), 1.0), &[(Code::ActivatedNotReady, "r-10")])]
#[case::unready_from_standby(on_the_way().raising(r([9]), 1.0), &[(Code::ActivatedNotReady, "r-9")])]
#[case::unready_from_nothing(on_the_way().raising(r([12]), 1.0), &[(Code::ActivatedNotReady, "r-12")])]
#[case::unready_by_a_hair(on_the_way().raising(r([12]), f64::from_bits(1)), &[(Code::ActivatedNotReady, "r-12")])]
#[case::standby_from_inactive(on_the_way().setting(r([5, 6]), Standby, 1.0), &[(Code::StandbyNotApproved, "r-5 r-6")])]
#[case::created_on_standby(on_the_way().creating(1, "v2", Standby, 1.0), &[(Code::StandbyNotApproved, "")])]
#[case::another_revision(on_the_way().creating(1, "v3", Active, 1.0), &[(Code::CreatedOtherRevision, "")])]
#[case::no_revision(on_the_way().creating(1, "", Active, 1.0), &[(Code::CreatedOtherRevision, "")])]
#[case::nothing(on_the_way().creating(0, "v2", Active, 1.0), &[(Code::EmptyCreation, "")])]
#[case::nothing_beside_something(
    on_the_way().creating(1, "v2", Active, 1.0).creating(0, "v1", Active, 1.0),
    &[(Code::EmptyCreation, "")]
)]
fn may_not_be_done(#[case] plan: RouteChanges, #[case] expected: &[(Code, &str)]) {
    let expected: Vec<(Code, String)> = expected.iter().map(|(code, ids)| (*code, (*ids).to_owned())).collect();

    assert_eq!(found(&routes(), &within(0, 20, wanting(3)), &plan), expected);
}

/// Whether a stable revision is named decides what may be created.
#[rstest]
#[case::named(Some("v1"), true)]
#[case::none(None, false)]
#[case::empty(Some(""), false)]
#[case::the_deploying_one(Some("v2"), false)]
#[case::another(Some("v0"), false)]
fn stable_is_what_the_spec_says(#[case] stable: Option<&str>, #[case] passes: bool) {
    let spec = Spec { stable_revision: stable.map(str::to_owned), ..within(0, 20, wanting(3)) };
    let creates_v1 = on_the_way().creating(1, "v1", Inactive, 0.0);

    assert_eq!(codes(&routes(), &spec, &creates_v1).is_empty(), passes);
    assert_eq!(codes(&routes(), &spec, &on_the_way().creating(1, "v2", Inactive, 0.0)), []);
}

/// A route without a revision is never green, whatever the deploying revision is called.
#[test]
fn what_has_no_revision_is_not_green() {
    let spec = Spec { deploying_revision: String::new(), ..within(0, 20, spec(1000, "{}")) };

    let routes = idle(1, 1, "");
    assert_eq!(codes(&routes, &spec, &on_the_way().promoting(r([1]))), [Code::PromotedNotGreen]);
    let creates = on_the_way().creating(1, "", Active, 1.0);
    assert_eq!(codes(&routes, &spec, &creates), [Code::CreatedOtherRevision]);
    assert_eq!(codes(&routes, &spec, &plan(SubStep::Provisioning).draining(r([1]))), []);
}
