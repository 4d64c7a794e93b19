"""The command line: the words, output and exit codes of the one that is written in Rust."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pointsman import Request, TrafficStatus, components
from support import ROOT, as_json, component, given, misdeed, route

HOSTILE = str(component("guests/hostile.wasm"))


def test_without_a_plugin_it_is_the_packages_blue_green(run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("explain", str(ROOT / "examples" / "request.json"))

    assert code == 0
    assert out.startswith("blue-green 0.2.0 `blue_green.wasm` (sha256:")
    assert components.BLUE_GREEN.exists()


def test_how_much_a_plan_may_do_is_an_option(run) -> None:  # type: ignore[no-untyped-def]
    def decided(*options: str) -> dict[str, Any]:
        code, out, _ = run("evaluate", "--plugin", HOSTILE, *options, stdin=text)
        assert code == (0 if '"ok"' in out else 1)
        answer: dict[str, Any] = json.loads(out)[0]
        return answer

    text = as_json(Request(given(), misdeed("none")))
    options = ["--max-unavailable", "2", "--max-surge", "12.5%"]
    assert decided()["ok"]["commitment"] == {"least_serving": 2, "most_live": 6}
    assert decided(*options)["ok"]["commitment"] == {"least_serving": 1, "most_live": 4}
    assert decided(*options, "--guard-ids-only")["ok"]["commitment"]["most_live"] == (1 << 32) - 1
    green = [route(f"r-{i}", "v2", TrafficStatus.ACTIVE) for i in (1, 2)]
    text = as_json(Request(green, misdeed("complete_early")))
    assert decided()["error"]["violations"][0]["code"] == "completed-early"
    assert decided("--complete-at", "50%")["ok"]["sub_step"] == "completed"
    assert decided("--complete-at", "2")["ok"]["sub_step"] == "completed"


def test_evaluate(run) -> None:  # type: ignore[no-untyped-def]
    request = (ROOT / "examples" / "request.json").read_text()

    code, out, err = run("evaluate", stdin=request)
    assert (code, err) == (0, "")
    assert json.loads(out)[0]["ok"]["sub_step"] == "awaiting_promotion"
    assert out.count("\n") == 1
    code, pretty, _ = run("evaluate", "--pretty", stdin=request)
    assert pretty.startswith('[\n  {\n    "ok": {')
    assert json.loads(pretty) == json.loads(out)
    assert run("evaluate", stdin="[1]")[0] == 1


def test_evaluate_finds_the_one_request_at_fault(run) -> None:  # type: ignore[no-untyped-def]
    words = ["none", "none", "none", "trap", "none"]
    text = as_json(*(Request([], misdeed(word)) for word in words))

    code, out, err = run("evaluate", "--plugin", HOSTILE, stdin=text)

    assert (code, out) == (2, "")
    assert err.startswith("error: no answer to request 4\n  caused by: plugin `hostile.wasm` (")


def test_evaluate_splits_what_is_too_much_for_the_sandbox(run) -> None:  # type: ignore[no-untyped-def]
    text = as_json(*[Request(given() * 1, misdeed("none"))] * 3000)

    code, out, _ = run("evaluate", "--plugin", HOSTILE, "--memory-limit", "8", stdin=text)

    assert code == 0
    assert len(json.loads(out)) == 3000


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        ("", "error: standard input is empty; it should be one JSON request, or an array of them\n"),
        ("[1", "error: standard input is not JSON\n  caused by: "),
        ("[" * 100_000, "error: standard input is not JSON\n  caused by: "),
    ],
)
def test_input_that_cannot_be_used(run, stdin: str, message: str) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run("explain", stdin=stdin)

    assert (code, out) == (2, "")
    assert err.startswith(message)


def test_files_that_cannot_be_used(run) -> None:  # type: ignore[no-untyped-def]
    assert run("explain", "none.json")[::2] == (
        2,
        "error: cannot read `none.json`\n  caused by: [Errno 2] No such file or directory: 'none.json'\n",
    )
    code, _, err = run("explain", "--plugin", "none.wasm", stdin="[]")
    assert (code, err) == (
        2,
        "error: the plugin cannot be used\n  caused by: cannot read `none.wasm`: No such file or directory\n",
    )
    assert run("explain", "--time-limit", "0", stdin="[]")[0] == 2
    code, _, err = run("explain", "--max-surge", "many", stdin="[]")
    assert code == 2
    assert "argument --max-surge: `many` is no amount: it should be a number of routes from 0 to 4294967295, or" in err
    assert run("nonsense")[0] == 2


def test_it_is_run_as_a_module(cache: Path) -> None:
    arguments = [sys.executable, "-m", "pointsman", "explain", "--cache", str(cache), "examples/request.json"]

    result = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)

    assert "\ndecision    awaiting-promotion: awaiting-delay\n" in result.stdout


def test_who_has_seen_enough_may_stop_reading(cache: Path) -> None:
    command = (
        f"{sys.executable} -m pointsman explain --cache {cache} examples/rollout.json | true; exit ${{PIPESTATUS[0]}}"
    )

    result = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)

    assert (result.stdout, result.stderr) == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize(
    "arguments", [["explain", "examples/request.json"], ["evaluate", "examples/rollout.json"], ["--help"]]
)
def test_output_that_cannot_be_written_is_an_error(cache: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "pointsman", *arguments],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, env={"POINTSMAN_CACHE": str(cache)},
        )  # fmt: skip

    told = "error: cannot write the output\n  caused by: [Errno 28] No space left on device\n"
    assert (ran.returncode, ran.stderr) == (2, told)
