//! The table of outcomes, `tests/blame/outcomes.json`, replayed step by step.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    num::{NonZeroU32, NonZeroUsize},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rstest::rstest;
use serde::Deserialize;

use super::{Blame, Consequence, Input, Open, Ticket, Verdict, Which, ask};
use crate::registry::{
    halves::{self, Each, Stop},
    options::Options,
    outcome::Outcome,
};

const TABLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/blame/outcomes.json"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    options: Terms,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    revert_after: NonZeroU32,
    open_after: NonZeroU32,
    first_back_off: u64,
    longest_back_off: u64,
    most_entries: NonZeroUsize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[expect(dead_code, reason = "for people")]
    why: String,
    versions: Vec<String>,
    #[serde(default = "three")]
    seen: BTreeSet<String>,
    steps: Vec<Step>,
}

fn three() -> BTreeSet<String> {
    ["x", "y", "z"].map(str::to_owned).into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: Option<u64>,
    deployment: Option<String>,
    #[serde(default = "first")]
    spec: String,
    n: Option<String>,
    again: Option<String>,
    third: Option<String>,
    p: Option<String>,
    #[serde(default = "yes")]
    ends: bool,
    returns: Option<String>,
    batch: Option<Vec<Request>>,
    most_calls: Option<usize>,
    swap: Option<String>,
    #[serde(default)]
    called: Vec<String>,
    answer: Option<String>,
    #[serde(default)]
    answers: BTreeMap<String, String>,
    #[serde(default)]
    verdicts: BTreeMap<String, String>,
    after: After,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    deployment: String,
    #[serde(default = "first")]
    spec: String,
    n: Option<String>,
    again: Option<String>,
    third: Option<String>,
    p: Option<String>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct After {
    versions: Option<Vec<String>>,
    pinned: Vec<String>,
    open: BTreeMap<String, u64>,
    version_open: u64,
    quarantined: Vec<String>,
}

fn first() -> String {
    "1".to_owned()
}

fn yes() -> bool {
    true
}

fn outcome(word: &str) -> Outcome {
    Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word).unwrap_or_else(|| panic!("`{word}`"))
}

// === impl Request ===

impl Request {
    fn input(&self) -> Input {
        Input::new("{}", &self.spec, 1)
    }

    /// What a version gives when it is called for the first time, asked again, or asked once more.
    fn gives(&self, which: Which, time: usize) -> Outcome {
        let n = self.n.as_deref().unwrap_or("ok");
        let again = self.again.as_deref().unwrap_or(n);
        outcome(match (which, time) {
            (Which::Previous, _) => self.p.as_deref().unwrap_or("ok"),
            (Which::Current, 0) => n,
            (Which::Current, 1) => again,
            (Which::Current, _) => self.third.as_deref().unwrap_or(again),
        })
    }
}

/// A strategy of which only the blame is real.
struct Strategy {
    versions: Vec<String>,
    blame: Blame,
    seen: BTreeSet<String>,
    quarantined: Vec<String>,
    options: Options,
    now: Arc<Mutex<Instant>>,
    start: Instant,
    /// Calls that go on.
    under_way: BTreeMap<String, (Request, Ticket)>,
    called: Vec<String>,
    verdicts: BTreeMap<String, String>,
}

// === impl Strategy ===

impl Strategy {
    fn new(terms: &Terms, case: &Case) -> Self {
        let start = crate::clock::now();
        let now = Arc::new(Mutex::new(start));
        let clock = Arc::clone(&now);
        let options = Options {
            revert_after: terms.revert_after,
            open_after: terms.open_after,
            first_back_off: Duration::from_millis(terms.first_back_off),
            longest_back_off: Duration::from_millis(terms.longest_back_off),
            most_entries: terms.most_entries,
            clock: Arc::new(move || *clock.lock().unwrap()),
            random: Arc::new(|| 0.0),
            ..Options::default()
        };
        Self {
            versions: case.versions.clone(),
            blame: Blame::new(case.versions.len() > 1),
            seen: case.seen.clone(),
            quarantined: vec![],
            options,
            now,
            start,
            under_way: BTreeMap::new(),
            called: vec![],
            verdicts: BTreeMap::new(),
        }
    }

    fn name(&self, which: Which) -> String {
        self.versions[usize::from(which == Which::Previous)].clone()
    }

