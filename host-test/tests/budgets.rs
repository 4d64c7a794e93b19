//! Files that are dear to compile are refused, by the name of what is too much.

use host_test::{component, dear::Dear};
use pointsman_loader::{Budget, Budgets, Contract, Options, Part, Refusal, Runtime, UnknownBudget, admit, load};
use rstest::rstest;

fn options(budgets: Budgets) -> Options<'static> {
    Options { contract: &Contract::STRATEGY, runtime: Runtime::Wazero, memory: 64 << 20, budgets }
}

/// The part that a file has too much of: the name of a budget, or of a part that no budget raises.
fn too_much(component: &[u8]) -> String {
    match load(component, &options(Budgets::default())) {
        Err(Refusal::OverBudget { budget, found, most, .. }) => {
            assert!(found > most, "{budget}");
            budget.to_string()
        }
        Err(Refusal::TooComplex { part }) => format!("{part:?}"),
        // What no validator takes has no need of a budget.
        Err(Refusal::Malformed { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_small_file_of_every_kind_is_a_strategy() {
    for dear in Dear::all() {
        let loaded = load(&dear.component(3, 2), &options(Budgets::default()));
        assert!(loaded.is_ok(), "{}: {loaded:?}", dear.name);
    }
}

#[test]
fn a_large_file_of_every_kind_is_refused() {
    for dear in Dear::all() {
        let name = too_much(&dear.component(250_000, 1));
        println!("{}: {name}", dear.name);
    }
}

/// The kinds that were found by fuzzing, with what each took before there were budgets.
#[rstest]
#[case::eleven_seconds("nested loops", 10_000, "Blocks")]
#[case::over_45_seconds("locals in a branch table", 65_000, "function-work")]
#[case::over_25_seconds("locals in loops", 5_000, "function-work")]
#[case::twenty_seconds("elements", 100_000, "elements")]
#[case::quadratic("parameters", 1_000, "params")]
#[case::four_seconds("constant ifs", 10_000, "function-work")]
#[case::gigabytes_of_segments("scattered data segments", 100_000, "segments")]
#[case::gigabytes_of_functions("empty functions", 100_000, "work")]
#[case::gigabytes_of_types("types", 100_000, "types")]
#[case::gigabytes_of_globals("globals", 100_000, "globals")]
#[case::gigabytes_of_custom_sections("custom sections", 100_000, "custom-sections")]
#[case::straight_loads("loads", 200_000, "function-work")]
#[case::straight_fills("memory.fill", 100_000, "function-work")]
#[case::straight_calls("calls", 200_000, "function-work")]
#[case::straight_live_values("live values", 100_000, "stack")]
fn kinds_that_fuzzing_found(#[case] kind: &str, #[case] size: u32, #[case] expected: &str) {
    let dear = Dear::named(kind).unwrap();

    assert_eq!(too_much(&dear.component(size, 1)), expected);
}

#[test]
fn an_operator_raises_a_budget_by_name() {
    let file = Dear::named("returns").unwrap().component(5_000, 1);
    let raise = |name: &str, budgets: Budgets| budgets.with(name.parse().unwrap(), 1_000_000_000);
    assert_eq!(too_much(&file), "function-work");

    let budgets = raise("function-work", Budgets::default());
    let refusal = load(&file, &options(budgets.clone())).unwrap_err();
    let told = refusal.to_string();
    assert!(told.contains("the budget `work` is 1750000; make it smaller, or raise the budget"), "{told}");

    assert!(load(&file, &options(raise("work", budgets))).is_ok());
}

#[test]
fn a_refusal_names_the_function() {
    let file = Dear::named("nested blocks").unwrap().component(300, 1);

    let refusal = load(&file, &options(Budgets::default())).unwrap_err();

    assert_eq!(
        refusal.to_string(),
        "has 257 blocks inside each other in function number 6, the budget `depth` is 256; split the function, \
         or raise the budget"
    );
}

#[test]
fn names_of_budgets() {
    for &budget in Budget::ALL {
        assert_eq!(budget.name().parse(), Ok(budget));
        assert_eq!(Budgets::default().most(budget), budget.default_most());
        assert_eq!(Budgets::default().with(budget, 7).most(budget), 7);
    }
    let unknown: Result<Budget, UnknownBudget> = "speed".parse();
    let told = unknown.unwrap_err().to_string();
    assert!(told.starts_with("there is no budget `speed`; there are work, function-work, types, "), "{told}");
}

/// A file of several core modules has one budget of work for all of them, not one for each.
#[test]
fn core_modules_share_the_work() {
    let admitted = |modules: usize, most: u64| {
        let text = format!("(component {})", "(core module (func))".repeat(modules));
        let budgets = Budgets::default().with(Budget::Work, most);
        admit(&wat::parse_str(text).unwrap(), &Contract::STRATEGY, Runtime::Wasmtime, &budgets).unwrap_err()
    };
    let least = |modules| {
        let is_within = |most: &u64| matches!(admitted(modules, *most), Refusal::NotTheContract { .. });
        (1..1_000).find(is_within).unwrap()
    };

    assert!(least(1) > 1);
    assert_eq!([least(2), least(3)], [2 * least(1), 3 * least(1)]);
    assert!(matches!(admitted(2, 2 * least(1) - 1), Refusal::OverBudget { budget: Budget::Work, .. }));
}

/// The strategies of this project are far from what a file may have.
#[rstest]
#[case::blue_green("plugins/blue_green.wasm")]
#[case::rolling_update("plugins/rolling_update.wasm")]
fn strategies_have_room(#[case] plugin: &str) {
    let bytes = std::fs::read(component(plugin)).unwrap();

    let loaded = load(&bytes, &options(Budgets::default())).unwrap();

    println!("{plugin}: {}", loaded.work);
    assert!(loaded.work < Budget::Work.default_most() / 3, "{}", loaded.work);
}

/// What crashes parsers is refused before anything is counted, and no option allows it.
#[test]
fn no_budget_allows_what_crashes() {
    let file = Dear::named("nested loops").unwrap().component(1_001, 1);
    let budgets = Budget::ALL.iter().fold(Budgets::default(), |budgets, &budget| budgets.with(budget, u64::MAX));

    let refusal = load(&file, &options(budgets)).unwrap_err();

    assert_eq!(refusal, Refusal::TooComplex { part: Part::Blocks });
}
