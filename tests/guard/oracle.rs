//! The traffic that a plan leaves: the guard finds what the oracle finds, for any plan that can be applied.

use proptest::prelude::*;

use crate::{
    load::{any_draft, any_policy, deserved, found},
    support::{any_routes, any_spec},
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, max_global_rejects: 40_000, ..ProptestConfig::default() })]

    #[test]
    fn the_guard_finds_what_the_oracle_finds(
        routes in any_routes(), spec in any_spec(), draft in any_draft(), policy in any_policy(),
    ) {
        let plan = draft.plan(&routes, &spec);
        let found = found(&routes, &spec, &plan, &policy);
        prop_assume!(found.is_some());
        prop_assert_eq!(found, Some(deserved(&routes, &spec, &plan, &policy)), "{:?}", plan);
    }
}
