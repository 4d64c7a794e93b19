//! Incidents that others reported, replayed with each strategy that the scenario has keys for: it goes as the scenario
//! expects, and as it went before.

use std::{env, fs, path::PathBuf};

use pointsman_host::Plugin;
use pointsman_simulate::{Scenario, Summary, play, show::Look, timeline};

use super::{BLUE_GREEN, ROLLING_UPDATE, plugin, root};

/// The scenarios, by their names.
fn incidents() -> Vec<(String, String)> {
    let folder = root().join("examples/scenarios/incidents");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|kind| kind == "toml"));
    let mut all: Vec<(String, String)> = files
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(file).unwrap())
        })
        .collect();
    all.sort();
    all
}

/// The strategies, by the names that they give themselves.
fn strategies() -> [(String, Plugin); 2] {
    [BLUE_GREEN, ROLLING_UPDATE].map(|file| {
        let plugin = plugin(file);
        (plugin.describe().unwrap().name, plugin)
    })
}

fn fixture(name: &str, strategy: &str) -> PathBuf {
    root().join("tools/simulate/tests/fixtures/incidents").join(format!("{name}.{strategy}.txt"))
}

#[test]
fn every_incident_goes_as_it_should() {
    let strategies = strategies();
    let mut wrong = vec![];
    for (name, text) in incidents() {
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (strategy, plugin) in strategies.iter().filter(|(own, _)| scenario.strategies().any(|known| known == own)) {
            let scenario = scenario.clone().for_strategy(strategy);
            let record = play(&mut scenario.session(plugin).unwrap(), &scenario, 0).unwrap();
            let summary = Summary::of(&record);
            let mut shown = vec![];
            timeline::write(&mut shown, &scenario, &record, &summary, Look::plain(), false).unwrap();
            let shown = String::from_utf8(shown).unwrap();
            let file = fixture(&name, strategy);
            if env::var_os("BLESS").is_some() {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, &shown).unwrap();
            }
            let before = fs::read_to_string(&file).unwrap_or_default();
            let unexpected = scenario.unexpected(&summary);
            let refused = (!summary.is_well()).then(|| "a plan was rejected or a request refused".to_owned());
            let changed = (shown != before).then(|| format!("is not {} any more; BLESS=1 writes it", file.display()));
            wrong.extend(
                [unexpected, refused, changed].into_iter().flatten().map(|what| format!("{name}, {strategy}: {what}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A scenario that expects nothing, or of no strategy that there is, would pass whatever happened.
#[test]
fn every_incident_expects_something_of_a_strategy_and_names_its_report() {
    let names = strategies().map(|(name, _)| name);
    let list = fs::read_to_string(root().join("examples/scenarios/incidents/README.md")).unwrap();
    let all = incidents();
    assert!(all.len() > 40);
    for (name, text) in &all {
        let scenario = Scenario::parse(text).unwrap();
        assert!(
            scenario.strategies().next().is_some()
                && scenario.strategies().all(|own| names.iter().any(|name| name == own)),
            "{name}"
        );
        assert!(text.contains("expect = ") || text.contains("most_created = "), "{name} expects nothing");
        let header = text.lines().map_while(|line| line.strip_prefix("# ")).collect::<Vec<_>>().join(" ");
        let (report, never) = header.split_once(" Must not happen: ").unwrap_or_else(|| panic!("{name}: {header}"));
        assert!(!never.is_empty() && (report.contains('#') || report.starts_with("Seed code: ")), "{name}: {report}");
        assert!(list.contains(&format!("({name}.toml)")), "{name} is not in the README's list");
    }
    let fixtures = fs::read_dir(fixture("x", "y").parent().unwrap()).unwrap();
    for file in fixtures.map(|file| file.unwrap().file_name().into_string().unwrap()) {
        let is_known = |(name, _): &(String, String)| file.starts_with(&format!("{name}."));
        assert!(all.iter().any(is_known), "{file} is of no incident");
    }
}
