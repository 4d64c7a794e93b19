//! Texts from a plugin, made fit for logs, tables and databases; and plans made fit to be returned.

use std::fmt::Write;

use crate::{RouteChanges, Timestamp};

/// Most bytes of [`Reason::message`](crate::Reason::message), after escaping.
const LONGEST_MESSAGE: usize = 1024;
/// Most bytes of a reason's code and of a gate, after escaping.
const LONGEST_WORD: usize = 64;
/// Least time to the next evaluation, in milliseconds: a host that evaluates more often has no pause.
pub(crate) const SHORTEST_PAUSE_MILLIS: u64 = 1000;

/// Stands at the end of a text that was cut.
const ELLIPSIS: char = '…';

/// A text with its control characters escaped as `\u{9b}`, and shortened to at most `most` bytes, the last of which
/// are an ellipsis then. None where nothing is to be done, which is the usual text.
///
/// Escaped are the control characters of Unicode, among them new lines and the start of terminal sequences, line and
/// paragraph separators, and the marks that change the direction of the text after them: with each of these a plugin
/// could forge lines of a log.
pub fn tidied(text: &str, most: usize) -> Option<String> {
    if text.len() <= most && !text.contains(is_unsafe) {
        return None;
    }
    let mut tidy = String::new();
    // Where the text would be cut: after the last character that leaves room for the ellipsis.
    let mut cut = 0;
    for character in text.chars() {
        if is_unsafe(character) {
            // Writing to a string cannot fail.
            let _ = write!(tidy, "\\u{{{:x}}}", u32::from(character));
        } else {
            tidy.push(character);
        }
        if tidy.len() > most {
            tidy.truncate(cut);
            tidy.push(ELLIPSIS);
            break;
        }
        if tidy.len() + ELLIPSIS.len_utf8() <= most {
            cut = tidy.len();
        }
    }
    Some(tidy)
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl RouteChanges {
    /// Makes the plan fit to be returned by a host, and tells whether anything had to change: the reason's code and the
    /// gate have at most 64 bytes, its message 1,024, control characters are escaped, and a next evaluation after `now`
    /// is at least a second ahead. None of this is a violation.
    pub fn tidy(&mut self, now: Timestamp) -> bool {
        let texts = [
            (Some(&mut self.reason.code), LONGEST_WORD),
            (Some(&mut self.reason.message), LONGEST_MESSAGE),
            (self.gate.as_mut(), LONGEST_WORD),
        ];
        let mut has_changed = false;
        for (text, most) in texts {
            if let Some(text) = text
                && let Some(tidy) = tidied(text, most)
            {
                *text = tidy;
                has_changed = true;
            }
        }
        let soonest = now.saturating_add_millis(SHORTEST_PAUSE_MILLIS);
        if self.next_evaluation_at.is_some_and(|at| at > now && at < soonest) {
            self.next_evaluation_at = Some(soonest);
            has_changed = true;
        }
        has_changed
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::tidied;
    use crate::{RouteChanges, SubStep, Timestamp};

    #[rstest]
    #[case::usual("2 of 3 are ready", 64, None)]
    #[case::exactly("abcdefgh", 8, None)]
    #[case::longer("abcdefghi", 8, Some("abcde…"))]
    #[case::never_inside_a_character("ééééé", 8, Some("éé…"))]
    #[case::new_line("a\nb", 64, Some("a\\u{a}b"))]
    #[case::terminal_sequence("\u{9b}31m", 64, Some("\\u{9b}31m"))]
    #[case::direction("a\u{202e}b\u{2066}", 64, Some("a\\u{202e}b\\u{2066}"))]
    #[case::escapes_count("\n\n\n", 8, Some("\\u{a}…"))]
    #[case::an_escape_is_not_cut("\u{2028}\u{2028}", 12, Some("\\u{2028}…"))]
    #[case::no_room_at_all("\u{2028}", 3, Some("…"))]
    fn texts(#[case] text: &str, #[case] most: usize, #[case] expected: Option<&str>) {
        assert_eq!(tidied(text, most).as_deref(), expected);
    }

    #[rstest]
    #[case::none(None, None)]
    #[case::passed_is_for_the_guard(Some(5_000), Some(5_000))]
    #[case::too_soon(Some(5_001), Some(6_000))]
    #[case::a_second(Some(6_000), Some(6_000))]
    #[case::later(Some(9_000), Some(9_000))]
    fn next_evaluation(#[case] at: Option<u64>, #[case] expected: Option<u64>) {
        let mut plan = RouteChanges::none(SubStep::Provisioning, "waiting", String::new());
        plan.next_evaluation_at = at.map(Timestamp::from_millis);
        assert_eq!(plan.tidy(Timestamp::from_millis(5_000)), at != expected);
        assert_eq!(plan.next_evaluation_at, expected.map(Timestamp::from_millis));
    }

    #[test]
    fn at_the_end_of_time() {
        let mut plan = RouteChanges::none(SubStep::Provisioning, "waiting", String::new());
        plan.next_evaluation_at = Some(Timestamp::from_millis(u64::MAX));
        assert!(!plan.tidy(Timestamp::from_millis(u64::MAX - 1)));
    }
}
