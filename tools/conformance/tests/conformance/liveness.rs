//! A rolling update with one thing wrong breaks the one rule that is there for it, and what does nothing passes none of
//! those that want an end.

use pointsman::{Amount, guard::Policy};
use pointsman_conformance::{Options, Outcome, Report};
use pointsman_host::Guard;
use rstest::rstest;

use super::{RULES, failure, few, hostile, misdeeds, of, of_rule, report, which};

/// What comes of the hostile guest, which may be no plugin that fails.
fn tried(word: &str, options: Options<'_>) -> Report {
    report(&hostile(), &Options { configs: misdeeds(&[word]), ..options })
}

#[test]
fn the_rolling_update_that_is_spoiled_is_right() {
    let report = tried("well", few());

    assert_eq!(which(&report, Outcome::Pass).len(), RULES, "{report:#?}");
}

#[rstest]
#[case("never_complete", "completes", "has not ended (rolled-out)")]
#[case("no_way_back", "rolls-back", "has not ended (no-way-back)")]
#[case("trust_stamps", "survives-clock-steps", "with a clock that is right")]
#[case("wait_for_full_shares", "survives-weights-by-hand", "has not ended (shares-differ)")]
#[case("promise_less", "keeps-its-commitment", "promise")]
#[case("ravenous", "headroom", "1000 routes, none new")]
fn one_thing_wrong_breaks_one_rule(#[case] word: &str, #[case] rule: &str, #[case] message: &str) {
    let report = tried(word, of(64));

    assert_eq!(which(&report, Outcome::Fail), [rule], "{report:#?}");
    let failure = failure(&report, rule);
    assert!(failure.message.contains(message), "{failure:#?}");
    assert!(of_rule(&report, rule).remedy.is_some(), "{report:#?}");
}

/// It is not idempotent either: what changes nothing while it backs off creates then.
#[test]
fn who_does_not_back_off_creates_without_bound() {
    let report = tried("replace_at_once", of(64));

    let failure = failure(&report, "bounded-creation");
    assert!(failure.message.contains("where at most 36 are bounded"), "{failure:#?}");
}

#[test]
fn who_does_nothing_does_not_pass() {
    assert_eq!(which(&tried("idle", few()), Outcome::Fail), ["completes", "rolls-back"]);
}

/// Where all may be unavailable, the guard has nothing against it.
#[test]
fn who_drains_everything_does_not_pass_under_a_floor_of_0() {
    let policy = Policy { max_unavailable: Amount::percent(100), ..Policy::default() };
    let report = tried("drain_live", Options { guard: Guard::Policy(policy), ..few() });

    let failed = which(&report, Outcome::Fail);
    assert!(failed.contains(&"completes") && failed.contains(&"rolls-back"), "{report:#?}");
}

#[test]
fn what_needs_more_than_the_sandbox_is_warned_and_told_the_limit() {
    let report = tried("hungry", of(1));

    assert_eq!(which(&report, Outcome::Warn), ["headroom"], "{report:#?}");
    assert!(!report.has_failures(), "{report:#?}");
    let headroom = of_rule(&report, "headroom");
    assert!(headroom.note.as_ref().unwrap().starts_with("1000 routes fit, 10000 do not"), "{headroom:#?}");
    let remedy = headroom.remedy.as_deref();
    assert_eq!(remedy, Some("`--memory-limit 512` and `--response-limit 128` take 10000 routes"), "{headroom:#?}");
}

/// A blue-green of three needs room for six: what was not admitted is told, with the option.
#[test]
fn what_is_not_admitted_need_not_end() {
    let policy = Policy { max_surge: Amount::Count(1), max_unavailable: Amount::Count(0), ..Policy::default() };
    let plugin = super::component("plugins/blue_green.wasm");
    let report = report(&plugin, &Options { guard: Guard::Policy(policy), ..of(64) });

    let completes = of_rule(&report, "completes");
    assert_eq!(completes.outcome, Outcome::Pass, "{completes:#?}");
    assert!(completes.note.as_ref().unwrap().contains("needs max_surge 100%"), "{completes:#?}");
}
