//! A plugin that does what its config says no plugin should do: `{"misdeed": "loop_forever"}`.
//!
//! Tests make other versions of it by writing another word into `MODE`, or over its name, in the component's bytes.

use std::{
    hint::black_box,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use pointsman::{
    Commitment, EvaluationError, Rollout, RolloutSpec, Route, RouteChanges, Strategy, SubStep, TrafficChange,
    TrafficStatus,
    rolling_update::{RollingUpdate, RollingUpdateConfig},
};
use pointsman::{schemars, serde};

mod spoiled;

/// Misdeed of this version, whatever its config says; padded with spaces.
static MODE: [u8; 29] = *b"hostile-mode:honest          ";

/// Calls that this instance has had.
static CALLS: AtomicU32 = AtomicU32::new(0);

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "pointsman::serde", deny_unknown_fields)]
#[schemars(crate = "pointsman::schemars")]
struct Config {
    misdeed: Misdeed,
}

#[derive(Clone, Copy, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "pointsman::serde", rename_all = "snake_case")]
#[schemars(crate = "pointsman::schemars")]
enum Misdeed {
    /// Nothing bad: a plan that changes nothing.
    None,
    /// The right thing, unless this version is another than the honest one: promotes what is ready.
    Good,
    /// Never returns.
    LoopForever,
    /// Takes memory, a megabyte at a time, without end.
    GrowMemory,
    /// Panics.
    Trap,
    /// Calls itself without end.
    RecurseForever,
    /// Returns a message of 2 MB.
    LongString,
    /// Returns a list of a hundred thousand empty ids: more for the host to hold than the sandbox takes for it.
    LongList,
    /// Returns a message that is not UTF-8.
    NotUtf8,
    /// Returns a message that lies beyond the end of memory.
    WildPointer,
    /// Tells how many calls it remembers.
    Remember,
    /// Drains a route that was not given.
    UnknownId,
    /// Promotes the first route twice.
    DuplicateId,
    /// Promotes and drains the first route.
    PromoteAndDrain,
    /// Promotes every route, whatever it is.
    PromoteAll,
    /// Drains every route.
    DrainAll,
    /// Creates ten million routes.
    CreateTenMillion,
    /// Sets the traffic ratio of the first route to NaN.
    NanRatio,
    /// Asks to be evaluated again at once.
    AgainAtOnce,
    /// Returns a list of ten million ids.
    TenMillionIds,
    /// Returns a message of a gigabyte.
    GigabyteString,
    /// Promotes the routes of other revisions that are ready.
    PromoteBlue,
    /// Promotes the routes of the deploying revision that are not ready.
    PromoteNotReady,
    /// Promotes a route of the call before, and so of another deployment.
    LeakIds,
    /// Does nothing bad for 100 calls of an instance, and then never returns.
    TurnBadAfterAHundred,
    /// Sets every route's traffic as it is, bit by bit; not bad, but against the contract.
    EchoTraffic,
    /// Returns a memo of 5,000 bytes.
    LongMemo,
    /// Returns a memo with a NUL in it.
    NulMemo,
    /// Completes, whatever the routes are.
    CompleteEarly,
    /// Ends as rolled back, whatever the routes are.
    RollBackEarly,
    /// Returns a reason that looks like several lines of a log, and a gate and a code of 5,000 bytes.
    ForgeTexts,
    /// Creates one route in traffic at a full share, whatever the others have.
    CreateActive,
    /// Asks to be evaluated again in a millisecond.
    AgainInAMillisecond,
    /// Nothing bad, and nothing at all, with a reason.
    Idle,
    /// Drains every route that is live, and does nothing else.
    DrainLive,
    /// The rolling update, as it should be. What follows is the same, but for one thing.
    Well,
    /// Never completes.
    NeverComplete,
    /// Does nothing where an operator asks to abort.
    NoWayBack,
    /// Waits until the clock has caught up with every stamp.
    TrustStamps,
    /// Waits until every route in traffic has a full share.
    WaitForFullShares,
    /// Replaces what failed at once, without a back-off.
    ReplaceAtOnce,
    /// Takes 16 KiB of memory for each route.
    Hungry,
    /// Takes 64 KiB of memory for each route.
    Ravenous,
    /// Promises less where there are routes of the deploying revision.
    PromiseLess,
}

/// The ids of the last call that leaked them.
static LEAKED: Mutex<Vec<String>> = Mutex::new(vec![]);

/// True where this call's plan promises less than it should.
static PROMISES_LESS: AtomicBool = AtomicBool::new(false);

