//! Strings that match a schema's `pattern`, where it is not too large.

use pointsman_simulate::show::shortened;
use proptest::{
    prelude::{BoxedStrategy, Strategy},
    string::string_regex,
};
use regex_syntax::hir::{Hir, HirKind};

/// Longest pattern, in bytes. One letter class of Unicode takes 3 of them and 5 KB of memory.
const LONGEST: usize = 1000;

/// Most characters of a string, and most repetitions of what is empty.
const MOST_CHARACTERS: u64 = 1000;

/// Stands for "any number more" in a repetition without an end, as proptest has it.
const MANY: u64 = 32;

/// Units that a byte of a pattern takes besides what it makes.
const BYTE: u64 = 4;

/// Strings, and how many units they take at most.
pub(super) struct Strings {
    pub(super) strings: BoxedStrategy<String>,
    pub(super) units: u64,
}

/// Makes strings that match a pattern; none where it is no pattern that strings can be made from.
///
/// # Errors
/// One sentence that names the pattern, where it is too large.
pub(super) fn strings(pattern: &str) -> Result<Option<Strings>, String> {
    // To a maker of strings, the ends are what they are anyway.
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    let too_large =
        |why: String| Err(format!("the pattern `{}` is too large to generate from: {why}", shortened(pattern, 40)));
    if inner.len() > LONGEST {
        return too_large(format!("it has {} bytes, at most {LONGEST} may be", inner.len()));
    }
    let Ok(hir) = regex_syntax::parse(inner) else { return Ok(None) };
    let most = most_characters(&hir);
    if most > MOST_CHARACTERS {
        return too_large(format!("it repeats up to {most} times, at most {MOST_CHARACTERS} may be"));
    }
    let units = most + BYTE * inner.len() as u64;
    Ok(string_regex(inner).ok().map(|strings| Strings { strings: strings.boxed(), units }))
}

/// Most characters of a match, where what is empty counts as one: to repeat nothing is work too.
fn most_characters(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 1,
        HirKind::Literal(literal) => literal.0.len().max(1) as u64,
        HirKind::Capture(capture) => most_characters(&capture.sub),
        HirKind::Repetition(repetition) => {
            let least = u64::from(repetition.min);
            let times = repetition.max.map_or(least + MANY, u64::from);
            most_characters(&repetition.sub).saturating_mul(times.max(1))
        }
        HirKind::Concat(parts) => parts.iter().fold(0, |sum, part| most_characters(part).saturating_add(sum)),
        HirKind::Alternation(parts) => parts.iter().map(most_characters).max().unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::strategy::{Strategy, ValueTree};
    use rstest::rstest;

    use super::strings;
    use crate::trial;

    #[rstest]
    #[case::percentage(r"^[0-9]{1,9}%$", 10)]
    #[case::any_number(r"[a-z]*", 32)]
    #[case::at_least(r"a{3,}", 35)]
    #[case::either(r"(abc|x{10})y?", 11)]
    #[case::empty("", 1)]
    #[case::most(r"(x{1,100}){1,10}", 1000)]
    fn what_is_small_is_made(#[case] pattern: &str, #[case] most: u64) {
        let made = strings(pattern).unwrap().unwrap();

        assert_eq!(made.units, most + 4 * pattern.trim_matches(['^', '$']).len() as u64);
        let text = made.strings.new_tree(&mut trial::runner(7, "pattern")).unwrap().current();
        assert!(text.chars().count() as u64 <= most, "{text}");
    }

    #[rstest]
    #[case::nested("(((((x{1,1000}){1,1000}){1,1000})))", "it repeats up to 1000000000 times")]
    #[case::of_what_may_be_empty("((x?){1,1000}){1,1000}", "it repeats up to 1000000 times")]
    #[case::more_than_can_be_counted(&format!("{}x{}", "(".repeat(9), "{1000}){1000}".repeat(9)), "at most 1000")]
    #[case::without_end("((x*)*)*", "it repeats up to 32768 times")]
    #[case::long(&r"\pL".repeat(400), "it has 1200 bytes, at most 1000 may be")]
    fn what_is_too_large_is_named(#[case] pattern: &str, #[case] why: &str) {
        let error = strings(pattern).err().unwrap();

        assert!(error.starts_with("the pattern `") && error.contains("` is too large to generate from: "), "{error}");
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn what_is_no_pattern_makes_nothing() {
        assert!(strings("(").unwrap().is_none() && strings(r"a\b").unwrap().is_none());
    }
}
