//! The guard in the host: hostile plans through both entry points, tidied texts, and ids that leak.

#[path = "shared/rollout.rs"]
mod rollout;
#[path = "../../tests/support/mod.rs"]
mod support;

use host_test::{BLUE_GREEN, HOSTILE, verdict};
use pointsman::{
    Spec,
    blue_green::BlueGreen,
    evaluate_cycle,
    guard::ViolationCode as Code,
    json::{Answer, ErrorCode, Request},
};
use pointsman_host::{EvaluateCyclesError, EvaluateError, Guard, Plugin};
use rstest::rstest;

use rollout::{half_way, misdeed};
use support::{routes, spec};

/// The violations of a misdeed through the typed entry point; none where it passes.
fn typed(plugin: &Plugin, word: &str) -> Vec<Code> {
    match plugin.evaluate_cycle(&half_way(), &misdeed(word)) {
        Ok(_) => vec![],
        Err(EvaluateError::Rejected { plugin: id, violations, .. }) => {
            assert_eq!(id, *HOSTILE.id());
            violations.into_iter().map(|violation| violation.code).collect()
        }
        Err(other) => panic!("`{word}` gave {other:?}"),
    }
}

/// The violations of a misdeed through the JSON entry point, between two answers that are good.
fn json(plugin: &Plugin, word: &str) -> Vec<Code> {
    let requests = ["none", word, "none"].map(|word| Request { routes: half_way(), spec: misdeed(word) });
    let answers = plugin.evaluate_cycles_json(&serde_json::to_string(&requests).unwrap()).unwrap();
    let answers: Vec<Answer> = serde_json::from_str(&answers).unwrap();
    assert!(matches!(&answers[..], [Answer::Ok(_), _, Answer::Ok(_)]), "{answers:?}");
    match &answers[1] {
        Answer::Ok(_) => vec![],
        Answer::Error { code: ErrorCode::PlanRejected, violations, .. } => {
            violations.iter().map(|violation| violation.code).collect()
        }
        other @ Answer::Error { .. } => panic!("`{word}` gave {other:?}"),
    }
}

#[rstest]
#[case::unknown_id("unknown_id", &[Code::UnknownId])]
#[case::duplicate_id("duplicate_id", &[Code::DuplicateId, Code::PromotedNotGreen])]
#[case::promote_and_drain("promote_and_drain", &[Code::ConflictingChanges, Code::PromotedNotGreen])]
#[case::promote_all("promote_all", &[Code::PromotedNotGreen, Code::PromotedNotReady])]
#[case::promote_blue("promote_blue", &[Code::PromotedNotGreen])]
#[case::promote_not_ready("promote_not_ready", &[Code::PromotedNotReady])]
#[case::drain_all("drain_all", &[Code::CapacityLowered, Code::DrainedWhileShort])]
#[case::create_ten_million("create_ten_million", &[Code::TooManyLive, Code::TooManyTerminating])]
#[case::create_active("create_active", &[Code::TooManyLive])]
#[case::complete_early("complete_early", &[Code::CompletedEarly])]
#[case::roll_back_early("roll_back_early", &[Code::RolledBackEarly])]
#[case::long_memo("long_memo", &[Code::InvalidMemo])]
#[case::nul_memo("nul_memo", &[Code::InvalidMemo])]
#[case::again_at_once("again_at_once", &[Code::NextEvaluationNotAhead])]
fn a_hostile_plan_is_rejected(
    #[case] word: &str,
    #[case] codes: &[Code],
    #[values(typed, json)] call: fn(&Plugin, &str) -> Vec<Code>,
) {
    assert_eq!(call(&HOSTILE, word), codes);

    assert_eq!(call(&HOSTILE, "none"), []);
    let spec = spec(1000, "{}");
    assert_eq!(verdict(BLUE_GREEN.evaluate_cycle(&half_way(), &spec)), evaluate_cycle::<BlueGreen>(&half_way(), &spec));
}

#[test]
fn a_ratio_that_is_no_number_is_rejected_by_both_entry_points() {
    assert_eq!(typed(&HOSTILE, "nan_ratio"), [Code::RatioOutOfRange]);

    // JSON has no NaN, so there the answer is none.
    let request = serde_json::to_string(&[Request { routes: half_way(), spec: misdeed("nan_ratio") }]).unwrap();
    let error = HOSTILE.evaluate_cycles_json(&request).unwrap_err();
    assert!(matches!(error, EvaluateCyclesError::Answers { .. }), "{error:?}");
}

#[rstest]
fn ids_are_checked_whatever_the_guard(#[values(typed, json)] call: fn(&Plugin, &str) -> Vec<Code>) {
    let plugin = HOSTILE.with_guard(Guard::IdsOnly);

    assert_eq!(call(&plugin, "drain_all"), []);
    assert_eq!(call(&plugin, "again_at_once"), []);
    assert_eq!(call(&plugin, "unknown_id"), [Code::UnknownId]);
    assert_eq!(call(&plugin, "duplicate_id"), [Code::DuplicateId]);
    assert_eq!(call(&plugin, "promote_and_drain"), [Code::ConflictingChanges]);
}

/// Texts of a plugin cannot forge lines of a log, and an evaluation that is due too soon is put off.
#[test]
fn plans_are_tidied() {
    let (routes, forge, soon) = (half_way(), misdeed("forge_texts"), misdeed("again_in_a_millisecond"));
    let json = |spec: &Spec| {
        let request = serde_json::to_string(&[Request { routes: routes.clone(), spec: spec.clone() }]).unwrap();
        let answers: Vec<Answer> = serde_json::from_str(&HOSTILE.evaluate_cycles_json(&request).unwrap()).unwrap();
        let [Answer::Ok(plan)] = &answers[..] else { panic!("{answers:?}") };
        plan.clone()
    };
    for plan in [HOSTILE.evaluate_cycle(&routes, &forge).unwrap(), json(&forge)] {
        assert!(plan.reason.message.starts_with("ok\\u{a}ERROR \\u{9b}31m all routes lost \\u{202e}xxx"));
        assert_eq!((plan.reason.message.len(), plan.reason.code.len()), (1024, 64));
        assert_eq!(plan.gate.unwrap().len(), 64);
    }
    for plan in [HOSTILE.evaluate_cycle(&routes, &soon).unwrap(), json(&soon)] {
        assert_eq!(plan.next_evaluation_at, Some(soon.now.saturating_add_millis(1000)));
    }
}

#[test]
fn ids_do_not_leak_from_one_deployment_into_another() {
    let other = routes(50, 2, "v2", |_| {});
    // A fresh instance has nothing to leak.
    HOSTILE.evaluate_cycle(&half_way(), &misdeed("leak_ids")).unwrap();
    assert!(HOSTILE.evaluate_cycle(&other, &misdeed("leak_ids")).unwrap().is_empty());

    // A session has, and the guard finds it.
    let mut session = HOSTILE.session().unwrap();
    session.evaluate_cycle(&half_way(), &misdeed("leak_ids")).unwrap();
    let error = session.evaluate_cycle(&other, &misdeed("leak_ids")).unwrap_err();
    let EvaluateError::Rejected { violations, .. } = error else { panic!("{error:?}") };
    assert_eq!((violations[0].code, violations[0].route_ids.len()), (Code::UnknownId, 6));
}