struct Hostile;

impl Strategy for Hostile {
    const NAME: &'static str = "hostile";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Does what its config says no plugin should do.";
    type Config = Config;

    fn config_schema() -> String {
        match mode() {
            b"loop-in-describe" => endless_loop(),
            b"schema-not-json" => "an object".to_owned(),
            b"schema-long" => "x".repeat(20_000_000),
            // A few bytes that ask for a string of a billion characters.
            b"schema-bomb" => {
                r#"{"properties":{"misdeed":{"pattern":"(((((x{1,1000}){1,1000}){1,1000})))","type":"string"}}}"#
                    .to_owned()
            }
            _ => pointsman::schema_of::<Config>(),
        }
    }

    fn admit(config: &Config, target: u32, limits: Option<Commitment>) -> Result<(), String> {
        if config.misdeed.is_of_rolling_update() {
            RollingUpdate::admit(&RollingUpdateConfig::default(), target, limits)
        } else {
            Ok(())
        }
    }

    fn commitment(_: &Config, _: u32, limits: Option<Commitment>) -> Commitment {
        match mode() {
            _ if PROMISES_LESS.load(Ordering::Relaxed) => Commitment::NONE,
            // Another promise in each call of an instance.
            b"fickle" => Commitment { least_serving: 0, most_live: u32::MAX - CALLS.load(Ordering::Relaxed) },
            _ => limits.unwrap_or(Commitment::NONE),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each misdeed")]
    fn evaluate(rollout: &Rollout<'_>, config: &Config) -> Result<RouteChanges, EvaluationError> {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        PROMISES_LESS.store(false, Ordering::Relaxed);
        let mut plan = RouteChanges::none(SubStep::Provisioning, "hostile", String::new());
        if mode() == b"meek" {
            // Nothing bad, whatever it is told to do.
            return Ok(plan);
        }
        if config.misdeed.is_of_rolling_update() {
            return spoiled::evaluate(rollout, config.misdeed);
        }
        match config.misdeed {
            Misdeed::None
            | Misdeed::Well
            | Misdeed::NeverComplete
            | Misdeed::NoWayBack
            | Misdeed::TrustStamps
            | Misdeed::WaitForFullShares
            | Misdeed::ReplaceAtOnce
            | Misdeed::Hungry
            | Misdeed::Ravenous
            | Misdeed::PromiseLess => {}
            Misdeed::Idle => "there is time".clone_into(&mut plan.reason.message),
            Misdeed::DrainLive => {
                "all of it".clone_into(&mut plan.reason.message);
                plan = plan.drain(rollout.routes());
            }
            Misdeed::Good => match mode() {
                b"cautious" => "cautious".clone_into(&mut plan.reason.code),
                b"broken" => panic!("as this version does"),
                b"endless" => endless_loop(),
                b"polite" => return Err(EvaluationError::InvalidConfig("this version takes it no more".to_owned())),
                b"harmful" => plan.drain_route_ids = vec!["nobody".to_owned()],
                _ => plan = plan.promote(rollout.green().filter(|route| route.is_ready())),
            },
            Misdeed::LoopForever => endless_loop(),
            Misdeed::GrowMemory => {
                let mut hoard: Vec<Vec<u8>> = vec![];
                loop {
                    hoard.push(black_box(vec![1; 1 << 20]));
                }
            }
            Misdeed::Trap => panic!("on request"),
            Misdeed::RecurseForever => plan.reason.message = recurse(u64::from(calls)).to_string(),
            Misdeed::LongString => plan.reason.message = "x".repeat(2_000_000),
            Misdeed::LongList => plan.drain_route_ids = vec![String::new(); 100_000],
            Misdeed::NotUtf8 => plan.reason.message = not_utf8(),
            Misdeed::WildPointer => plan.reason.message = wild_pointer(),
            Misdeed::Remember => plan.reason.message = format!("{calls} calls"),
            Misdeed::UnknownId => plan.drain_route_ids = vec!["nobody".to_owned()],
            Misdeed::DuplicateId => {
                plan.promote_route_ids = ids(rollout).take(1).flat_map(|id| [id.clone(), id]).collect();
            }
            Misdeed::PromoteAndDrain => {
                plan.promote_route_ids = ids(rollout).take(1).collect();
                plan.drain_route_ids = ids(rollout).take(1).collect();
            }
            Misdeed::PromoteAll => plan.promote_route_ids = ids(rollout).collect(),
            Misdeed::DrainAll => plan.drain_route_ids = ids(rollout).collect(),
            Misdeed::CreateTenMillion => {
                plan = plan.create(RolloutSpec::inactive(10_000_000, &rollout.spec().deploying_revision));
            }
            Misdeed::NanRatio => {
                let change = |route_id| TrafficChange {
                    route_id,
                    traffic_status: TrafficStatus::Active,
                    traffic_ratio: f64::NAN,
                };
                plan.traffic_changes = ids(rollout).take(1).map(change).collect();
            }
            Misdeed::AgainAtOnce => plan.next_evaluation_at = Some(rollout.spec().now),
            Misdeed::TenMillionIds => plan.drain_route_ids = vec![String::new(); 10_000_000],
            Misdeed::GigabyteString => plan.reason.message = "\0".repeat(1 << 30),
            Misdeed::PromoteBlue => {
                plan.promote_route_ids =
                    rollout.blue().filter(|route| route.is_ready()).map(|route| route.id.clone()).collect();
            }
            Misdeed::PromoteNotReady => plan = plan.promote(rollout.green().filter(|route| !route.is_ready())),
            Misdeed::LeakIds => {
                let mut leaked = LEAKED.lock().unwrap_or_else(PoisonError::into_inner);
                plan.promote_route_ids = std::mem::replace(&mut leaked, ids(rollout).collect());
            }
            Misdeed::EchoTraffic => {
                let echo = |route: &Route| TrafficChange {
                    route_id: route.id.clone(),
                    traffic_status: route.traffic_status,
                    traffic_ratio: route.traffic_ratio,
                };
                plan.traffic_changes = rollout.routes().map(echo).collect();
            }
            Misdeed::LongMemo => plan.memo = Some("x".repeat(5_000)),
            Misdeed::NulMemo => plan.memo = Some("promoted-at\0 1".to_owned()),
            Misdeed::CompleteEarly => plan.sub_step = SubStep::Completed,
            Misdeed::RollBackEarly => plan.sub_step = SubStep::RolledBack,
            Misdeed::ForgeTexts => {
                plan.reason.message = format!("ok\nERROR \u{9b}31m all routes lost \u{202e}{}", "x".repeat(5_000));
                plan.reason.code = "c".repeat(5_000);
                plan.gate = Some("g".repeat(5_000));
            }
            Misdeed::CreateActive => {
                plan = plan.create(RolloutSpec::active(1, &rollout.spec().deploying_revision));
            }
            Misdeed::AgainInAMillisecond => {
                plan.next_evaluation_at = Some(rollout.spec().now.saturating_add_millis(1));
            }
            Misdeed::TurnBadAfterAHundred => {
                if calls > 100 {
                    endless_loop()
                }
            }
        }
        Ok(plan)
    }
}

impl Misdeed {
    /// True for the rolling update with one thing wrong.
    fn is_of_rolling_update(self) -> bool {
        matches!(
            self,
            Self::Well
                | Self::NeverComplete
                | Self::NoWayBack
                | Self::TrustStamps
                | Self::WaitForFullShares
                | Self::ReplaceAtOnce
                | Self::Hungry
                | Self::Ravenous
                | Self::PromiseLess
        )
    }
}

/// The mode, without what it is padded with. Read as the bytes are, which the compiler must not know.
fn mode() -> &'static [u8] {
    black_box(&MODE)["hostile-mode:".len()..].trim_ascii_end()
}

fn endless_loop() -> ! {
    loop {
        black_box(0);
    }
}

fn ids(rollout: &Rollout<'_>) -> impl Iterator<Item = String> {
    rollout.routes().map(|route| route.id.clone())
}

#[expect(unconditional_recursion, reason = "the misdeed")]
fn recurse(n: u64) -> u64 {
    let frame = black_box([n; 64]);
    recurse(n + 1) + frame[0]
}

#[allow(unsafe_code, reason = "the misdeed")]
fn not_utf8() -> String {
    // SAFETY: none. Nothing in the sandbox looks at it; the host must find it out.
    unsafe { String::from_utf8_unchecked(vec![0xff; 8]) }
}

#[allow(unsafe_code, clippy::same_length_and_capacity, reason = "the misdeed")]
fn wild_pointer() -> String {
    // SAFETY: none. The string is handed to the host, which must find out that there is no such memory.
    unsafe { String::from_raw_parts(std::ptr::without_provenance_mut(0xffff_0000), 100, 100) }
}

pointsman::export_strategy!(Hostile);
