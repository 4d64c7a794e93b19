"""Amounts and policies: what they are, and what they come to at a target."""

from __future__ import annotations

import json
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import pytest

from pointsman import Amount, Commitment, Host, Policy, parse_amount
from pointsman.contract.words import shown
from pointsman.runtime.call import Call
from pointsman.runtime.instances import Purpose

LARGEST = 4_294_967_295
RIGHT = "a number of routes from 0 to 4294967295, or a percentage with at most three decimals such as `25%` or `12.5%`"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("3", 3),
        ("007", 7),
        ("4294967295", LARGEST),
        ("25%", "25%"),
        ("12.5%", "12.5%"),
        ("12.50%", "12.5%"),
        ("10.000%", "10%"),
        ("0.001%", "0.001%"),
        ("0.0%", "0%"),
        ("00000000000025%", "25%"),
        ("4294967.295%", "4294967.295%"),
    ],
)
def test_amounts_are_read_and_written_shortest(text: str, amount: Amount) -> None:
    assert parse_amount(text) == amount
    assert str(amount) == str(parse_amount(str(amount)))
    if isinstance(amount, str):
        assert Policy(max_surge=text) == Policy(max_surge=amount)
        assert Policy(max_surge=text).max_surge == amount


WRONG = [
    "", "%", "+1", "-1", "1.5", "4294967296", "4294967.296%", ".5%", "5.%", "1.2345%", " 1%", "1 %", "1e2%", "1.-5%",
    "50\n", "\u0663%", "\u0663", "9" * 5000, "9" * 5000 + "%", "many",
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="is no amount") as raised:
        parse_amount(text)
    assert str(raised.value) == f"`{shown(text, 100)}` is no amount: it should be {RIGHT}"
    with pytest.raises(ValueError, match="policy `complete_at`") as raised:
        Policy(complete_at=text)
    assert str(raised.value) == f"policy `complete_at` is {shown(repr(text), 100)}; it must be {RIGHT}"


def test_a_policy_that_cannot_be_is_an_error() -> None:
    for number in (-1, LARGEST + 1):
        with pytest.raises(ValueError, match=f"policy `max_surge` is {number}; it must be a number of routes"):
            Policy(max_surge=number)
    # In a policy a number of routes is a number.
    with pytest.raises(ValueError, match="policy `max_surge` is '50'"):
        Policy(max_surge="50")
    wrong: list[Any] = [50.5, True, None, [], Decimal(1)]
    for value in wrong:
        with pytest.raises(TypeError, match=r"policy `max_unavailable` is .*; it must be a number of routes"):
            Policy(max_unavailable=value)


@pytest.mark.parametrize(
    ("policy", "target", "least", "most"),
    [
        (Policy(), 0, 0, 0),
        (Policy(), 1, 1, 2),
        (Policy(), 2, 1, 4),
        (Policy(), 3, 2, 6),
        (Policy(), 4, 3, 8),
        (Policy(), 8, 6, 16),
        (Policy(), 11, 9, 22),
        (Policy(max_unavailable=0, max_surge=0), 10, 10, 11),
        (Policy(max_unavailable="0%", max_surge="0%"), 10, 10, 11),
        (Policy(max_unavailable="0.001%", max_surge="0.001%"), 10, 9, 11),
        (Policy(max_unavailable="99.999%"), 1, 1, 2),
        (Policy(max_unavailable="100%"), 1, 0, 2),
        (Policy(max_unavailable="250%", max_surge="250%"), 10, 0, 35),
        (Policy(max_unavailable=99, max_surge=99), 10, 0, 109),
        (Policy(max_unavailable=1, max_surge=LARGEST), LARGEST, LARGEST - 1, LARGEST),
        # As floats 0.07 * 100 is a little more than 7.
        (Policy(max_unavailable="7%", max_surge="7%"), 100, 93, 107),
    ],
)
def test_what_a_policy_comes_to(policy: Policy, target: int, least: int, most: int) -> None:
    assert policy.resolve(target) == Commitment(least, most)


def test_targets_that_cannot_be() -> None:
    for target in (-1, LARGEST + 1):
        with pytest.raises(ValueError, match=f"`target_replicas` is {target}; it must be 0 to 4294967295"):
            Policy().resolve(target)
    wrong: list[Any] = [True, 3.0, "3", None]
    for each in wrong:
        with pytest.raises(TypeError, match=r"`target_replicas` is .*; it must be an int"):
            Policy().resolve(each)


AMOUNTS: list[Amount] = [
    0, 1, 2, 3, 10, 9_999, LARGEST,
    "0%", "0.001%", "0.1%", "1%", "7%", "12.5%", "25%", "33.333%", "50%", "66.667%", "99.999%", "100%", "100.001%",
    "250%", "4294967.295%",
]  # fmt: skip
TARGETS = [*range(45), 63, 99, 100, 101, 1_000, 9_999, 10_000, 99_999, 100_000, 1 << 31, LARGEST - 1, LARGEST]


def in_words(amount: Amount, target: int, rounding: str) -> int:
    """An amount of a target, with decimal numbers as people reckon."""
    if isinstance(amount, int):
        return amount
    return int((Decimal(amount[:-1]) * target / 100).to_integral_value(rounding))


@pytest.mark.parametrize("amount", AMOUNTS)
def test_what_any_policy_comes_to(amount: Amount) -> None:
    for target in TARGETS[1:]:
        limits = Policy(max_unavailable=amount, max_surge=amount).resolve(target)
        missing, above = target - limits.least_serving, limits.most_live - target
        down, up = in_words(amount, target, ROUND_FLOOR), in_words(amount, target, ROUND_CEILING)
        is_nothing = amount in (0, "0%")
        assert missing == min(target, max(down, 0 if is_nothing or target == 1 else 1))
        assert above == min(max(up, 1), LARGEST - target)


def test_it_is_what_the_guard_component_says(host: Host) -> None:
    function = "pointsman:guard/guard-json@0.2.0#resolve"

    def resolve(call: Call) -> None:
        for amount in AMOUNTS:
            policy = Policy(max_unavailable=amount, max_surge=amount)
            for target in TARGETS:
                request = json.dumps({"policy": vars(policy), "target_replicas": target})
                is_ok, text = call.text(function, request.encode())
                assert is_ok, text
                assert vars(policy.resolve(target)) == json.loads(text), (amount, target)

    host._checker._loaded.run(Purpose.CALL, resolve)
