"""The README's programs are run as they are printed there."""

from __future__ import annotations

import re
import subprocess

from pointsman import errors
from support import ROOT

README = (ROOT / "hosts" / "python" / "README.md").read_text()


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def block(title: str, language: str) -> str:
    """The first block of a language in a section."""
    found = re.search(rf"```{language}\n(.*?)```", section(title), re.DOTALL)
    assert found, f"{title} has no {language}"
    return found[1]


def run(python: str, *arguments: str) -> str:
    result = subprocess.run([python, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert result.stderr == ""
    return result.stdout


def test_the_quickstart(python: str) -> None:
    assert run(python, "-c", block("Quickstart", "python")) == block("Quickstart", "text")


def test_the_manager(python: str) -> None:
    told = run(python, "hosts/python/examples/manager.py")

    assert told == (ROOT / "examples" / "manager" / "expected.txt").read_text()
    assert told == block("A manager's loop", "text")
    assert told == run(python, "hosts/python/examples/manager.py", "target/plugins/blue_green.wasm")


def test_the_other_programs_can_be_compiled() -> None:
    for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        compile(code, "README.md", "exec")


def test_the_errors_are_those_of_the_package() -> None:
    assert errors.__doc__ is not None
    assert block("Errors", "text") in errors.__doc__


def test_the_sections_are_those_of_every_host() -> None:
    assert re.findall(r"^## (.*)$", README, re.MULTILINE) == [
        "Quickstart",
        "A manager's loop",
        "Many deployments in one call",
        "Change a strategy while it runs",
        "Limits",
        "Errors",
        "The guard",
        "Threads and asyncio",
        "What is promised, and what is not",
        "Speed",
        "Files",
    ]


def test_every_file_is_in_the_table() -> None:
    package = ROOT / "hosts" / "python" / "src" / "pointsman"
    table = section("Files")
    for path in package.iterdir():
        name = f"{path.name}/" if path.is_dir() else path.name
        if not name.startswith("__") and name not in ("py.typed", "wasm/"):
            assert f"`{name}`" in table, name
