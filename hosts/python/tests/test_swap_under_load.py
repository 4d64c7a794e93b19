"""Evaluations while versions are swapped as fast as possible: none fails, and each answer is its version's."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from pointsman import Host, Outcome, Registry, Request, RouteChanges, SwapError, SwapResult
from support import Folder, as_json, hostile_version, misdeed, ready_routes

SWAPS = 30
"""Enough for each version to come and go several times, and for some that are bad in between."""
THREADS = 4

INPUTS = [Request(ready_routes(n), misdeed("good"), None, f"d-{n}") for n in range(8)]
"""Rollouts of 0 to 7 ready routes, which one version promotes and the other leaves."""


def expected(host: Host, file: Path) -> tuple[str, list[RouteChanges]]:
    """A version's digest, and what it decides for each input."""
    plugin = host.load(file)
    return plugin.id.digest, [plugin.evaluate_cycle(request.routes, request.spec) for request in INPUTS]


@pytest.mark.parametrize("with_bad", [False, True])
def test_no_evaluation_is_lost_and_each_answer_is_its_versions(host: Host, folder: Folder, with_bad: bool) -> None:
    good = [folder.write(f"{mode}.wasm", hostile_version(mode)) for mode in ("honest", "cautious")]
    # It loads and does not describe itself rightly: the last thing that can go wrong before a switch.
    bad = folder.write("bad.wasm", hostile_version("schema-not-json"))
    plans = dict(expected(host, file) for file in good)
    assert len(plans) == 2
    text = as_json(*INPUTS)
    registry = Registry(host)
    assert registry.swap("hostile", good[0]).result is SwapResult.LOADED
    is_over = Event()

    def evaluate() -> Counter[str]:
        """All entry points in turn; how many answers each version gave."""
        answers: Counter[str] = Counter()
        while not is_over.is_set():
            for i, request in enumerate(INPUTS):
                one = registry.evaluate_cycle("hostile", f"d-{i}", request.routes, request.spec)
                assert one.value == plans[one.plugin.digest][i]
                answers[one.plugin.digest] += 1
            many = registry.evaluate_cycles("hostile", INPUTS)
            (first, *_) = many.plugins
            assert first is not None
            assert many.plugins == [first] * len(INPUTS)
            assert many.value == plans[first.digest]
            raw = registry.evaluate_cycles_json("hostile", text)
            promoted = [answer["ok"]["promote_route_ids"] for answer in json.loads(raw.value)]
            (first, *_) = raw.plugins
            assert first is not None
            assert promoted == [plan.promote_route_ids for plan in plans[first.digest]]
        return answers

    def swap() -> None:
        """Swaps, however long that takes. Every tenth version is bad, if there is a bad one."""
        try:
            for swaps in range(SWAPS):
                if with_bad and swaps % 10 == 9:
                    with pytest.raises(SwapError):
                        registry.swap("hostile", bad)
                else:
                    registry.swap("hostile", good[swaps % 2 == 0])
        finally:
            is_over.set()

    with ThreadPoolExecutor(THREADS) as threads:
        evaluators = [threads.submit(evaluate) for _ in range(THREADS)]
        swap()
        answers = [evaluator.result() for evaluator in evaluators]

    for digest in plans:
        assert any(digest in by for by in answers), f"{digest} has answered nothing"
    (status,) = registry.status()
    assert list(status.outcomes) == [Outcome.OK]
    assert status.reverts == 0