    fn take(&mut self, step: &Step) -> BTreeMap<String, String> {
        self.called.clear();
        self.verdicts.clear();
        if let Some(at) = step.at {
            *self.now.lock().unwrap() = self.start + Duration::from_millis(at);
        }
        if let Some(version) = &step.swap {
            self.swap(version);
            return BTreeMap::new();
        }
        if let Some(requests) = &step.batch {
            return self.batch(requests, step.most_calls.unwrap_or(usize::MAX));
        }
        let deployment = step.deployment.clone().unwrap();
        let answer = if let Some(returned) = &step.returns {
            let (request, ticket) = self.under_way.remove(&deployment).unwrap();
            let consequence = self.finish(&request, ticket, outcome(returned));
            self.question(&request, consequence);
            returned.clone()
        } else {
            let Step { spec, n, again, third, p, .. } = step;
            let [n, again, third, p] = [n, again, third, p].map(Clone::clone);
            let request = Request { deployment: deployment.clone(), spec: spec.clone(), n, again, third, p };
            match self.call(&request, step.ends) {
                Some(answer) => answer,
                None => return BTreeMap::new(),
            }
        };
        BTreeMap::from([(deployment, answer)])
    }

    fn admit(&mut self, request: &Request) -> Result<Ticket, Open> {
        self.seen.insert(request.deployment.clone());
        self.blame.admit(&request.deployment, || request.input(), &self.options)
    }

    fn finish(&mut self, request: &Request, ticket: Ticket, outcome: Outcome) -> Consequence {
        self.blame.finish(&request.deployment, || request.input(), ticket, outcome, &self.options)
    }

    /// What the call comes to; nothing, where it goes on.
    fn call(&mut self, request: &Request, ends: bool) -> Option<String> {
        let Ok(ticket) = self.admit(request) else { return Some("circuit-open".to_owned()) };
        self.called.push(self.name(ticket.which));
        if !ends {
            self.under_way.insert(request.deployment.clone(), (request.clone(), ticket));
            return None;
        }
        let outcome = request.gives(ticket.which, 0);
        let consequence = self.finish(request, ticket, outcome);
        self.question(request, consequence);
        Some(outcome.as_str().to_owned())
    }

    /// Asks, and draws the consequences.
    fn question(&mut self, request: &Request, consequence: Consequence) {
        if !consequence.ask || self.versions.len() < 2 {
            return;
        }
        let called = RefCell::new(vec![]);
        let mut times = 0;
        let verdict = ask(|which| {
            called.borrow_mut().push(self.name(which));
            times += usize::from(which == Which::Current);
            request.gives(which, times)
        });
        self.called.extend(called.into_inner());
        if let Some(verdict) = verdict {
            let word = match verdict {
                Verdict::Nobody => "nobody",
                Verdict::Input => "input",
                Verdict::Version => "version",
            };
            self.verdicts.insert(request.deployment.clone(), word.to_owned());
        }
        let sentence = self.blame.judge(&request.deployment, request.input(), verdict, self.seen.len(), &self.options);
        if sentence.revert.is_some() {
            self.quarantined.push(self.versions.remove(0));
            self.blame = Blame::new(false);
        }
    }

    fn batch(&mut self, requests: &[Request], most_calls: usize) -> BTreeMap<String, String> {
        let mut answers = BTreeMap::new();
        let mut admitted = vec![];
        for (i, request) in requests.iter().enumerate() {
            match self.admit(request) {
                Ok(ticket) => admitted.push((i, ticket)),
                Err(_) => drop(answers.insert(request.deployment.clone(), "circuit-open".to_owned())),
            }
        }
        let tickets: BTreeMap<usize, Ticket> = admitted.iter().copied().collect();
        let (mut calls, mut called, mut outcomes) = (0, vec![], vec![]);
        for (which, group) in halves::groups(&admitted) {
            let name = self.name(which);
            let mut call = |group: &[usize]| {
                if calls == most_calls {
                    return Err(Stop::Unavailable(String::new()));
                }
                calls += 1;
                let mut words = vec![name.clone()];
                words.extend(group.iter().map(|i| requests[*i].deployment.clone()));
                called.push(words.join(" "));
                let given: Vec<Outcome> = group.iter().map(|i| requests[*i].gives(which, 0)).collect();
                let is_single =
                    |outcome: &Outcome| matches!(outcome, Outcome::Ok | Outcome::Refused | Outcome::Rejected);
                match given.iter().find(|outcome| !is_single(outcome)) {
                    Some(outcome) => Err(Stop::Failed(*outcome)),
                    None => Ok(given),
                }
            };
            halves::call(&group, &mut call, &mut |i, each| outcomes.push((i, each)));
        }
        self.called.extend(called);
        let mut questions = vec![];
        for (i, each) in outcomes {
            let outcome = match each {
                Each::Answer(outcome) | Each::Failed(outcome) => outcome,
                Each::Unavailable(_) => Outcome::Unavailable,
            };
            questions.push((i, self.finish(&requests[i], tickets[&i], outcome)));
            answers.insert(requests[i].deployment.clone(), outcome.as_str().to_owned());
        }
        let (called, mut asked) = (std::mem::take(&mut self.called), vec![]);
        for (i, consequence) in questions {
            self.question(&requests[i], consequence);
            asked.extend(self.called.drain(..).map(|name| format!("{name} {}", requests[i].deployment)));
        }
        self.called = [called, asked].concat();
        answers
    }

