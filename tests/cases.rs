//! The cases of the corpus: requests that version 0.1.0 decided wrongly, each with neighbours that differ in one thing.
//!
//! What is right stands in the vector's `why`, decided by hand: `Right: rolled_back aborted, in b1, drain g1.` Blessing
//! the corpus does not change it. `BLESS=1 cargo test --test cases` writes the list in `tests/vectors/README.md`.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

use pointsman::{
    Route, RouteChanges, Spec, Strategy,
    blue_green::BlueGreen,
    guard::{self, Policy},
    rolling_update::RollingUpdate,
};
use serde_json::Value;

/// Every case with the strategies that it is about; rolling update has neither a window nor an approval.
const CASES: [(&str, &[&str]); 17] = {
    const BOTH: &[&str] = &[BlueGreen::NAME, RollingUpdate::NAME];
    const BLUE_GREEN: &[&str] = &[BlueGreen::NAME];
    [
        ("abort-with-one-kept-short", BOTH),
        ("active-at-ratio-zero", BOTH),
        ("active-green-is-no-approval", BOTH),
        ("active-green-with-memo-waiting", BLUE_GREEN),
        ("blip-after-promotion", BOTH),
        ("clock-behind-the-start", BOTH),
        ("clock-late-for-one-cycle", BOTH),
        ("completed-with-half", BOTH),
        ("deadline-in-an-outage", BOTH),
        ("drained-is-not-failed", BOTH),
        ("inactive-with-a-ratio-is-not-kept", BOTH),
        ("no-more-than-the-target", BOTH),
        ("out-of-traffic-for-a-moment", BOTH),
        ("route-stamp-ahead-back-off", BOTH),
        ("route-stamp-ahead-delay", BOTH),
        ("scaled-down-is-not-failed", BOTH),
        ("window-over-green-short", BLUE_GREEN),
    ]
};

/// The case itself and at least three neighbours.
const FEWEST: usize = 4;
/// What the list begins with.
const HEADING: &str = "## Cases\n";

/// A vector of a case.
struct Vector {
    file: String,
    case: String,
    /// What differs from the case; none for the case itself.
    neighbour: Option<String>,
    content: Value,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// The vectors of a strategy that belong to cases, in the order of their names.
fn vectors(strategy: &str) -> Vec<Vector> {
    let mut names: Vec<String> = fs::read_dir(folder().join(strategy))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("case-"))
        .collect();
    names.sort();
    let read = |name: String| {
        let file = format!("{strategy}/{name}");
        let stem = name["case-".len()..].strip_suffix(".json").unwrap_or_else(|| panic!("{file} is no vector"));
        let (case, neighbour) = match stem.split_once("--") {
            Some((case, neighbour)) => (case.to_owned(), Some(neighbour.to_owned())),
            None => (stem.to_owned(), None),
        };
        let content = serde_json::from_str(&fs::read_to_string(folder().join(&file)).unwrap()).unwrap();
        Vector { file, case, neighbour, content }
    };
    names.into_iter().map(read).collect()
}

fn all() -> Vec<Vector> {
    [BlueGreen::NAME, RollingUpdate::NAME].into_iter().flat_map(vectors).collect()
}

/// `rolling_back aborted, create 1 v1, in b1, standby g2, drain g1, again at 9000`: what a plan does.
fn summary(plan: &Value) -> String {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let ids = |value: &Value| value.as_array().expect("a list").iter().map(text).collect::<Vec<_>>();
    let changed = |status: &str| {
        let changes = plan["traffic_changes"].as_array().expect("a list").iter();
        changes.filter(|change| change["traffic_status"] == status).map(|change| text(&change["route_id"])).collect()
    };
    let mut words = format!("{} {}", text(&plan["sub_step"]), text(&plan["reason"]["code"]));
    for created in plan["rollout_specs"].as_array().expect("a list") {
        write!(words, ", create {} {}", created["count"], text(&created["revision"])).unwrap();
    }
    let lists: [(&str, Vec<String>); 4] = [
        ("promote", ids(&plan["promote_route_ids"])),
        ("in", changed("active")),
        ("standby", changed("standby")),
        ("drain", ids(&plan["drain_route_ids"])),
    ];
    for (verb, ids) in lists.iter().filter(|(_, ids)| !ids.is_empty()) {
        write!(words, ", {verb} {}", ids.join(" ")).unwrap();
    }
    if let Some(at) = plan["next_evaluation_at"].as_u64() {
        write!(words, ", again at {at}").unwrap();
    }
    words
}

