"""Imports between rooms: each is above those that it imports; and nothing private of wasmtime's package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pointsman

PACKAGE = Path(pointsman.__file__).parent

ROOMS = ["contract", "errors", "runtime", "plugin", "guard", "components", "host", "registry", "cli"]
"""From the lowest to the highest. The package itself and `__main__` are above all of them."""

FLOORS = {
    "contract": [
        ["words"],
        ["bounds", "refusals", "wire", "violation"],
        ["route", "policy"],
        ["spec", "plan"],
        ["request"],
    ],
    "errors": [["part", "base"], ["loading", "call"], ["evaluation"], ["registry"]],
    "runtime": [
        ["cache", "compile_child", "contract", "instances", "lanes", "limits", "threads"],
        ["child", "engine", "file", "instance", "ticker"],
        ["call", "compiler"],
        ["loader"],
        ["runtime"],
    ],
    "plugin": [["batches", "contracts", "json_text", "plans"], ["sent"], ["answers", "json_requests"], ["strategy"]],
    "guard": [["checker", "tidy"], ["review"], ["plugin"]],
    "registry": [
        ["backlog", "description", "differences", "events", "files", "fingerprint", "options", "outcome"],
        ["precedence", "proof", "quarantine", "seen", "swap", "trial"],
        ["counts", "state", "version"],
        ["rivals"],
        ["blame"],
        ["checks", "halves", "status"],
        ["record", "timed"],
        ["tried"],
        ["versions"],
        ["slot"],
        ["questions", "shadow"],
        ["calls"],
        ["sources"],
        ["batch"],
        ["admission", "slots", "watching"],
        ["change"],
        ["loading"],
        ["folder"],
        ["watch"],
        ["registry"],
    ],
    "cli": [["input", "moment", "text"], ["routes_table"], ["evaluate", "explain"]],
}
"""Within a room, too: a file imports only from floors below its own."""


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Every name that a module imports, wherever, with its line: also those for type checkers only."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def height(name: str) -> tuple[int, int]:
    """Height of a module: its room, and its floor there; -1 where a room has no floors."""
    _, *parts = name.split(".")
    if not parts or parts[0] not in ROOMS:
        return len(ROOMS), -1
    floors = FLOORS.get(parts[0], [])
    found = [floor for floor, names in enumerate(floors) if len(parts) > 1 and parts[1] in names]
    # A room's own `__init__` is above its files.
    return ROOMS.index(parts[0]), found[0] if found else len(floors)


def objections(name: str, source: str) -> list[str]:
    """Imports of a module that it must not have."""
    found = []
    for line, imported in imports(source):
        package, *parts = imported.split(".")
        if package == "wasmtime" and any(part.startswith("_") for part in parts):
            found.append(f"{name}:{line} imports {imported}, which is private")
        if package == "pointsman":
            (room, floor), (other, other_floor) = height(name), height(imported)
            is_same_part = name.split(".")[:3] == imported.split(".")[:3]
            if other > room or (other == room and other_floor >= floor and not is_same_part):
                found.append(f"{name}:{line} imports {imported}, which is above it or beside it")
    return found


def modules() -> list[tuple[str, Path]]:
    named = ((".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts), path) for path in PACKAGE.rglob("*.py"))
    return sorted((name.removesuffix(".__init__"), path) for name, path in named)


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_module_imports_only_what_is_below_it(name: str, path: Path) -> None:
    assert objections(name, path.read_text()) == []


def test_every_file_has_its_place() -> None:
    for name, _ in modules():
        _, *parts = name.split(".")
        if parts and parts[0] != "__main__":
            assert parts[0] in ROOMS, name
        if len(parts) > 1:
            assert any(parts[1] in floor for floor in FLOORS[parts[0]]), name


@pytest.mark.parametrize(
    ("name", "source", "is_allowed"),
    [
        ("pointsman.runtime.instance", "from wasmtime import Store", True),
        ("pointsman.runtime.instance", "from wasmtime import _ffi", False),
        ("pointsman.runtime.instance", "import wasmtime._ffi as c", False),
        ("pointsman.runtime.loader", "from wasmtime.component._types import ComponentExtern", False),
        ("pointsman.runtime.instance", "from pointsman.errors import PluginError", True),
        ("pointsman.runtime.instance", "from pointsman.runtime.runtime import Runtime", False),
        ("pointsman.runtime.instance", "def f():\n    from pointsman.guard.checker import Checker", False),
        ("pointsman.errors.evaluation", "if TYPE_CHECKING:\n    from pointsman.guard.checker import Checker", False),
        ("pointsman.plugin.strategy", "from pointsman.guard import plugin", False),
        ("pointsman.guard.plugin", "from pointsman.plugin.strategy import Strategy", True),
        ("pointsman.host", "from pointsman.registry import Registry", False),
        ("pointsman.registry.blame", "from pointsman.registry.slot import Slot", False),
        ("pointsman.registry.slot", "from pointsman.registry.blame import Blame", True),
        ("pointsman.registry.slot", "from pointsman import Host", False),
        ("pointsman.cli.evaluate", "from pointsman.cli.input import read_requests", True),
    ],
)
def test_what_is_found(name: str, source: str, is_allowed: bool) -> None:
    assert (objections(name, source) == []) is is_allowed
