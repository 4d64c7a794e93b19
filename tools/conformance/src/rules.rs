//! The rules, in the order in which they are tried: what later ones build on comes first.

mod busy_loop;
mod commitments;
mod config;
mod creation;
mod describe;
mod endurance;
mod entry_points;
mod headroom;
mod input;
mod liveness;
mod plans;
mod purity;
mod rollouts;
mod values;
mod words;

use std::fmt;

use crate::{bench::Bench, remedy, tried::Tried};

/// Option of a rule that the guard judges.
const POLICY: &str = "no option: the plugin has to keep within `spec.limits` and the guard's other rules";

/// Something that every strategy must satisfy.
pub struct Rule {
    /// Its name, which is stable, for programs.
    pub id: &'static str,
    /// One sentence that says what must be so.
    pub says: &'static str,
    /// Option with which a plugin that breaks it may pass, in one sentence, or that there is none. What one case needs
    /// is in the [report](crate::RuleReport::remedy).
    pub remedy: &'static str,
    /// True where it can be tried only with a configuration that the plugin takes.
    pub(crate) needs_config: bool,
    /// Tries it; the text is its id.
    pub(crate) run: fn(&Bench<'_>, &str) -> Tried,
}

/// All rules, in the order in which they are tried.
pub static RULES: [Rule; 22] = [
    Rule {
        id: "describes-itself",
        says: "its name, version and schema are what the contract says, and every time the same",
        remedy: remedy::NONE,
        needs_config: false,
        run: describe::describes_itself,
    },
    Rule {
        id: "refuses-bad-config",
        says: "any text is taken or refused as a configuration, never a trap, and both entry points keep to it",
        remedy: remedy::NONE,
        needs_config: false,
        run: config::refuses_bad_config,
    },
    Rule {
        id: "refuses-bad-routes",
        says: "ids, ratios and labels that no routes have are `invalid-routes`",
        remedy: remedy::NONE,
        needs_config: true,
        run: values::refuses_bad_routes,
    },
    Rule {
        id: "refuses-bad-spec",
        says: "no revision to roll out, one check twice, or labels that none has, is `invalid-spec`, before all routes",
        remedy: remedy::NONE,
        needs_config: true,
        run: values::refuses_bad_spec,
    },
    Rule {
        id: "refuses-bad-requests",
        says: "what is no request has an error in its place, and spoils no other",
        remedy: remedy::NONE,
        needs_config: true,
        run: input::refuses_bad_requests,
    },
    Rule {
        id: "answers",
        says: "a request that is right has a plan: no trap, no limit, no error",
        remedy: remedy::NONE,
        needs_config: true,
        run: plans::answers,
    },
    Rule {
        id: "says-why",
        says: "every plan has a kebab-case reason code, a message of one line, and waits for routes that are there",
        remedy: remedy::NONE,
        needs_config: true,
        run: words::says_why,
    },
    Rule {
        id: "in-range",
        says: "gate, progress and labels of every plan are within the contract's ranges",
        remedy: remedy::NONE,
        needs_config: true,
        run: words::in_range,
    },
    Rule {
        id: "harmless",
        says: "no plan does what the guard forbids",
        remedy: POLICY,
        needs_config: true,
        run: plans::harmless,
    },
    Rule {
        id: "harmless-in-rollouts",
        says: "no plan does what the guard forbids, whatever happens in a rollout",
        remedy: POLICY,
        needs_config: true,
        run: rollouts::harmless_in_rollouts,
    },
    Rule {
        id: "keeps-its-commitment",
        says: "every plan promises what `check-config` says of its configuration, target and limits, and does it",
        remedy: remedy::NONE,
        needs_config: true,
        run: commitments::keeps_its_commitment,
    },
    Rule {
        id: "deterministic",
        says: "the same request has the same plan, whatever the instance was given before",
        remedy: remedy::NONE,
        needs_config: true,
        run: purity::deterministic,
    },
    Rule {
        id: "order-independent",
        says: "the order of routes, checks and gates changes no decision, nor does a gate that there is none of",
        remedy: remedy::NONE,
        needs_config: true,
        run: purity::order_independent,
    },
    Rule {
        id: "idempotent",
        says: "once a plan is applied, evaluating again changes nothing, and what is over stays so",
        remedy: remedy::NONE,
        needs_config: true,
        run: purity::idempotent,
    },
    Rule {
        id: "entry-points-agree",
        says: "typed and JSON decide the same, for one request and for many, and admit the same configurations",
        remedy: remedy::NONE,
        needs_config: true,
        run: entry_points::entry_points_agree,
    },
    Rule {
        id: "completes",
        says: "where every route becomes ready and every gate is passed, it completes, and the target is served",
        remedy: "`--config` without what ends it early or holds it: a deadline, a hold that names no gate",
        needs_config: true,
        run: liveness::completes,
    },
    Rule {
        id: "rolls-back",
        says: "where an operator asks to abort, it ends as rolled-back, and the stable revision serves the target",
        remedy: "`--config` without what holds it, if the plugin has a key for it; else none",
        needs_config: true,
        run: liveness::rolls_back,
    },
    Rule {
        id: "survives-clock-steps",
        says: "a clock that is set back or ahead does no harm, creates nothing twice, and holds nothing up",
        remedy: remedy::NONE,
        needs_config: true,
        run: endurance::survives_clock_steps,
    },
    Rule {
        id: "survives-weights-by-hand",
        says: "weights and traffic that people set by hand do no harm to capacity, and it completes",
        remedy: POLICY,
        needs_config: true,
        run: endurance::survives_weights_by_hand,
    },
    Rule {
        id: "bounded-creation",
        says: "where every new route fails, routes are not created for ever at the same pace, whatever else happens",
        remedy: "`--config` with fewer replacements, or a longer back-off, if the plugin has a key for it",
        needs_config: true,
        run: creation::bounded_creation,
    },
    Rule {
        id: "no-busy-loop",
        says: "the next evaluation is ahead, and following it does not spin",
        remedy: remedy::NONE,
        needs_config: true,
        run: busy_loop::no_busy_loop,
    },
    Rule {
        id: "headroom",
        says: "10000 routes need no more than half of the memory and of the response that the sandbox allows",
        remedy: "`--memory-limit` or `--response-limit`, as the hosts have them that will run it",
        needs_config: true,
        run: headroom::headroom,
    },
];

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("id", &self.id).finish_non_exhaustive()
    }
}
