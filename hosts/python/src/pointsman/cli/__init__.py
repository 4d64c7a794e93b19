"""The command line: two commands of the one that is written in Rust, with the same words and output.

Exit codes, of every command: 0 all is well; 1 the plugin said no to a request, or the guard to a plan; 2 the plugin,
the input or the command line could not be used.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from pointsman.cli import evaluate, explain
from pointsman.cli.input import InputError, read_requests
from pointsman.components import BLUE_GREEN
from pointsman.contract.policy import Amount, IdsOnly, Policy, parse_amount
from pointsman.contract.words import plain
from pointsman.errors import HostError, LoadError, PluginError
from pointsman.guard.plugin import Plugin
from pointsman.host import Host
from pointsman.runtime.limits import Limits


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns its exit code."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads it has seen enough: `… | head`.
        _write_nothing_more()
        return 0
    except OSError as error:
        _write_nothing_more()
        return _report("cannot write the output", error)


def _write_nothing_more() -> None:
    """Has what is left unwritten go nowhere, also when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: Sequence[str] | None) -> int:
    given = _parser().parse_args(arguments)
    try:
        plugin = _load(given)
        requests = read_requests(given.input)
        if given.command == "explain":
            is_fine = explain.run(plugin, requests)
        else:
            is_fine = evaluate.run(plugin, requests, pretty=given.pretty)
    except (HostError, LoadError) as error:
        return _report("the plugin cannot be used", error)
    except (InputError, evaluate.NoAnswer) as error:
        return _report(str(error), error.__cause__)
    except PluginError as error:
        return _report("no plan", error)
    return 0 if is_fine else 1


def _load(given: argparse.Namespace) -> Plugin:
    limits = Limits(
        memory=given.memory_limit << 20,
        time=timedelta(milliseconds=given.time_limit),
        response=given.response_limit << 20,
        # One call at a time.
        instances=1,
    )
    policy = Policy(given.max_unavailable, given.max_surge, given.complete_at)
    cache = given.cache or os.environ.get("POINTSMAN_CACHE") or None
    return Host(limits, cache).load(given.plugin).with_guard(IdsOnly() if given.guard_ids_only else policy)


def _report(what: str, cause: BaseException | None) -> int:
    """Tells an error, and returns its exit code: what could not be done in one line, and below it why."""
    lines = [f"error: {plain(what)}"]
    if cause is not None:
        lines.append(f"  caused by: {plain(str(cause))}")
    print("\n".join(lines), file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pointsman",
        description="Rollout strategies as sandboxed WebAssembly components.",
        epilog="Exit codes: 0 all is well; 1 the plugin said no; 2 the plugin, the input or the command line could not "
        "be used.",
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--plugin", type=Path, metavar="FILE", default=BLUE_GREEN, help="a component file; default: blue-green"
    )
    shared.add_argument(
        "input",
        nargs="?",
        default="-",
        help="one JSON request, or an array of them; default: standard input, `-`",
    )
    sandbox = shared.add_argument_group("sandbox")
    sandbox.add_argument("--cache", metavar="DIR", help="keep compiled plugins there; default: POINTSMAN_CACHE, if set")
    _number(sandbox, "--time-limit", "MS", 1000, "longest time of one call, in milliseconds")
    _number(sandbox, "--memory-limit", "MIB", 64, "most memory of the plugin, in MiB")
    _number(sandbox, "--response-limit", "MIB", 16, "largest response of one call, in MiB")
    guard = shared.add_argument_group("guard")
    policy = Policy()
    part = "a number, or a percentage of the target"
    unavailable = f"how many routes fewer than the target may serve: {part}, rounded down"
    surge = f"how many live routes there may be above the target: {part}, rounded up"
    completing = f"how much serving capacity of the new revision completes a rollout: {part}"
    _amount(guard, "--max-unavailable", policy.max_unavailable, unavailable)
    _amount(guard, "--max-surge", policy.max_surge, surge)
    _amount(guard, "--complete-at", policy.complete_at, completing)
    guard.add_argument("--guard-ids-only", action="store_true", help="check only that the plan's ids are right")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("explain", parents=[shared], help="decide, and show for people what was decided and why")
    evaluate = commands.add_parser("evaluate", parents=[shared], help="decide: requests in, plans out, as JSON")
    evaluate.add_argument("--pretty", action="store_true", help="indent the answers, for people")
    return parser


def _number(group: argparse._ArgumentGroup, name: str, unit: str, default: int, help: str) -> None:
    group.add_argument(name, type=_count, metavar=unit, default=default, help=f"{help}; default {default}")


def _amount(group: argparse._ArgumentGroup, name: str, default: Amount, help: str) -> None:
    shown = str(default).replace("%", "%%")
    group.add_argument(name, type=_parsed, metavar="AMOUNT", default=default, help=f"{help}; default {shown}")


def _parsed(text: str) -> Amount:
    try:
        return parse_amount(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value < 1 << 32:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to 2^32 - 1")
    return value
