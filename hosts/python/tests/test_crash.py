"""Files that crash what reads them without measuring them first, through every way into a host."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from queue import Queue

import pytest
from wasmtime import wat2wasm

import crash
from crash import Crash
from pointsman import BLUE_GREEN, Host, LoadError, LoadProblem, Registry, Swap, SwapError, SwapResult, Watching
from support import ROOT, Folder, component
from test_admission import untyped
from wrapper import FUNCTIONS, MEMORY, strategy

FILES = crash.files()
LONG = 60.0
"""Longer than any change here takes to be seen, so that a broken watch ends."""


def assert_too_complex(error: BaseException | None, crash: Crash) -> None:
    assert isinstance(error, LoadError), error
    assert (error.problem, error.part) == (LoadProblem.TOO_COMPLEX, crash.part), crash.name
    assert str(error) == crash.message


LOAD_ALL = """
import sys, threading
from pathlib import Path
from pointsman import BLUE_GREEN, Host, LoadError

def load_all():
    host = Host(cache=sys.argv[1])
    for path in sorted(Path(sys.argv[2]).iterdir()):
        try:
            host.load(path)
        except LoadError as error:
            print(error, flush=True)
    print(host.load(BLUE_GREEN).describe().name)

# A stack on which first-party components can be compiled, with some to spare.
threading.stack_size(1 << 20)
thread = threading.Thread(target=load_all)
thread.start()
thread.join()
"""


def test_a_process_outlives_them_on_a_small_stack(folder: Folder, cache: Path) -> None:
    for file in FILES:
        folder.write(file.name, file.content)

    ran = subprocess.run(
        [sys.executable, "-c", LOAD_ALL, cache, folder.path], capture_output=True, text=True, timeout=LONG
    )

    # Names are in the order of the alphabet.
    said = [file.message for file in sorted(FILES, key=lambda file: file.name)]
    assert ran.stdout.splitlines() == [*said, "blue-green"], ran.stderr
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    "file", {file.name.rpartition("-")[0]: file for file in reversed(FILES)}.values(), ids=lambda file: file.name
)
def test_the_command_line_refuses_them(file: Crash, folder: Folder, cache: Path) -> None:
    path = folder.write(file.name, file.content)
    explain = [sys.executable, "-m", "pointsman", "explain", str(ROOT / "examples" / "request.json")]

    ran = subprocess.run([*explain, "--cache", cache, "--plugin", path], capture_output=True, text=True, timeout=LONG)

    told = f"error: the plugin cannot be used\n  caused by: {file.message}\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", told)


def test_from_memory_and_from_files(host: Host, folder: Folder) -> None:
    for file in FILES:
        path = folder.write(file.name, file.content)
        with pytest.raises(LoadError) as raised:
            host.load_bytes(file.name, file.content)
        assert_too_complex(raised.value, file)
        with pytest.raises(LoadError) as raised:
            host.load(path)
        assert_too_complex(raised.value, file)
    assert host.load(BLUE_GREEN).describe().name == "blue-green"


def test_into_a_registry(host: Host, folder: Folder) -> None:
    registry = Registry(host)
    registry.swap("blue-green", BLUE_GREEN)
    for file in FILES:
        with pytest.raises(SwapError) as raised:
            registry.swap("blue-green", folder.write(file.name, file.content))
        assert_too_complex(raised.value.__cause__, file)
    results = registry.load_dir(folder.path)
    assert len(results) == len(FILES)
    assert all(isinstance(result, SwapError) for _, result in results)
    assert registry.status()[0].current.plugin.name == BLUE_GREEN.name


def test_into_a_watched_folder(host: Host, folder: Folder) -> None:
    """Each bad file is told with its reason, and the good one that comes last is loaded."""
    told: Queue[tuple[Path, Swap | SwapError]] = Queue()
    how = Watching(
        quiet=timedelta(milliseconds=10),
        poll=timedelta(milliseconds=5),
        on_change=lambda path, result: told.put((path, result)),
    )
    registry = Registry(host)
    with registry.watch(folder.path, how):
        for file in FILES:
            path = folder.write(file.name, file.content)
            found, result = told.get(timeout=LONG)
            assert found == path
            assert isinstance(result, SwapError)
            assert_too_complex(result.__cause__, file)
        folder.copy("plugins/blue_green.wasm", 1)
        _, result = told.get(timeout=LONG)
        assert isinstance(result, Swap)
        assert result.result is SwapResult.LOADED
    assert registry.status()[0].name == "blue-green"


@pytest.fixture(scope="module")
def small() -> bytes:
    """A component that has some of everything, and is a strategy but for the types."""
    more = """(type $t (component (type (record (field "a" (list string)))) (import "i" (instance (export "f" (func))))
            (alias outer 1 $u (type)) (export "x" (func (param "a" u8) (result (option bool))))))
        (type $u (instance (type (variant (case "a" u8) (case "b"))) (export "r" (type (sub resource)))))
        (component $c (core module $n (func (loop (br_table 0 0 0 (i32.const 0)))))
            (core instance (instantiate $n)) (type $f (func)) (export "f" (type $f)))
        (instance $j (instantiate $c)) (alias export $j "f" (type $f)) (export "f2" (type $f))"""
    # Types are named before they are there.
    more = more.replace("(alias outer 1 $u (type))", "")
    return untyped(MEMORY, more)


def load(host: Host, content: bytes) -> bool:
    """Anything but a load error fails the test, or ends the process."""
    try:
        host.load_bytes("small.wasm", content)
    except LoadError:
        return False
    return True


def test_truncations(host: Host, small: bytes) -> None:
    for length in range(len(small)):
        assert not load(host, small[:length]), length


@pytest.mark.parametrize("is_strategy", [False, True])
def test_flipped_bits(host: Host, small: bytes, is_strategy: bool) -> None:
    chance = random.Random(11)
    content = strategy(MEMORY + FUNCTIONS) if is_strategy else small
    refused = 0
    for _ in range(3_000):
        flipped = bytearray(content)
        for _ in range(chance.randint(1, 3)):
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        refused += not load(host, bytes(flipped))
    assert 1_000 < refused <= 3_000 - is_strategy


def test_what_is_changed_in_the_files_that_crash(host: Host) -> None:
    """Near the limits, and on both sides."""
    chance = random.Random(12)
    near = [
        crash.nested_types(crash.COMPONENT_TYPE, 31),
        crash.nested_components(32),
        crash.multiplying(4),
        crash.references(crash.INSTANCE_TYPE, 0x05, 99),
        crash.references(crash.COMPONENT_TYPE, 0x04, 99),
        crash.nested_blocks(crash.IF, 1_000),
        crash.two_memories(),
    ]
    for content in near:
        for _ in range(100):
            changed = bytearray(content)
            for _ in range(chance.randint(0, 3)):
                changed[chance.randrange(8, len(changed))] = chance.randrange(256)
            assert not load(host, bytes(changed))


def test_the_sentence(host: Host) -> None:
    with pytest.raises(LoadError) as raised:
        host.load_bytes("guest.wasm", crash.two_memories())
    assert str(raised.value) == (
        "`guest.wasm` has more than 1 memory; link its code into one core module with one memory"
    )


def test_what_is_near_the_limits_compiles(host: Host) -> None:
    """So that a limit is not what a runtime crashes at."""
    module = f"(core module $m (func {'block ' * 255}{'end ' * 255}))"
    for content in (
        bytes(wat2wasm(f"(component {module} (core instance (instantiate $m)))")),
        crash.nested_components(32),
    ):
        with pytest.raises(LoadError) as raised:
            host.load_bytes("guest.wasm", content)
        assert raised.value.problem is LoadProblem.NOT_A_STRATEGY
    assert host.load(component("guests/hostile.wasm")).describe().name == "hostile"
