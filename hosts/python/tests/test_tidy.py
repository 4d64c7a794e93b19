"""Tidying of a plan's texts and of its next evaluation."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from pointsman import Reason, RouteChanges, SubStep
from pointsman.guard.tidy import tidied, tidy


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("2 of 3 are ready", 64, "2 of 3 are ready"),
        ("abcdefgh", 8, "abcdefgh"),
        ("abcdefghi", 8, "abcde\u2026"),
        ("\u00e9" * 4, 8, "\u00e9" * 4),
        ("\u00e9" * 5, 8, "\u00e9\u00e9\u2026"),
        ("\U0001f600" * 16, 64, "\U0001f600" * 16),
        ("\U0001f600" * 17, 64, "\U0001f600" * 15 + "\u2026"),
        ("a\nb\tc\0", 64, "a\\u{a}b\\u{9}c\\u{0}"),
        ("\x1b[31m \x9b31m \x7f", 64, "\\u{1b}[31m \\u{9b}31m \\u{7f}"),
        ("a\u202eb\u2066\u2028\u061c\u200e", 64, "a\\u{202e}b\\u{2066}\\u{2028}\\u{61c}\\u{200e}"),
        # A space that does not break and a zero-width one are no control characters, whatever Python calls them.
        ("a\u00a0b\u200bc\u2065", 64, "a\u00a0b\u200bc\u2065"),
        ("\n\n\n", 8, "\\u{a}\u2026"),
        ("\u2028\u2028", 12, "\\u{2028}\u2026"),
        ("\u2028", 3, "\u2026"),
    ],
)
def test_texts(text: str, most: int, expected: str) -> None:
    assert tidied(text, most) == expected
    assert (tidied(text, most) is text) == (text == expected)
    assert tidied(expected, most) == expected


def test_every_character_that_could_forge_a_line_and_no_other() -> None:
    marks = [0x61C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        is_escaped = unicodedata.category(character) == "Cc" or code in marks
        if not 0xD800 <= code < 0xE000:
            assert (tidied(character, 64) != character) == is_escaped, hex(code)


def a_plan(code: str = "a", message: str = "b", gate: str | None = None) -> RouteChanges:
    return RouteChanges(SubStep.PROVISIONING, [], [], [], [], Reason(code, message), gate=gate)


def test_each_text_has_its_own_length() -> None:
    plan = a_plan("c" * 65, "m" * 1025, "g" * 65)
    assert tidy(plan, 0)
    assert (plan.reason.code, plan.gate) == ("c" * 61 + "\u2026", "g" * 61 + "\u2026")
    assert plan.reason.message == "m" * 1021 + "\u2026"
    assert not tidy(plan, 0)
    assert not tidy(a_plan("c" * 64, "m" * 1024, "g" * 64), 0)
    for texts in (("c" * 65, "b", None), ("a", "m" * 1025, None), ("a", "b", "g" * 65)):
        assert tidy(a_plan(*texts), 0)
    for texts in (("\u00e9" * 33, "b", None), ("a", "\u00e9" * 513, None), ("a", "b", "\u00e9" * 33)):
        assert tidy(a_plan(*texts), 0)
    assert not tidy(a_plan("\u00e9" * 32, "\u00e9" * 512, "\u00e9" * 32), 0)
    for texts in (("\n", "b", None), ("a", "\n", None), ("a", "b", "\n")):
        assert tidy(a_plan(*texts), 0)


LAST = (1 << 64) - 1


@pytest.mark.parametrize(
    ("now", "at", "expected"),
    [
        (5_000, 4_999, 4_999),
        (5_000, 5_000, 5_000),
        (5_000, 5_001, 6_000),
        (5_000, 5_999, 6_000),
        (5_000, 6_000, 6_000),
        (5_000, 9_000, 9_000),
        (LAST - 10, LAST - 5, LAST),
        (LAST - 10, LAST, LAST),
        (LAST, LAST, LAST),
    ],
)
def test_the_next_evaluation(now: int, at: int, expected: int) -> None:
    plan = a_plan()
    vars(plan)["next_evaluation_at"] = at
    assert tidy(plan, now) == (at != expected)
    assert vars(plan)["next_evaluation_at"] == expected
