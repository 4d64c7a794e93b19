//! Routes and specs that cannot be right: an error that names the right one of them, never a plan.

use pointsman::{
    Check, CheckOutcome, Labels,
    json::{Answer, ErrorCode, Request},
};
use pointsman_host::Decision;
use proptest::{bool::weighted, option, prelude::Strategy, sample::select};

use super::input::what_came;
use crate::{
    bench::Bench,
    requests,
    tried::{Failure, Tried},
};

/// Faults of routes.
#[derive(Clone, Copy, Debug)]
enum RouteFault {
    Twin,
    NoId,
    Ratio(f64),
    Labels(LabelFault),
}

/// Faults of a spec.
#[derive(Clone, Copy, Debug)]
enum SpecFault {
    NoRevision,
    CheckTwice,
    Labels(LabelFault),
}

/// Faults of labels.
#[derive(Clone, Copy, Debug)]
enum LabelFault {
    Many,
    NoKey,
    LongKey,
    LongValue,
    Nul,
    Twin,
}

const LABEL_FAULTS: [LabelFault; 6] = [
    LabelFault::Many,
    LabelFault::NoKey,
    LabelFault::LongKey,
    LabelFault::LongValue,
    LabelFault::Nul,
    LabelFault::Twin,
];

/// `refuses-bad-routes`: through both entry points, as far as JSON can say it.
pub(super) fn refuses_bad_routes(bench: &Bench<'_>, rule: &str) -> Tried {
    let cases = (bench.requests(), route_faults(), 0..=requests::MOST_ROUTES);
    bench.for_all(rule, &cases, |(mut request, fault, place)| {
        fault.spoil(&mut request, place);
        is_refused(bench, &request, ErrorCode::InvalidRoutes, fault.has_json())
    })
}

/// `refuses-bad-spec`: with the routes as they should be, and with routes that are wrong too; and the configuration is
/// looked at before the spec.
pub(super) fn refuses_bad_spec(bench: &Bench<'_>, rule: &str) -> Tried {
    let faults = [SpecFault::NoRevision, SpecFault::CheckTwice].into_iter();
    let faults = select(faults.chain(LABEL_FAULTS.map(SpecFault::Labels)).collect::<Vec<_>>());
    let cases = (bench.requests(), faults, option::of(route_faults()), weighted(0.1));
    bench.for_all(rule, &cases, |(mut request, fault, beside, has_bad_config)| {
        fault.spoil(&mut request);
        if let Some(beside) = beside {
            beside.spoil(&mut request, 0);
        }
        if has_bad_config {
            // The text of something, but of no object.
            "[]".clone_into(&mut request.spec.config);
            return is_refused(bench, &request, ErrorCode::InvalidConfig, false);
        }
        let has_json = fault.has_json() && beside.is_none_or(RouteFault::has_json);
        is_refused(bench, &request, ErrorCode::InvalidSpec, has_json)
    })
}

fn route_faults() -> impl Strategy<Value = RouteFault> {
    let ratios = [1.5, -0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0 + f64::EPSILON, -f64::MIN_POSITIVE, 1e300];
    let faults = [RouteFault::Twin, RouteFault::NoId].into_iter().chain(ratios.map(RouteFault::Ratio));
    select(faults.chain(LABEL_FAULTS.map(RouteFault::Labels)).collect::<Vec<_>>())
}

/// Checks that both entry points, or only the typed one, refuse a request for this reason.
fn is_refused(bench: &Bench<'_>, request: &Request, code: ErrorCode, has_json: bool) -> Result<(), Failure> {
    let is_right =
        |decision: &Decision| matches!(decision, Decision::Answer(Answer::Error { code: found, .. }) if *found == code);
    let typed = Decision::from(&bench.subject.decide(request)?);
    if !is_right(&typed) {
        let what = what_came(&typed);
        return Err(Failure::new(format!("{what} instead of {code:?}")).at(request));
    }
    if !has_json {
        return Ok(());
    }
    let text = serde_json::to_string(&[request]).map_err(|error| Failure::new(error.to_string()))?;
    let answers = bench.subject.answers(&text).map_err(|failure| failure.at(request))?;
    match answers.first().filter(|answer| !is_right(answer)) {
        None => Ok(()),
        Some(answer) => {
            let what = what_came(answer);
            Err(Failure::new(format!("{what} instead of {code:?} from the JSON entry point")).at(request))
        }
    }
}

// === impl RouteFault ===

impl RouteFault {
    fn spoil(self, request: &mut Request, place: usize) {
        if request.routes.is_empty() {
            request.routes.push(requests::serving_route("r-1".to_owned()));
        }
        let place = place % request.routes.len();
        let route = &mut request.routes[place];
        match self {
            Self::Twin => {
                let twin = route.clone();
                request.routes.push(twin);
            }
            Self::NoId => route.id.clear(),
            Self::Ratio(ratio) => route.traffic_ratio = ratio,
            Self::Labels(fault) => route.labels = fault.labels(),
        }
    }

    fn has_json(self) -> bool {
        match self {
            Self::Ratio(ratio) => ratio.is_finite(),
            Self::Labels(fault) => fault.has_json(),
            Self::Twin | Self::NoId => true,
        }
    }
}

// === impl SpecFault ===

impl SpecFault {
    fn spoil(self, request: &mut Request) {
        let spec = &mut request.spec;
        match self {
            Self::NoRevision => spec.deploying_revision.clear(),
            Self::CheckTwice => {
                let check = |outcome| Check { name: "smoke".to_owned(), outcome, observed_at: None };
                spec.checks = vec![check(CheckOutcome::Passed), check(CheckOutcome::Pending)];
            }
            Self::Labels(fault) => spec.labels = fault.labels(),
        }
    }

    fn has_json(self) -> bool {
        if let Self::Labels(fault) = self { fault.has_json() } else { true }
    }
}

// === impl LabelFault ===

impl LabelFault {
    fn labels(self) -> Labels {
        let one = |key: &str, value: &str| Labels::from_iter([(key, value)]);
        match self {
            Self::Many => (0..17).map(|i| (format!("key-{i:02}"), "value")).collect(),
            Self::NoKey => one("", "value"),
            Self::LongKey => one(&"k".repeat(64), "value"),
            Self::LongValue => one("key", &"v".repeat(257)),
            Self::Nul => one("key", "a\0b"),
            Self::Twin => Labels::from_iter([("key", "one"), ("key", "another")]),
        }
    }

    /// Returns whether JSON can say it: what a reader makes of a key that stands twice in an object is its own affair.
    fn has_json(self) -> bool {
        !matches!(self, Self::Twin)
    }
}
