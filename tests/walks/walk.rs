//! One walk after the other, and the shortest one that breaks a promise.

use std::{cell::RefCell, collections::BTreeSet, fmt::Write};

use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};

use crate::{
    host::Broken,
    moves::{Move, any_move},
    settle::Ending,
    setup::{Setup, Strategies, Which, any_setup},
    world::World,
};

/// What was walked through.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) steps: u64,
    pub(crate) codes: BTreeSet<String>,
    pub(crate) ends: BTreeSet<&'static str>,
}

/// A promise that was broken, and the moves that are needed for it.
pub(crate) struct Failure {
    pub(crate) broken: Broken,
    pub(crate) story: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\" does not hold:\n{}{}", self.broken.promise, self.story, self.broken.how)
    }
}

/// The longest walk.
const LONGEST: usize = 70;

fn any_walk(which: Which) -> impl Strategy<Value = (Setup, Vec<Move>, Ending)> {
    use Ending as E;
    let ending =
        select(vec![E::AllGoesWell, E::AllGoesWell, E::LeftoversStaySick, E::GreenNeverStarts, E::StaysPaused]);
    (any_setup(which), vec(any_move(), 1..LONGEST), ending)
}

/// Goes so many walks.
///
/// # Errors
/// The first that breaks a promise, shortened.
pub(crate) fn walks(which: Which, strategies: &Strategies, count: u64, seed: u64) -> Result<Walked, Box<Failure>> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { cases: u32::try_from(count).expect("fewer walks"), ..quiet() };
    let walked = RefCell::new(Walked::default());
    let result = TestRunner::new_with_rng(config, rng).run(&any_walk(which), |(setup, moves, ending)| {
        walk(&setup, &moves, ending, strategies, &walked).map_err(|broken| TestCaseError::fail(broken.promise))
    });
    match result {
        Ok(()) => Ok(walked.into_inner()),
        Err(TestError::Fail(_, (setup, moves, ending))) => {
            let broken = walk(&setup, &moves, ending, strategies, &walked).expect_err("fails again");
            Err(Box::new(Failure { story: story(&setup, &moves, ending, strategies), broken }))
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// Whether any of so many walks breaks this promise.
pub(crate) fn breaks(which: Which, strategies: &Strategies, promise: &str, count: u64) -> bool {
    let config = Config { cases: u32::try_from(count).expect("fewer walks"), max_shrink_iters: 0, ..quiet() };
    let walked = RefCell::new(Walked::default());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[0; 32]));
    let result = runner.run(&any_walk(which), |(setup, moves, ending)| {
        match walk(&setup, &moves, ending, strategies, &walked) {
            Err(broken) if broken.promise == promise => Err(TestCaseError::fail(promise.to_owned())),
            _ => Ok(()),
        }
    });
    result.is_err()
}

fn quiet() -> Config {
    Config { failure_persistence: None, max_shrink_iters: 4096, ..Config::default() }
}

fn walk(
    setup: &Setup,
    moves: &[Move],
    ending: Ending,
    strategies: &Strategies,
    walked: &RefCell<Walked>,
) -> Result<(), Broken> {
    let mut world = World::new(setup);
    for made in moves {
        if world.end.is_some() {
            break;
        }
        world.make(made, strategies)?;
        let mut walked = walked.borrow_mut();
        walked.steps += 1;
        if let Some(code) = world.code.take() {
            walked.codes.insert(code);
        }
    }
    let world = world.settle(ending, strategies)?;
    let mut walked = walked.borrow_mut();
    walked.ends.extend(world.end.map(pointsman::SubStep::as_str));
    walked.codes.extend(world.code);
    Ok(())
}

/// The moves, what is there after each, and what is decided.
fn story(setup: &Setup, moves: &[Move], ending: Ending, strategies: &Strategies) -> String {
    let mut story = format!("{setup:?}\n");
    let mut world = World::new(setup);
    for made in moves {
        if world.end.is_some() {
            break;
        }
        let broken = world.make(made, strategies).is_err();
        let _ = writeln!(story, "{made:?}: {}", world.code.take().unwrap_or_default());
        story += &world.describe();
        if broken {
            let _ = writeln!(story, "request: {}", request(&world));
            return story;
        }
    }
    let _ = writeln!(story, "and then {ending:?}, from {}", request(&world));
    story
}

impl World {
    /// What is there, for people.
    pub(crate) fn describe(&self) -> String {
        let mut text = format!("  target {}, memo {:?}, now {}\n", self.target, self.memo, self.clock.host());
        for route in self.routes() {
            let _ = writeln!(
                text,
                "    {} {} {} {} {} created {} stamped {:?} {:?}",
                route.id,
                route.revision,
                route.condition(),
                route.traffic_status.as_str(),
                route.traffic_ratio,
                route.created_at.as_millis(),
                route.status_updated_at.map(pointsman::Timestamp::as_millis),
                route.end
            );
        }
        text
    }
}

/// The request, to ask any host.
fn request(world: &World) -> String {
    let request = pointsman::json::Request { routes: world.routes(), spec: world.spec() };
    serde_json::to_string(&request).expect("a request is JSON")
}
