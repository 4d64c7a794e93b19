"""JSON text, taken apart without being read."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from pointsman.plugin.json_text import elements, fields, joined

STRINGS = ["", "a", '"', "\\", '\\"', "],{", "}", "\n", "\u00fc", "\ud800", "[[[", ',"spec":{']


def anything(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(7 if depth < 4 else 5)
    if kind == 0:
        return chance.choice([None, True, False])
    if kind == 1:
        return chance.choice([0, -1, 1 << 64, 10**300])
    if kind == 2:
        return chance.random() * 10.0 ** chance.randrange(-300, 300)
    if kind in (3, 4):
        return "".join(chance.choices(STRINGS, k=3))
    if kind == 5:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {str(i) + chance.choice(STRINGS): anything(chance, depth + 1) for i in range(chance.randrange(4))}


@pytest.mark.parametrize(
    "style",
    [
        {"separators": (",", ":")},
        {},
        {"indent": 1},
        {"ensure_ascii": False, "separators": (" ,\r\n", "\t: ")},
    ],
)
def test_the_parts_are_those_that_a_reader_finds(style: dict[str, Any]) -> None:
    chance = random.Random(2)
    for _ in range(300):
        value = [anything(chance) for _ in range(chance.randrange(4))]
        text = f" {json.dumps(value, **style)}\n"
        texts = elements(text)
        assert [json.loads(each) for each in texts] == value
        assert all(each in text and each == each.strip() for each in texts)

        named = {str(i): each for i, each in enumerate(value)}
        found = fields(json.dumps(named, **style))
        assert found is not None
        assert list(found) == list(named)
        assert json.loads(joined(found)) == named


def test_names_are_read_and_found_twice() -> None:
    assert fields('{"\\u0061": 1, "b": 2}') == {"a": "1", "b": "2"}
    assert fields('{"\\u0061": 1, "a": 2}') is None
    assert fields("{}") == {}
    assert joined({'"': "1"}) == '{"\\"":1}'


def test_no_nesting_is_too_deep() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert elements(f'[{deep}, {{"a": {deep}}} ,1]') == [deep, f'{{"a": {deep}}}', "1"]


WRONG = [
    "", " ", "1", '"a"', "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1:2]", "[1] 2", "[[1]", '["a]', '["a\\"]', "]",
    '{"a":1,"b"', '{"a" 1}', '{"a",1}', '{"a":1:2}', "{,}", "[{]", '[{"a":[1}]',
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_array_and_no_object(text: str) -> None:
    # It may find less wrong than a reader, but makes nothing right that was wrong.
    def read() -> list[Any]:
        return [json.loads(part) for part in elements(text)]

    with pytest.raises(ValueError, match=r".+"):
        read()
