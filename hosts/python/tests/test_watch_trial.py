"""A watch that tries new versions beside the current ones first."""

from __future__ import annotations

from dataclasses import replace

from pointsman import Comparison, Host, SwapError
from registries import status
from shadowing import LONG, evaluate, last, ready, trial
from support import Folder, hostile_version, misdeed, versioned
from watching import watched


def test_a_new_version_is_tried_and_takes_its_place(host: Host, folder: Folder) -> None:
    folder.write("honest.wasm", hostile_version("honest"))
    with watched(host, folder.path, trial=replace(trial(2), auto_promote=True)) as it:
        assert it.next() == ("honest.wasm", "loaded"), "there is none beside which it could be tried"
        folder.write("new.wasm", versioned(hostile_version("other"), "0.3.0"))
        assert it.next() == ("new.wasm", "shadowing")
        assert it.current == "honest.wasm"

        evaluate(it.registry)
        evaluate(it.registry)

        assert last(it.registry).wait(LONG) is Comparison.PROMOTED
        assert it.current == "new.wasm"


def test_several_versions_at_the_start_end_in_a_trial_of_the_newest(host: Host, folder: Folder) -> None:
    folder.write("b.wasm", hostile_version("honest"))
    folder.write("a.wasm", versioned(hostile_version("cautious"), "0.3.0"))
    with watched(host, folder.path, trial=trial(1)) as it:
        assert [it.next(), it.next()] == [("a.wasm", "shadowing"), ("b.wasm", "loaded")]
        assert it.current == "b.wasm"


def test_an_older_version_does_not_end_the_trial_of_a_newer_one(host: Host, folder: Folder) -> None:
    folder.write("honest.wasm", hostile_version("honest"))
    with watched(host, folder.path, trial=trial(1)) as it:
        it.next()
        folder.write("newest.wasm", versioned(hostile_version("cautious"), "0.4.0"))
        assert it.next() == ("newest.wasm", "shadowing")
        folder.write("newer.wasm", versioned(hostile_version("other"), "0.3.0"))
        assert it.next() == ("newer.wasm", "failed")
        assert isinstance(it.results["newer.wasm"], SwapError)
        assert str(it.results["newer.wasm"]) == "`newest.wasm` has 0.4.0, which is newer than 0.3.0"
        assert last(it.registry).comparison is Comparison.RUNNING

        evaluate(it.registry)
        assert last(it.registry).wait(LONG) is Comparison.FAILED
        folder.write("newer.wasm", versioned(hostile_version("broken"), "0.3.0"))
        assert it.next() == ("newer.wasm", "shadowing"), "the newest is out of the race"
        folder.write("newest.wasm", versioned(hostile_version("polite"), "0.4.0"))
        while it.next() != ("newest.wasm", "shadowing"):
            pass


def test_what_is_tried_already_is_unchanged(host: Host, folder: Folder) -> None:
    folder.write("honest.wasm", hostile_version("honest"))
    with watched(host, folder.path, trial=trial(1)) as it:
        it.next()
        new = versioned(hostile_version("cautious"), "0.3.0")
        folder.write("new.wasm", new)
        assert it.next() == ("new.wasm", "shadowing")
        evaluate(it.registry)
        first = last(it.registry)
        assert first.wait(LONG) is Comparison.FAILED

        folder.write("copy.wasm", new)
        assert it.next() == ("copy.wasm", "unchanged")
        assert last(it.registry).status() == first.status()
        assert it.registry.promote("hostile").plugin.name == "new.wasm", "by hand, all the same"
        plan = it.registry.evaluate_cycle("hostile", "d-1", ready(), misdeed("good")).value
        assert plan.reason.code == "cautious"
        assert status(it.registry).shadow is None
