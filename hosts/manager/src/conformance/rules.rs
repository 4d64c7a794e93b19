//! The rules, in the order in which they are tried: what later ones build on comes first.

mod config;
mod describe;
mod doors;
mod headroom;
mod input;
mod plans;
mod purity;
mod rollouts;
mod stress;

use super::{bench::Bench, verdict::Verdict};

/// Something that every strategy must satisfy.
pub(super) struct Rule {
    /// Stable, for programs.
    pub(super) id: &'static str,
    /// One sentence.
    pub(super) says: &'static str,
    /// Whether it can be tried only with a configuration that the plugin takes.
    pub(super) needs_config: bool,
    /// Tries it; the text is its id.
    pub(super) run: fn(&Bench<'_>, &str) -> Verdict,
}

/// All rules.
pub(super) const RULES: [Rule; 16] = [
    Rule {
        id: "describes-itself",
        says: "its name, version and schema are what the contract says, and every time the same",
        needs_config: false,
        run: describe::describes_itself,
    },
    Rule {
        id: "refuses-bad-config",
        says: "any text is taken or refused as a configuration, never a trap, and both doors keep to it",
        needs_config: false,
        run: config::refuses_bad_config,
    },
    Rule {
        id: "refuses-bad-routes",
        says: "a duplicate id, or a ratio that is not in 0.0 to 1.0, is `invalid-routes`",
        needs_config: true,
        run: input::refuses_bad_routes,
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
        run: plans::says_why,
    },
    Rule { id: "harmless", says: "no plan does what the guard forbids", needs_config: true, run: plans::harmless },
    Rule {
        id: "harmless-in-rollouts",
        says: "no plan does what the guard forbids, whatever happens in a rollout",
        needs_config: true,
        run: rollouts::harmless_in_rollouts,
    },
    Rule {
        id: "keeps-its-promise",
        says: "every plan promises what `check-config` says for its configuration, target and policy",
        needs_config: true,
        run: plans::keeps_its_promise,
    },
    Rule {
        id: "deterministic",
        says: "the same request has the same plan, whatever the instance was asked before",
        needs_config: true,
        run: purity::deterministic,
    },
    Rule {
        id: "order-independent",
        says: "the order of the routes changes no decision",
        needs_config: true,
        run: purity::order_independent,
    },
    Rule {
        id: "idempotent",
        says: "once a plan is applied, evaluating again changes nothing, and what was completed stays so",
        needs_config: true,
        run: purity::idempotent,
    },
    Rule {
        id: "doors-agree",
        says: "the typed door and the JSON door decide the same, for one request and for many",
        needs_config: true,
        run: doors::doors_agree,
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