    fn swap(&mut self, version: &str) {
        let before = if self.blame.is_bad() { self.versions.get(1) } else { self.versions.first() };
        self.versions = [Some(version.to_owned()), before.cloned()].into_iter().flatten().collect();
        self.blame = Blame::new(self.versions.len() > 1);
    }

    fn state(&self, versions: bool) -> After {
        let now = *self.now.lock().unwrap();
        let standings = self.blame.standings(now);
        let millis = |open: Duration| u64::try_from(open.as_millis()).unwrap();
        let open = standings.iter().filter_map(|it| it.open.map(|open| (it.deployment.clone(), millis(open))));
        After {
            versions: versions.then(|| self.versions.clone()),
            pinned: standings.iter().filter(|it| it.is_pinned).map(|it| it.deployment.clone()).collect(),
            open: open.collect(),
            version_open: self.blame.open_for_all(now).map_or(0, millis),
            quarantined: self.quarantined.clone(),
        }
    }
}

#[test]
fn the_table_of_outcomes() {
    let table: Table = serde_json::from_str(TABLE).unwrap();
    for case in &table.cases {
        let mut strategy = Strategy::new(&table.options, case);
        for (i, step) in case.steps.iter().enumerate() {
            let what = format!("{}, step {i}", case.name);
            let versions = strategy.versions.clone();

            let mut answers = strategy.take(step);

            assert_eq!(strategy.called, step.called, "{what}");
            if let Some(answer) = &step.answer {
                assert_eq!(answers.values().collect::<Vec<_>>(), [answer], "{what}");
                answers.clear();
            }
            assert_eq!(answers, step.answers, "{what}");
            assert_eq!(strategy.verdicts, step.verdicts, "{what}");
            assert_eq!(strategy.state(step.after.versions.is_some()), step.after, "{what}");
            assert!(step.after.versions.is_some() || strategy.versions == versions, "{what}");
        }
    }
    assert!(table.cases.len() > 30);
}

/// However many deployments fail, no more are remembered; the one longest unheard of makes way.
#[rstest]
#[case::faded(true, 3)]
#[case::the_oldest(false, 3)]
fn most_entries(#[case] fades: bool, #[case] most: usize) {
    let terms = Terms {
        revert_after: NonZeroU32::MAX,
        open_after: NonZeroU32::MIN,
        first_back_off: 1_000,
        longest_back_off: 4_000,
        most_entries: NonZeroUsize::new(most).unwrap(),
    };
    let case =
        Case { name: String::new(), why: String::new(), versions: vec!["N".to_owned()], seen: three(), steps: vec![] };
    let mut strategy = Strategy::new(&terms, &case);
    let step = if fades { 9_000 } else { 1 };
    for i in 0..10 {
        *strategy.now.lock().unwrap() = strategy.start + Duration::from_millis(i * step);
        let n = Some("trap".to_owned());
        let request = Request { deployment: format!("d{i}"), spec: first(), n, again: None, third: None, p: None };
        strategy.call(&request, true);
        assert!(strategy.blame.state().entries.len() <= most);
    }
    let left: BTreeSet<String> = strategy.blame.state().entries.keys().cloned().collect();
    let expected = if fades { vec!["d9"] } else { vec!["d7", "d8", "d9"] };
    assert!(left.iter().map(String::as_str).rev().take(expected.len()).eq(expected.iter().copied().rev()), "{left:?}");
}

/// Each back-off is lengthened by a random share, and the longest is not doubled further.
#[rstest]
#[case::none(0.0, [1_000, 2_000, 4_000, 4_000])]
#[case::half_of_a_half(0.5, [1_250, 2_500, 5_000, 5_000])]
fn jitter(#[case] random: f64, #[case] expected: [u64; 4]) {
    let now = crate::clock::now();
    let options = Options {
        longest_back_off: Duration::from_secs(4),
        jitter: 0.5,
        random: Arc::new(move || random),
        ..Options::default()
    };
    let mut circuit = super::Circuit::default();

    let lengths = [(); 4].map(|()| circuit.open(now, &options));

    assert_eq!(lengths, expected.map(Duration::from_millis));
}
