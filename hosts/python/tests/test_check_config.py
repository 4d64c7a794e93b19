"""Admission of configurations: the answers of `check-config`, and promises at a target within limits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pointsman import BrokenContract, Commitment, IdsOnly, InvalidConfig, Plugin, PluginId
from pointsman.plugin.answers import admission
from support import given, spec

PLUGIN = PluginId("p.wasm", "sha256:" + "0" * 64)


def test_admissions() -> None:
    assert admission(PLUGIN, '{"ok":{"least_serving":1,"most_live":4294967295}}') == Commitment(1, (1 << 32) - 1)
    with pytest.raises(InvalidConfig, match="invalid config: why"):
        admission(PLUGIN, '{"error":"why"}')
    wrong = [
        "", "[]", "1", '"error"', "{}", '{"ok":1}', '{"ok":{}}', '{"ok":null}', '{"error":1}', '{"error":null}',
        '{"ok":{"least_serving":1}}', '{"ok":{"least_serving":1,"most_live":4294967296}}',
        '{"ok":{"least_serving":1,"most_live":2,"more":3}}', '{"ok":{"least_serving":1.0,"most_live":2}}',
        '{"ok":{"least_serving":1,"most_live":2},"error":"why"}',
    ]  # fmt: skip
    for text in wrong:
        with pytest.raises(BrokenContract, match="it answers what is no admission"):
            admission(PLUGIN, text)


def test_configurations_are_checked_at_a_target_within_limits(blue_green: Plugin, rolling_update: Plugin) -> None:
    assert blue_green.check_config("{}", 3) == Commitment(3, 6)
    assert rolling_update.check_config({"max_surge": 1, "max_unavailable": 0}, 10) == Commitment(10, 11)
    plan = blue_green.evaluate_cycle(given(), spec())
    assert plan.commitment == blue_green.check_config("{}", 3)
    for config in ("", "[]", "nonsense", '{"no_such_key": 1}'):
        with pytest.raises(InvalidConfig):
            blue_green.check_config(config, 3)
    for wrong in (-1, 1 << 32):
        for plugin in (blue_green, blue_green.with_guard(IdsOnly())):
            with pytest.raises(ValueError, match="`target_replicas` is"):
                plugin.check_config("{}", wrong)
    with pytest.raises(TypeError, match=r"`config` is .*, neither JSON text nor a mapping"):
        blue_green.check_config({"progress_deadline_seconds": float("nan")}, 3)


def test_a_commitment_is_a_function_of_its_inputs(rolling_update: Plugin) -> None:
    moments = [timedelta(0), timedelta(hours=1)]
    for target in (0, 1, 2, 3, 10):
        promised = rolling_update.check_config("{}", target)
        for moment in moments:
            a_spec = spec(target=target)
            a_spec.now = a_spec.started_at + moment
            assert rolling_update.evaluate_cycle(given(), a_spec).commitment == promised
