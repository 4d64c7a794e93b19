//! Words and lines: the glossary names what exists, and what people read fits a terminal.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Columns of a terminal, and of a review with two files side by side.
const WIDTH: usize = 120;

/// Kinds of files whose lines are held to [`WIDTH`].
const KINDS: [&str; 7] = ["go", "js", "md", "py", "rs", "toml", "wit"];

/// Folders with nothing of ours, or nothing that a person wrote.
const SKIPPED: [&str; 5] = ["target", "node_modules", "__pycache__", "dist", "build"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}: {}", path.display()))
}

/// The files of a folder and those below it, hidden ones left out, in order.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy();
        if name.starts_with('.') || SKIPPED.contains(&&*name) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|kind| KINDS.iter().any(|ours| kind == *ours)) {
            found.push(path);
        }
    }
}

/// A line without its addresses, which cannot be broken.
fn width(line: &str) -> usize {
    let addresses = line.split([' ', '(', ')', '<', '>', '"', '`']).filter(|word| word.starts_with("https://"));
    line.chars().count() - addresses.map(|address| address.chars().count()).sum::<usize>()
}

#[test]
fn lines_fit() {
    // Output of a program, which a README shows as it is.
    let printed = read(&root().join("examples/manager/expected.txt"));
    let printed: Vec<&str> = printed.lines().collect();
    let mut found = vec![];
    files(root(), &mut found);
    assert!(found.len() > 300, "{} files are too few to be all", found.len());

    let mut wide = vec![];
    for path in found {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        for (i, line) in read(&path).lines().enumerate() {
            let columns = width(line);
            if columns > WIDTH && !printed.contains(&line) {
                wide.push(format!("{name}:{}: {columns} columns", i + 1));
            }
        }
    }
    assert!(wide.is_empty(), "more than {WIDTH} columns:\n{}", wide.join("\n"));
}

#[test]
fn addresses_are_not_counted() {
    assert_eq!(width("see https://example.org/a (or not)"), 13);
    assert_eq!(width("[ä](https://example.org)"), 5);
}

/// A text as words in lower case with a space before each, so that `max_surge` and `max-surge` are alike.
fn plain(text: &str) -> String {
    let words = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    format!(" {}", words.collect::<Vec<_>>().join(" ").to_lowercase())
}

#[test]
fn the_glossary_has_what_exists() {
    let glossary = root().join("docs/glossary.md");
    let text = read(&glossary);
    let target = |name: &str| {
        let link = text.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        glossary.with_file_name(link.unwrap_or_else(|| panic!("{name} has no link")))
    };
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 50);

    for row in &rows {
        let [_, word, _, place, _] = row.split('|').collect::<Vec<_>>()[..] else { panic!("{row}: not three cells") };
        // What is in parentheses tells two meanings apart.
        let word = plain(word.split('(').next().unwrap());
        let place = target(place.trim());
        assert!(plain(&read(&place)).contains(&word), "`{}` does not occur in {}", word.trim(), place.display());
    }
    assert!(rows.is_sorted_by_key(|row| plain(row.split('(').next().unwrap().split('|').nth(1).unwrap())));
}

/// The words in backticks of a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Who is woken finds every reason that a strategy gives, and none that there is not.
#[test]
fn the_night_has_every_reason() {
    let tables = ["blue_green", "rolling_update"].map(|name| read(&root().join(format!("src/strategies/{name}.rs"))));
    // Some stand in the notes below a table.
    let notes = tables.each_ref().map(|table| table.replace("\n//!", "").replace("  ", " "));
    let rows = tables.iter().flat_map(|table| table.lines()).filter_map(|line| line.strip_prefix("//! | "));
    let in_rows = rows.filter_map(|row| row.strip_suffix(" |")?.rsplit('|').next()).flat_map(quoted);
    let in_notes =
        notes.iter().flat_map(|notes| notes.split("code is ").skip(1)).filter_map(|note| quoted(note).next());
    let given: BTreeSet<&str> = in_rows.chain(in_notes).collect();
    assert!(given.len() > 20, "{given:?}");
    let night = read(&root().join("docs/night.md"));
    let reasons = night.split("\n## ").find(|section| section.starts_with("A rollout's reason")).unwrap();
    let explained = reasons.lines().filter_map(|line| quoted(line.strip_prefix("- ")?).next());

    assert_eq!(explained.collect::<BTreeSet<_>>(), given);
}

/// What it says of logs and errors is what they say.
#[test]
fn the_night_quotes_what_is_said() {
    let mut found = vec![];
    files(&root().join("hosts/rust/src"), &mut found);
    let source: String = found.iter().map(|path| read(path)).collect();
    let night = read(&root().join("docs/night.md"));
    let lines = night.split("\n## ").skip(2).flat_map(str::lines).filter_map(|line| line.strip_prefix("- "));
    let mut quotes = 0;
    for line in lines {
        let (said, _) = line.split_once("`: ").unwrap_or((line, ""));
        // A name, a number or a version stands for any.
        let parts = said.split(['`', '…']).flat_map(|part| part.split(|c: char| c.is_ascii_digit() || c == '.'));
        for part in parts.map(|part| part.trim_matches([' ', ','])).filter(|part| part.len() > 8) {
            assert!(source.contains(part), "`{part}` of `{said}` is said nowhere");
            quotes += 1;
        }
    }
    assert!(quotes > 20, "{quotes}");
}

#[test]
fn every_readme_leads_to_the_glossary() {
    let hosts = ["rust", "python", "go"].map(|host| format!("hosts/{host}/README.md"));
    let readmes = ["README.md", "CONTRIBUTING.md"].map(str::to_owned).into_iter().chain(hosts);
    for readme in readmes {
        assert!(read(&root().join(&readme)).contains("docs/glossary.md)"), "{readme} does not link docs/glossary.md");
    }
}
