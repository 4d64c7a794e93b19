//! What amounts of a policy come to, from their definitions: which whole numbers of routes are not above or not below
//! a part of the target, found by trying halves. It shares no arithmetic with the crate.
#![allow(dead_code, reason = "shared by several test binaries")]

use pointsman::Amount;

/// A part of the target in hundred-thousandths of a route.
fn part(amount: Amount, target: u32) -> u128 {
    match amount {
        Amount::Count(routes) => u128::from(routes) * 100_000,
        Amount::Millipercent(thousandths) => u128::from(thousandths) * u128::from(target),
    }
}

/// The least number for which something holds that holds for all above it.
fn first(holds: impl Fn(u128) -> bool) -> u128 {
    let (mut below, mut from) = (0_u128, 1 << 70);
    while below < from {
        let middle = u128::midpoint(below, from);
        if holds(middle) { from = middle } else { below = middle + 1 }
    }
    from
}

fn saturated(routes: u128) -> u32 {
    u32::try_from(routes).unwrap_or(u32::MAX)
}

/// So many whole routes are the part at most.
fn whole(amount: Amount, target: u32) -> u128 {
    first(|routes| routes * 100_000 > part(amount, target)) - 1
}

/// So many whole routes are the part at least.
fn covering(amount: Amount, target: u32) -> u128 {
    first(|routes| routes * 100_000 >= part(amount, target))
}

/// The target without those that may be missing: a percentage is rounded down; from a target of 2 on one may be missing
/// where any part may.
pub(crate) fn least_serving(max_unavailable: Amount, target: u32) -> u32 {
    let missing = whole(max_unavailable, target).min(target.into());
    let any_part = matches!(max_unavailable, Amount::Millipercent(thousandths) if thousandths != 0);
    let missing = if missing == 0 && any_part && target > 1 { 1 } else { missing };
    saturated(u128::from(target) - missing)
}

/// The target and those that may be added: a percentage is rounded up, one at least; nothing at target 0.
pub(crate) fn most_live(max_surge: Amount, target: u32) -> u32 {
    if target == 0 {
        return 0;
    }
    saturated(u128::from(target) + covering(max_surge, target).max(1))
}

/// How many must serve at the end: rounded up, one at least and the target at most.
pub(crate) fn completes_at(complete_at: Amount, target: u32) -> u32 {
    saturated(covering(complete_at, target).max(1).min(target.into()))
}

/// So many routes are the part at most.
pub(crate) fn at_most(amount: Amount, target: u32) -> u32 {
    saturated(whole(amount, target))
}

/// So many routes are the part at least.
pub(crate) fn at_least(amount: Amount, target: u32) -> u32 {
    saturated(covering(amount, target))
}
