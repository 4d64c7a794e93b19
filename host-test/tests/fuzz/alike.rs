//! A core module computes what it computed before it was metered, and comes to the clock whatever it does.
//!
//! Both run on wasmtime, that for wazero too, call by call with the same arguments. They may differ where it says so:
//!
//! - A metered module that wants more memory than there is has ended; the other one has seen -1.
//! - One for wazero has pages to spare, so that it can reach beyond its memory where the other one traps.
//! - What runs for too long, or calls itself too often, is given up.

use pointsman_loader::{Contract, Loaded, REFUSED_GLOBAL, Runtime, load};
use wasmparser::{Parser, Payload};
use wasmtime::{Trap, Val};

use crate::{
    promises::options,
    run::{LONG, Outcome, PATIENCE, Run},
    structured::Case,
};

/// What functions are called with, in turn.
const ARGUMENTS: [i32; 7] = [0, 1, 8, 100, 65_536, -1, i32::MIN];

/// Runs the core module of a file as it is and as it is metered, where the file is loaded.
pub(crate) fn hold(case: &Case) {
    for runtime in [Runtime::Wasmtime, Runtime::Wazero] {
        let Ok(loaded) = load(&case.file, &options(runtime)) else { continue };
        let [core] = core_modules(&case.file)[..] else { continue };
        compare(core, &loaded, runtime);
    }
}

/// The core modules of a component, nested ones left out; of none where it cannot be read.
fn core_modules(component: &[u8]) -> Vec<&[u8]> {
    let modules = Parser::new(0).parse_all(component).filter_map(|payload| match payload {
        Ok(Payload::ModuleSection { unchecked_range, .. }) => component.get(unchecked_range),
        _ => None,
    });
    modules.collect()
}

fn compare(core: &[u8], loaded: &Loaded, runtime: Runtime) {
    let (mut original, before) = Run::start(core, PATIENCE, false);
    let (mut metered, after) = Run::start(&loaded.core, LONG, runtime == Runtime::Wazero);
    if !go_on(&mut original, &before, &mut metered, &after, runtime) {
        return;
    }
    let functions = Contract::STRATEGY.functions;
    let calls = functions.iter().map(|function| (function.export(loaded.version), function.core_params));
    let calls: Vec<_> = calls.chain([("cabi_realloc".to_owned(), 4)]).collect();
    for (round, (name, params)) in calls.iter().cycle().take(2 * calls.len()).enumerate() {
        let arguments: Vec<_> =
            (0..*params).map(|param| Val::I32(ARGUMENTS[(round * 3 + param + core.len()) % ARGUMENTS.len()])).collect();
        let (before, after) = (original.call(name, &arguments), metered.call(name, &arguments));
        if !go_on(&mut original, &before, &mut metered, &after, runtime) {
            return;
        }
        same_state(&mut original, &mut metered, loaded, runtime);
    }
}

/// Compares what came of a call, and tells whether the next one can be compared.
fn go_on(original: &mut Run, before: &Outcome, metered: &mut Run, after: &Outcome, runtime: Runtime) -> bool {
    // Metered functions have larger frames.
    if matches!(before, Outcome::TooDeep | Outcome::TooLong) || *after == Outcome::TooDeep {
        return false;
    }
    let wanted_more = original.store.data().is_refused;
    if let Some(refused) = metered.global(REFUSED_GLOBAL) {
        assert_eq!(number(refused) == 1, wanted_more, "{before:?}, {after:?}");
    }
    if wanted_more {
        assert_eq!(*after, Outcome::Trapped(Trap::UnreachableCodeReached), "it goes on without memory");
        return false;
    }
    if runtime == Runtime::Wazero && *before == Outcome::Trapped(Trap::MemoryOutOfBounds) {
        return false;
    }
    assert_eq!(before, after);
    original.instance.is_some() && metered.instance.is_some()
}

/// Compares memory, and what the module exports of its globals.
fn same_state(original: &mut Run, metered: &mut Run, loaded: &Loaded, runtime: Runtime) {
    let memory = |run: &mut Run| {
        let instance = run.instance.expect("it has started");
        let memory = instance.get_memory(&mut run.store, "memory").expect("it has one");
        memory.data(&run.store).to_vec()
    };
    let (before, mut after) = (memory(original), memory(metered));
    if runtime == Runtime::Wazero {
        let size = metered.global(loaded.globals.last().expect("there is one"));
        assert_eq!(size.and_then(|size| size.i32()), i32::try_from(before.len() >> 16).ok());
        let spare = after.split_off(before.len());
        assert!(spare.iter().all(|byte| *byte == 0), "it has written beyond its memory");
    }
    // Not compared by the assertion, which would print them.
    assert!(before == after, "they have written other things to memory");

    let instance = original.instance.expect("it has started");
    let names: Vec<_> = instance.exports(&mut original.store).map(|export| export.name().to_owned()).collect();
    for name in names {
        let (before, after) = (original.global(&name).map(number), metered.global(&name).map(number));
        assert_eq!(before, after, "{name}");
    }
}

/// The value of a global; of a reference, whether it is one.
fn number(value: Val) -> u128 {
    match value {
        Val::I32(value) => value.cast_unsigned().into(),
        Val::I64(value) => value.cast_unsigned().into(),
        Val::F32(bits) => bits.into(),
        Val::F64(bits) => bits.into(),
        Val::V128(value) => value.as_u128(),
        reference => reference.ref_().is_some_and(|reference| !reference.is_null()).into(),
    }
}
