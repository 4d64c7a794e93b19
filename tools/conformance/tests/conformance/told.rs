//! What a report is made of, and what cannot be tried.

use std::{cell::RefCell, path::Path};

use pointsman_conformance::{CheckError, Options, RULES as ALL, check};
use pointsman_host::Host;
use pointsman_simulate::show::Look;

use super::{RULES, few, hostile, misdeeds, of, report};

#[test]
fn the_same_seed_gives_the_same_report() {
    let run = |seed| {
        let report = report(&hostile(), &Options { configs: misdeeds(&["promote_all"]), seed, ..of(16) });
        // How long the largest requests take is the machine's.
        let rules = report.rules.into_iter().filter(|rule| rule.rule != "headroom");
        serde_json::to_string(&rules.collect::<Vec<_>>()).unwrap()
    };

    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn a_configuration_that_is_given_must_be_one_that_it_takes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests/hostile.wasm");
    let options = Options { configs: misdeeds(&["none", "theft"]), ..few() };
    let file = Host::new(options.limits.clone()).unwrap().read(&file).unwrap();

    let error = check(&file, &options).unwrap_err();

    let CheckError::RefusedConfig { number: 2, message } = &error else { panic!("{error:?}") };
    assert!(message.contains("theft"), "{message}");
}

#[test]
fn progress_is_told_before_each_rule() {
    let seen = RefCell::new(vec![]);
    let progress = |rule: &'static pointsman_conformance::Rule, tried| seen.borrow_mut().push((rule.id, tried));
    let options = Options { configs: misdeeds(&["none"]), progress: Some(&progress), ..of(1) };
    report(&hostile(), &options);

    let expected: Vec<_> = ALL.iter().map(|rule| rule.id).zip(0..RULES).collect();
    assert_eq!(*seen.borrow(), expected);
}

#[test]
fn for_people_there_is_a_table_and_what_breaks_a_rule() {
    let report = report(&hostile(), &Options { configs: misdeeds(&["drain_all"]), ..few() });
    let mut text = vec![];
    report.write(&mut text, Look::plain()).unwrap();

    let text = String::from_utf8(text).unwrap();
    for expected in [
        "RULE                      VERDICT  CASES",
        "harmless: no plan does what the guard forbids\n  the guard rejects the plan: ",
        "  the host evaluates\n",
        "  request  {\"routes\":[{\"id\":\"r-1\"",
        "  option   `--max-unavailable 1` lets this case pass",
        " of 22 rules pass, ",
    ] {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 120 && !line.ends_with(' ')), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}
