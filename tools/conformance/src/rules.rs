//! The rules, in the order in which they are tried: what later ones build on comes first.

mod commitments;
mod config;
mod describe;
mod entry_points;
mod headroom;
mod input;
mod plans;
mod purity;
mod rollouts;
mod stress;
mod values;
mod words;

use std::fmt;

use crate::{bench::Bench, tried::Tried};

/// Something that every strategy must satisfy.
pub struct Rule {
    /// Its name, which is stable, for programs.
    pub id: &'static str,
    /// One sentence that says what must be so.
    pub says: &'static str,
    /// True where it can be tried only with a configuration that the plugin takes.
    pub(crate) needs_config: bool,
    /// Tries it; the text is its id.
    pub(crate) run: fn(&Bench<'_>, &str) -> Tried,
}

/// All rules, in the order in which they are tried.
pub static RULES: [Rule; 18] = [
    Rule {
        id: "describes-itself",
        says: "its name, version and schema are what the contract says, and every time the same",
        needs_config: false,
        run: describe::describes_itself,
    },
    Rule {
        id: "refuses-bad-config",
        says: "any text is taken or refused as a configuration, never a trap, and both entry points keep to it",
        needs_config: false,
        run: config::refuses_bad_config,
    },
    Rule {
        id: "refuses-bad-routes",
        says: "ids, ratios and labels that no routes have are `invalid-routes`",
        needs_config: true,
        run: values::refuses_bad_routes,
    },
    Rule {
        id: "refuses-bad-spec",
        says: "no revision to roll out, one check twice, or labels that none has, is `invalid-spec`, before all routes",
        needs_config: true,
        run: values::refuses_bad_spec,
    },
    Rule {
        id: "refuses-bad-requests",
        says: "what is no request has an error in its place, and spoils no other",
        needs_config: true,
        run: input::refuses_bad_requests,
    },
    Rule {
        id: "answers",
        says: "a request that is right has a plan: no trap, no limit, no error",
        needs_config: true,
        run: plans::answers,
    },
    Rule {
        id: "says-why",
        says: "every plan has a kebab-case reason code, a message of one line, and waits for routes that are there",
        needs_config: true,
        run: words::says_why,
    },
    Rule {
        id: "in-range",
        says: "gate, progress and labels of every plan are within the contract's ranges",
        needs_config: true,
        run: words::in_range,
    },
    Rule { id: "harmless", says: "no plan does what the guard forbids", needs_config: true, run: plans::harmless },
    Rule {
        id: "harmless-in-rollouts",
        says: "no plan does what the guard forbids, whatever happens in a rollout",
        needs_config: true,
        run: rollouts::harmless_in_rollouts,
    },
    Rule {
        id: "keeps-its-commitment",
        says: "every plan promises what `check-config` says of its configuration, target and limits, and does it",
        needs_config: true,
        run: commitments::keeps_its_commitment,
    },
    Rule {
        id: "deterministic",
        says: "the same request has the same plan, whatever the instance was given before",
        needs_config: true,
        run: purity::deterministic,
    },
    Rule {
        id: "order-independent",
        says: "the order of routes, checks and gates changes no decision, nor does a gate that there is none of",
        needs_config: true,
        run: purity::order_independent,
    },
    Rule {
        id: "idempotent",
        says: "once a plan is applied, evaluating again changes nothing, and what is over stays so",
        needs_config: true,
        run: purity::idempotent,
    },
    Rule {
        id: "entry-points-agree",
        says: "typed and JSON decide the same, for one request and for many, and admit the same configurations",
        needs_config: true,
        run: entry_points::entry_points_agree,
    },
    Rule {
        id: "bounded-creation",
        says: "where every new route fails at once, routes are not created for ever at the same pace",
        needs_config: true,
        run: stress::bounded_creation,
    },
    Rule {
        id: "no-busy-loop",
        says: "the next evaluation is ahead, and following it does not spin",
        needs_config: true,
        run: stress::no_busy_loop,
    },
    Rule {
        id: "headroom",
        says: "10000 routes need no more than half of the memory and the response that the sandbox allows",
        needs_config: true,
        run: headroom::headroom,
    },
];

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("id", &self.id).finish_non_exhaustive()
    }
}
