"""`explain`: the words and output of the one that is written in Rust."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pointsman import Request
from pointsman.cli.moment import absolute, duration, relative
from pointsman.cli.text import WIDTH, wrapped
from pointsman.contract.words import plain
from support import ROOT, as_json, component, given, misdeed, route, spec

BLUE_GREEN = str(component("plugins/blue_green.wasm"))


HOSTILE = str(component("guests/hostile.wasm"))


def test_explain_shows_what_the_other_command_line_shows(run) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run("explain", "--plugin", BLUE_GREEN, str(ROOT / "examples" / "rollout.json"))

    # What `pointsman explain` printed with the policy of this command, but for the digest.
    expected = (Path(__file__).parent / "expected" / "explain-rollout.txt").read_text()
    digest = out.partition("sha256:")[2][:12]
    assert (code, out, err) == (0, expected.replace("DIGEST", digest), "")


def test_explain_shows_a_configuration_as_it_was_written(run) -> None:  # type: ignore[no-untyped-def]
    request = as_json(Request([], spec()))[1:-1]
    deep = "[" * 500 + "]" * 500
    for config, shown in (
        ('{"auto_promote":\n\ttrue}', '{"auto_promote": true}'),
        (f'{{"a":{deep}}}', f'{{"a":{deep}}}'),
    ):
        _, out, _ = run("explain", stdin=request.replace('"config": {}', f'"config":{config}'))
        # On one line, if that is not too long.
        assert f", config {shown}\n" in out or len(shown) > WIDTH
        assert "".join(f",config{shown}limits".split()) in "".join(out.split())


def test_explain_says_what_is_refused(run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("explain", stdin='[1,{"routes":[],"spec":{}}]')

    assert code == 1
    assert out.partition("\n\n")[2] == (
        "request 1 of 2\nrefused     invalid request: invalid type: integer `1`, expected a JSON object\n\n"
        "request 2 of 2\nrefused     invalid request: `spec`: missing field `deploying_revision`\n"
    )


def test_explain_shows_what_the_guard_rejects(run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("explain", "--plugin", HOSTILE, stdin=as_json(Request(given(), misdeed("drain_all"))))

    assert code == 1
    assert out.splitlines()[-3:] == [
        "violation   capacity-lowered: the plan takes serving capacity from 3 to 0; 2 must stay",
        "violation   drained-while-short: drained while serving, with a capacity of 0 where 2 are needed: "
        "`r-1`, `r-2`, `r-3`",
        "refused     the guard rejects this plan; nothing of it may be applied",
    ]
    assert "r-1    v1        running  healthy    active 1.0  -        blue live ready serving  drain" in out
    text = as_json(Request(given(), misdeed("drain_all")))
    assert run("explain", "--plugin", HOSTILE, "--max-unavailable", "100%", stdin=text)[0] == 0


def test_explain_tells_the_limits_and_the_progress(run) -> None:  # type: ignore[no-untyped-def]
    requests = json.loads((ROOT / "examples" / "rollout.json").read_text())

    def lines(request: dict[str, Any], *options: str) -> list[str]:
        out: str = run("explain", "--plugin", BLUE_GREEN, *options, stdin=json.dumps(request))[1]
        return out.splitlines()

    out = lines(requests[3], "--max-surge", "150%")
    assert "limits      at least 2 serve, at most 8 are live: the policy of the command line at this target" in out
    assert "progress    step 1 of 3, 0% of the traffic for the new revision" in out
    out = lines(requests[0] | {"policy": {"max_surge": "50%"}}, "--max-surge", "300%")
    assert "limits      at least 2 serve, at most 5 are live: the request's policy at this target" in out
    assert "decision    provisioning: no-budget" in out
    limits = {"least_serving": 1, "most_live": 6}
    out = lines(requests[0] | {"spec": requests[0]["spec"] | {"limits": limits}})
    assert "limits      at least 1 serve, at most 6 are live: those of the request" in out
    assert "limits      none" in lines(requests[0], "--guard-ids-only")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two", "one two"),
        ("", ""),
        ("12345 7890 and more", "12345 7890\n and more"),
        ("12345 78901", "12345\n 78901"),
        ("a 123456789012345 b", "a\n 1234567890\n 12345 b"),
        ("a  b", "a  b"),
    ],
)
def test_lines_break_at_spaces(text: str, expected: str) -> None:
    # So far in that ten columns are left.
    indent = WIDTH - 10
    assert wrapped(text, indent) == expected.replace("\n ", "\n" + " " * indent)


def test_explain_is_no_wider_than_a_terminal(run) -> None:  # type: ignore[no-untyped-def]
    request = as_json(Request(given(), spec({"misdeed": "none", "note": "word " * 100})))[1:-1]
    _, out, _ = run("explain", "--plugin", HOSTILE, stdin=request)
    assert max(map(len, out.splitlines())) <= WIDTH


def test_moments_and_durations() -> None:
    assert absolute(1_760_000_000_000) == "2025-10-09T08:53:20Z"
    assert absolute(1_760_000_000_050) == "2025-10-09T08:53:20.05Z"
    assert absolute((1 << 64) - 1) == "18446744073709551615 ms since 1970"
    assert [duration(millis) for millis in (0, 250, 90_000, 3_600_001, 1 << 63)] == [
        "0s", "250ms", "1m 30s", "1h 1ms", "9223372036854775808ms",
    ]  # fmt: skip
    assert [relative(at, 1000) for at in (0, 1000, 91_000)] == ["1s ago", "now", "in 1m 30s"]


def test_text_controls_no_terminal() -> None:
    assert plain("a\x1b[31m\n\x85ü") == "a\\u{1b}[31m\\n\\u{85}ü"
    # Nor does it hide: other directions, no width, variations and tags, halves of pairs.
    for hidden in "\u202e\u2066\u200f\u2028\u200b\u200d\u2060\ufeff\u00ad\u115f\u3164\ufe0f\U000e0041\U000e0100\ud800":
        assert plain(f"a{hidden}b") == f"a\\u{{{ord(hidden):x}}}b"
    assert plain("héllo 世界 ✓ é") == "héllo 世界 ✓ é"


def test_what_is_hidden_in_a_request_is_shown(run) -> None:  # type: ignore[no-untyped-def]
    sly = route("r-\u202e1", "v2\u200b")

    _, out, _ = run("explain", stdin=as_json(Request([sly], spec())))

    assert "r-\\u{202e}1" in out
    assert "v2\\u{200b}" in out
    assert out.isprintable() is False
    assert all(line.isprintable() for line in out.splitlines())
