//! Each misdeed of the hostile guest in every way to call it: the exact end, nobody else's, and the host goes on.

#[path = "shared/rollout.rs"]
mod rollout;
#[path = "../../tests/support/mod.rs"]
mod support;

use host_test::{
    BLUE_GREEN, HOST, verdict,
    ways::{By, Called, Ended, Way, Ways},
};
use pointsman::{blue_green::BlueGreen, evaluate_cycle, guard::ViolationCode as Code};
use pointsman_host::registry::Outcome;

use rollout::{half_way, misdeed};
use support::{routes, spec};

/// Each misdeed, how it ends through the typed entry point, and how through JSON.
fn misdeeds() -> Vec<(&'static str, Ended, Ended)> {
    let both = |word, outcome| (word, Ended::with(outcome, []), Ended::with(outcome, []));
    let rejected = |word, codes: &[Code]| {
        let ended = Ended::with(Outcome::Rejected, codes.iter().copied());
        (word, ended.clone(), ended)
    };
    let malformed = || Ended::with(Outcome::Malformed, []);
    vec![
        both("loop_forever", Outcome::Timeout),
        both("grow_memory", Outcome::Memory),
        both("ten_million_ids", Outcome::Memory),
        both("gigabyte_string", Outcome::Memory),
        both("trap", Outcome::Trap),
        both("recurse_forever", Outcome::Trap),
        both("not_utf8", Outcome::Malformed),
        // To write the message as JSON, the plugin itself has to read it.
        ("wild_pointer", malformed(), Ended::with(Outcome::Trap, [])),
        // JSON has no NaN.
        ("nan_ratio", Ended::with(Outcome::Rejected, [Code::RatioOutOfRange]), malformed()),
        rejected("long_list", &[Code::UnknownId, Code::DuplicateId]),
        rejected("unknown_id", &[Code::UnknownId]),
        rejected("duplicate_id", &[Code::DuplicateId, Code::PromotedNotGreen]),
        rejected("promote_and_drain", &[Code::ConflictingChanges, Code::PromotedNotGreen]),
        rejected("promote_all", &[Code::PromotedNotGreen, Code::PromotedNotReady]),
        rejected("promote_blue", &[Code::PromotedNotGreen]),
        rejected("promote_not_ready", &[Code::PromotedNotReady]),
        rejected("drain_all", &[Code::CapacityLowered, Code::DrainedWhileShort]),
        rejected("create_ten_million", &[Code::TooManyLive, Code::TooManyTerminating]),
        rejected("create_active", &[Code::TooManyLive]),
        rejected("complete_early", &[Code::CompletedEarly]),
        rejected("roll_back_early", &[Code::RolledBackEarly]),
        rejected("long_memo", &[Code::InvalidMemo]),
        rejected("nul_memo", &[Code::InvalidMemo]),
        rejected("again_at_once", &[Code::NextEvaluationNotAhead]),
        // No more than is allowed, shortened, or put off.
        both("long_string", Outcome::Ok),
        both("forge_texts", Outcome::Ok),
        both("again_in_a_millisecond", Outcome::Ok),
        both("echo_traffic", Outcome::Ok),
        both("none", Outcome::Ok),
    ]
}

/// A shadow ends as its version does; its caller has the answer of the version in use.
fn expected(by: By, ended: &Ended) -> Called {
    match by {
        By::Plugin | By::Session | By::Registry => Called { caller: ended.clone(), shadow: None },
        By::BesideShadow => Called { caller: ended.clone(), shadow: Some(ended.clone()) },
        By::InShadow => Called { caller: Ended::with(Outcome::Ok, []), shadow: Some(ended.clone()) },
    }
}

#[test]
fn each_misdeed_in_every_way() {
    let mut ways = Ways::new(&HOST);
    let (given, harmless) = (half_way(), misdeed("none"));
    let of_blue_green = evaluate_cycle::<BlueGreen>(&given, &spec(1000, "{}"));
    for (word, typed, json) in misdeeds() {
        for way in Way::all() {
            let ended = if way.json { &json } else { &typed };
            assert_eq!(ways.call(way, &given, &misdeed(word)), expected(way.by, ended), "`{word}`, {way:?}");
            // The same way again, also where a session or a shadow was broken off.
            let well = expected(way.by, &Ended::with(Outcome::Ok, []));
            assert_eq!(ways.call(way, &given, &harmless), well, "after `{word}`, {way:?}");
        }
        assert_eq!(verdict(BLUE_GREEN.evaluate_cycle(&given, &spec(1000, "{}"))), of_blue_green, "after `{word}`");
    }
}

/// A leak from one deployment to another is there where an instance is kept, and nowhere else.
#[test]
fn ids_leak_in_a_session_only() {
    let mut ways = Ways::new(&HOST);
    let other = routes(50, 2, "v2", |_| {});
    for way in Way::all().into_iter().filter(|way| !way.json) {
        let well = Ended::with(Outcome::Ok, []);
        assert_eq!(ways.call(way, &half_way(), &misdeed("leak_ids")), expected(way.by, &well), "{way:?}");

        let leaks = way.by == By::Session;
        let ended = if leaks { Ended::with(Outcome::Rejected, [Code::UnknownId]) } else { well };
        assert_eq!(ways.call(way, &other, &misdeed("leak_ids")), expected(way.by, &ended), "{way:?}");
    }
}
