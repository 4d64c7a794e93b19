//! Running a core module on wasmtime, metered or not, call by call, with a count of its instructions.

use std::sync::LazyLock;

use pointsman_loader::{METER_MODULE, METER_TICK};
use wasmtime::{Caller, Config, Engine, Func, Instance, Linker, Module, ResourceLimiter, Store, Trap, Val};

use crate::structured::PAGES;

/// Instructions after which a call of a module that is not metered is given up.
pub(crate) const PATIENCE: u64 = 50_000;

/// Instructions after which the clock ends a call of a metered one. What is added to it is no more than that.
pub(crate) const LONG: u64 = 50 * PATIENCE;

/// Fuel that a module has at its start, and fuel that the clock gives. The less, the more often they come to it.
const FIRST_FUEL: u64 = 1 << 18;
const NEXT_FUEL: u64 = 1_000;

/// Instructions for each unit of fuel, at most: a short function that has a loop is not charged where it leaves before
/// the loop.
const PER_FUEL: u64 = 100;

/// Elements that a table may grow to.
const TABLE_ELEMENTS: usize = 20_000;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut config = Config::new();
    config.consume_fuel(true).cranelift_nan_canonicalization(true).parallel_compilation(false);
    Engine::new(&config).expect("these settings work together")
});

/// What the host of one module knows of it.
pub(crate) struct Guest {
    /// It wanted more memory than there is.
    pub(crate) is_refused: bool,
    /// Bytes of the module, and so the most instructions that a function of it has.
    size: u64,
    /// The runtime's fuel that a call begins with.
    given: u64,
    /// Instructions of a call until it came to the clock, and how many there may be until the next time.
    last: u64,
    stretch: u64,
}

/// What came of a call.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Returned(Vec<i32>),
    Trapped(Trap),
    TooDeep,
    TooLong,
}

/// A module that runs.
pub(crate) struct Run {
    pub(crate) store: Store<Guest>,
    pub(crate) instance: Option<Instance>,
    /// Instructions after which a call is given up.
    patience: u64,
    /// It comes to the clock.
    has_clock: bool,
}

// === impl Guest ===

impl ResourceLimiter for Guest {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let is_within = desired as u64 <= PAGES << 16;
        self.is_refused |= !is_within;
        Ok(is_within)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}

impl Guest {
    /// Finds a module that has run for longer than it may between two looks at the clock; how long it has run.
    fn look(&mut self, fuel: u64) -> u64 {
        let now = self.given - fuel;
        let since = now - self.last;
        assert!(since <= self.stretch, "{since} instructions without a look at the clock, at most {}", self.stretch);
        (self.last, self.stretch) = (now, PER_FUEL * (NEXT_FUEL + self.size));
        now
    }
}

/// The host's clock.
fn tick(mut guest: Caller<'_, Guest>) -> wasmtime::Result<i64> {
    let fuel = guest.get_fuel()?;
    if guest.data_mut().look(fuel) > LONG {
        return Err(wasmtime::Error::from(Trap::Interrupt));
    }
    Ok(NEXT_FUEL.cast_signed())
}

// === impl Run ===

impl Run {
    pub(crate) fn start(core: &[u8], patience: u64, has_clock: bool) -> (Self, Outcome) {
        let module = Module::new(&ENGINE, core).expect("what is loaded can be compiled");
        let guest = Guest { is_refused: false, size: core.len() as u64, given: 0, last: 0, stretch: 0 };
        let mut run = Self { store: Store::new(&ENGINE, guest), instance: None, patience, has_clock };
        run.store.limiter(|guest| guest);
        let mut linker = Linker::new(&ENGINE);
        let clock = Func::wrap(&mut run.store, tick);
        linker.define(&run.store, METER_MODULE, METER_TICK, clock).expect("it is the only one");
        run.refuel();
        let started = linker.instantiate(&mut run.store, &module).map(|instance| run.instance = Some(instance));
        let outcome = run.outcome(started, &[]);
        (run, outcome)
    }

    pub(crate) fn call(&mut self, name: &str, arguments: &[Val]) -> Outcome {
        self.refuel();
        let instance = self.instance.expect("it has started");
        let function = instance.get_func(&mut self.store, name).expect("the loader promises it");
        let mut results = [Val::I32(0)];
        let called = function.call(&mut self.store, arguments, &mut results);
        self.outcome(called, &results)
    }

    /// Gives it the runtime's fuel for one call.
    fn refuel(&mut self) {
        let guest = self.store.data_mut();
        guest.stretch = PER_FUEL * (FIRST_FUEL + guest.size);
        // What has a clock is ended by it.
        guest.given = self.patience + if self.has_clock { 2 * guest.stretch } else { 0 };
        guest.last = 0;
        let given = guest.given;
        self.store.set_fuel(given).expect("it counts fuel");
    }

    fn outcome(&mut self, ended: wasmtime::Result<()>, results: &[Val]) -> Outcome {
        if self.has_clock {
            let fuel = self.store.get_fuel().expect("it counts fuel");
            self.store.data_mut().look(fuel);
        }
        let Err(error) = ended else { return Outcome::Returned(results.iter().filter_map(Val::i32).collect()) };
        match error.downcast_ref() {
            Some(Trap::StackOverflow) => Outcome::TooDeep,
            Some(Trap::OutOfFuel | Trap::Interrupt) => Outcome::TooLong,
            Some(trap) => Outcome::Trapped(*trap),
            None => panic!("{error:?}"),
        }
    }

    pub(crate) fn global(&mut self, name: &str) -> Option<Val> {
        let global = self.instance?.get_global(&mut self.store, name)?;
        Some(global.get(&mut self.store))
    }
}
