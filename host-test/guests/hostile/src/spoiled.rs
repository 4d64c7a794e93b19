//! A rolling update with one thing wrong: what conformance has exactly one rule for.

use std::{hint::black_box, sync::atomic::Ordering};

use pointsman::{
    EvaluationError, Rollout, RolloutSpec, RouteChanges, Strategy, SubStep, Timestamp,
    rolling_update::{RollingUpdate, RollingUpdateConfig},
};

use super::{Misdeed, PROMISES_LESS};

/// Memory for each route, in bytes.
const HUNGRY: usize = 16 << 10;
const RAVENOUS: usize = 64 << 10;

pub(super) fn evaluate(rollout: &Rollout<'_>, misdeed: Misdeed) -> Result<RouteChanges, EvaluationError> {
    let plan = RollingUpdate::evaluate(rollout, &RollingUpdateConfig::default())?;
    let (spec, tally) = (rollout.spec(), rollout.tally());
    let memo = plan.memo.clone();
    let held = |code: &str, until: Option<Timestamp>| {
        let held = RouteChanges::none(SubStep::Provisioning, code, "it waits".to_owned()).evaluate_again(until);
        Ok(RouteChanges { memo: memo.clone(), ..held })
    };
    match misdeed {
        Misdeed::NeverComplete if plan.sub_step == SubStep::Completed => {
            return Ok(RouteChanges { sub_step: SubStep::Finalizing, ..plan });
        }
        Misdeed::NoWayBack if spec.operator.abort => return held("no-way-back", None),
        Misdeed::TrustStamps => {
            let stamps = rollout.routes().filter_map(|route| route.status_updated_at);
            let latest = stamps.chain([spec.started_at]).max().filter(|at| *at > spec.now);
            if latest.is_some() {
                return held("clock-behind", latest);
            }
        }
        Misdeed::WaitForFullShares
            if rollout.routes().any(|route| route.is_live() && route.is_active() && route.traffic_ratio < 1.0) =>
        {
            return held("shares-differ", None);
        }
        Misdeed::ReplaceAtOnce if plan.reason.code == "backing-off" && plan.is_empty() => {
            let most = spec.limits.map_or(u32::MAX, |limits| limits.most_live);
            let room = most.saturating_sub(tally.live() + tally.terminating).min(spec.free_places.unwrap_or(u32::MAX));
            let missing = spec.target_replicas.saturating_sub(tally.live_green).min(room);
            if missing > 0 {
                return Ok(plan.create(RolloutSpec::inactive(missing, &spec.deploying_revision)));
            }
        }
        Misdeed::Hungry => drop(black_box(vec![1_u8; HUNGRY * rollout.routes().count()])),
        Misdeed::Ravenous => drop(black_box(vec![1_u8; RAVENOUS * rollout.routes().count()])),
        Misdeed::PromiseLess => PROMISES_LESS.store(tally.live_green > 0, Ordering::Relaxed),
        _ => {}
    }
    Ok(plan)
}
