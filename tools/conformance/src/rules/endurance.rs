//! Rollouts in which all goes well, but for clocks and people: they end all the same.

use pointsman::{RouteChanges, SubStep, json::Request};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
};

use super::{
    commitments::is_done,
    liveness::{Admission, is_completed, twice},
    plans::is_harmless,
};
use crate::{
    bench::Bench,
    requests,
    rollout::{
        Event,
        course::{Favourable, favourable},
    },
    tried::{Failure, Tried},
};

/// Cycles, from the first, before which something befalls a rollout.
const BEFALLEN_IN: u32 = 16;

/// Most times that somebody sets weights.
const SETTINGS: usize = 6;

/// By how much longer a rollout may take over which a clock is set: as long again, and so many seconds.
const SLACK_SECONDS: u64 = 300;

/// `survives-clock-steps`: the clock is set back or ahead once, for one cycle or for good, and routes may be stamped by
/// another one. Each plan is harmless. The rollout creates at most a set more than it would have, and completes, not
/// later than in twice the time and five minutes. Where the clock went ahead for good, a deadline that has passed by it
/// may have ended it as rolled-back.
pub(super) fn survives_clock_steps(bench: &Bench<'_>, rule: &str) -> Tried {
    let seconds = prop_oneof![4 => 1..=600i64, 2 => Just(3600), 1 => Just(86_400), 1 => Just(315_360_000)];
    let step = (seconds, prop_oneof![Just(-1), Just(1)]).prop_map(|(seconds, way)| seconds * way);
    let stamps = prop_oneof![2 => Just(0), 1 => -600..=600i64];
    let clocks = (0..BEFALLEN_IN, step, proptest::bool::ANY, stamps);
    let cases = (select(bench.configs.taken.clone()), favourable(), clocks);
    let admission = Admission::default();
    let tried = bench.for_all(rule, &cases, |(config, mut case, (cycle, step, is_for_good, stamps))| {
        case.start.stamps_ahead_seconds = stamps;
        let event = if is_for_good { Event::ClockStep(step) } else { Event::ClockBlip(step) };
        if !admission.is_given(bench, &case.rollout(&config))? {
            return Ok(());
        }
        let judge = |request: &Request, plan: &RouteChanges| is_harmless(bench, request, plan);
        let Some((before, rollout, after)) = twice(bench, &config, &case, &[(cycle, event)], judge)? else {
            return Ok(());
        };
        if !(after.ended == Some(SubStep::RolledBack) && is_for_good && step > 0) {
            is_completed(bench, &rollout, &after)?;
        }
        let failed = |message: String| Err(Failure::new(message).at(&after.last_request).after(rollout.told()));
        let most = before.created + u64::from(case.start.target);
        if after.created > most {
            return failed(format!(
                "it creates {} routes, and {} with a clock that is right",
                after.created, before.created
            ));
        }
        if after.seconds > 2 * before.seconds + SLACK_SECONDS {
            return failed(format!(
                "it takes {} s, and {} s with a clock that is right",
                after.seconds, before.seconds
            ));
        }
        Ok(())
    });
    admission.told(tried)
}

/// `survives-weights-by-hand`: people set weights of routes in traffic, one or all, to any ratio, and take routes out
/// of traffic or into it. Each plan is harmless, and does not lower the serving capacity below what is promised,
/// whichever weights it finds. The rollout completes, creates at most a set more for each time, and serves the target.
pub(super) fn survives_weights_by_hand(bench: &Bench<'_>, rule: &str) -> Tried {
    let cases = (select(bench.configs.taken.clone()), favourable(), vec((0..BEFALLEN_IN, hands()), 1..=SETTINGS));
    let admission = Admission::default();
    let tried = bench.for_all(rule, &cases, |(config, case, hands): (String, Favourable, Vec<(u32, Event)>)| {
        if !admission.is_given(bench, &case.rollout(&config))? {
            return Ok(());
        }
        let judge = |request: &Request, plan: &RouteChanges| {
            is_harmless(bench, request, plan)?;
            is_done(request, plan)
        };
        let Some((before, rollout, after)) = twice(bench, &config, &case, &hands, judge)? else { return Ok(()) };
        is_completed(bench, &rollout, &after)?;
        let most = before.created + u64::from(case.start.target) * hands.len() as u64;
        if after.created > most {
            let message = format!("it creates {} routes, and {} with its own weights", after.created, before.created);
            return Err(Failure::new(message).at(&after.last_request).after(rollout.told()));
        }
        Ok(())
    });
    admission.told(tried)
}

/// What people do to the traffic.
fn hands() -> impl Strategy<Value = Event> {
    use pointsman::TrafficStatus as T;
    let place = || 0..8usize;
    prop_oneof![
        3 => (place(), requests::ratios()).prop_map(|(place, ratio)| Event::Weigh(place, ratio)),
        2 => requests::ratios().prop_map(Event::WeighAll),
        2 => (place(), select(vec![T::Active, T::Inactive, T::Standby]))
            .prop_map(|(place, status)| Event::Move(place, status)),
    ]
}