#[test]
fn every_answer_is_what_was_decided_by_hand() {
    let mut wrong = vec![];
    for vector in all() {
        let why = vector.content["why"].as_str().unwrap();
        let right = why.split_once(" Right: ").and_then(|(_, right)| right.strip_suffix('.'));
        let right = right.unwrap_or_else(|| panic!("{}: `why` does not end with what is right", vector.file));
        let answer = summary(&vector.content["response"]["ok"]);
        if answer != right {
            wrong.push(format!("{}: {why}\n  is        {answer}\n  should be {right}", vector.file));
        }
    }
    assert!(wrong.is_empty(), "{} answers are not right:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_case_has_neighbours() {
    let mut counts: BTreeMap<(String, &str), Vec<Option<String>>> = BTreeMap::new();
    for strategy in [BlueGreen::NAME, RollingUpdate::NAME] {
        for vector in vectors(strategy) {
            counts.entry((vector.case, strategy)).or_default().push(vector.neighbour);
        }
    }
    for (case, strategies) in CASES {
        for strategy in strategies {
            let found = counts.remove(&(case.to_owned(), *strategy)).unwrap_or_default();
            assert!(found.contains(&None), "{strategy}: `{case}` itself is not there");
            assert!(found.len() >= FEWEST, "{strategy}: `{case}` has only {} vectors", found.len());
        }
    }
    assert!(counts.is_empty(), "vectors of no case: {:?}", counts.keys());
}

/// Every plan would be applied: the guard has nothing against it.
#[test]
fn the_guard_passes_every_plan() {
    for vector in all() {
        let request = &vector.content["request"];
        let routes: Vec<Route> = serde_json::from_value(request["routes"].clone()).unwrap();
        let spec: Spec = serde_json::from_value(request["spec"].clone()).unwrap();
        let plan: RouteChanges = serde_json::from_value(vector.content["response"]["ok"].clone()).unwrap();
        assert_eq!(guard::check(&routes, &spec, &plan, &Policy::default()), [], "{}", vector.file);
    }
}

/// The list in the README: for each case its neighbours, for each strategy.
fn list() -> String {
    let mut list = HEADING.to_owned();
    for (case, strategies) in CASES {
        write!(list, "\n### {case}\n\n").unwrap();
        for strategy in strategies {
            let neighbours = vectors(strategy).into_iter().filter(|vector| vector.case == case);
            let neighbours: Vec<String> = neighbours.filter_map(|vector| vector.neighbour).collect();
            let mut line = format!("- {strategy}:");
            for (i, neighbour) in neighbours.iter().enumerate() {
                let word = format!("{neighbour}{}", if i + 1 < neighbours.len() { "," } else { "" });
                if line.len() + 1 + word.len() > 120 {
                    writeln!(list, "{line}").unwrap();
                    " ".clone_into(&mut line);
                }
                write!(line, " {word}").unwrap();
            }
            writeln!(list, "{line}").unwrap();
        }
    }
    list
}

#[test]
fn the_readme_lists_every_neighbour() {
    let path = folder().join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let (introduction, given) = text.split_at(text.find(HEADING).expect("a list of cases"));
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{introduction}{}", list())).unwrap();
    } else {
        assert_eq!(given, list());
    }
}
