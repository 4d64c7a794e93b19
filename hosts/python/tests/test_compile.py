"""Compiling in a process of its own: what it dies of is told, and this process goes on without it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pointsman import BLUE_GREEN, Host, HostError, Limits, LoadError, LoadProblem
from pointsman.runtime import child, runtime
from pointsman.runtime.child import Child, is_possible, patience_for
from pointsman.runtime.compiler import child_for
from pointsman.runtime.engine import SETTINGS
from wrapper import FUNCTIONS, MEMORY, strategy

pytestmark = pytest.mark.skipif(not is_possible(), reason="this system has no limits of processes")

MIB = 1 << 20
RAISED = {"work": 10**9, "function-work": 10**9}
HERE = Limits(compile_time=None, compile_memory=None)
NOTHING_LEFT = -1


def dear_in_memory() -> bytes:
    """A function of 100,000 additions, for which a compiler takes more than 128 MiB at once."""
    additions = "(local.set 0 (i32.add (local.get 0) (i32.const 7)))" * 100_000
    return strategy(f"{MEMORY} {FUNCTIONS} (func (local i32) {additions})")


def dear_in_time() -> bytes:
    """A function of 20,000 loops, for which a compiler takes most of a minute."""
    loops = "(loop (br_if 0 (local.get 0)))" * 20_000
    return strategy(f"{MEMORY} {FUNCTIONS} (func (local i32) {loops})")


class Fake(Child):
    """A process that does something else, or dies."""

    program = ""

    def _start(self) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-c", self.program], stdin=pipe, stdout=pipe, stderr=pipe)


def fake(program: str, limits: Limits | None = None, patience: float | None = None) -> Fake:
    made = Fake(limits or Limits(), patience)
    made.program = program
    return made


def refusal(made: Child) -> LoadError:
    with pytest.raises(LoadError) as raised:
        made.compile("guest.wasm", b"\0asm" * MIB, SETTINGS)
    return raised.value


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(NOTHING_LEFT, os.WNOHANG)


def refused(content: bytes, limits: Limits) -> LoadError:
    """Why a dear file is not loaded; and the host goes on."""
    host = Host(limits)
    with pytest.raises(LoadError) as raised:
        host.load_bytes("dear.wasm", content)
    assert host.load(BLUE_GREEN).describe().name == "blue-green"
    return raised.value


def test_what_takes_too_much_memory_is_refused() -> None:
    error = refused(dear_in_memory(), Limits(budgets=RAISED, compile_memory=128 * MIB))

    assert (error.problem, error.limit) == (LoadProblem.TOO_DEAR, "compile_memory")
    assert str(error) == (
        "`dear.wasm` takes more memory to compile than the limit `compile_memory` gives it, 134217728 bytes; "
        "make it smaller, or raise the limit"
    )


def test_what_takes_too_long_is_refused() -> None:
    error = refused(dear_in_time(), Limits(budgets=RAISED, compile_time=timedelta(seconds=1)))

    assert (error.problem, error.limit) == (LoadProblem.TOO_DEAR, "compile_time")
    assert str(error) == (
        "`dear.wasm` takes more processor time to compile than the limit `compile_time` gives it, 1 s; "
        "make it smaller, or raise the limit"
    )


GROWTH = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pointsman import Host, Limits, LoadError
from test_compile import MIB, RAISED, dear_in_memory

host, content = Host(Limits(budgets=RAISED, compile_memory=128 * MIB)), dear_in_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    host.load_bytes("dear.wasm", content)
except LoadError as error:
    print(error.problem)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is told in another unit")
def test_the_hosts_own_memory_does_not_grow() -> None:
    told = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True).stdout.split()

    # Of 128 MiB that the process could have.
    assert told[0] == LoadProblem.TOO_DEAR
    assert int(told[1]) < 16


@pytest.mark.parametrize(
    ("program", "problem", "words"),
    [
        ("import os; os.kill(os.getpid(), 11)", LoadProblem.COMPILER, "the process for it was ended by SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", LoadProblem.COMPILER, "the process for it was ended by SIGKILL"),
        ("import os; os.kill(os.getpid(), 40)", LoadProblem.COMPILER, "the process for it was ended by signal 40"),
        (
            "import os, sys; print('panicked\\nat', file=sys.stderr, flush=True); os.abort()",
            LoadProblem.COMPILER,
            "the process for it was ended by SIGABRT: panicked",
        ),
        (
            "import os, sys; print('memory allocation of 8 bytes failed', file=sys.stderr, flush=True); os.abort()",
            LoadProblem.TOO_DEAR,
            "takes more memory to compile",
        ),
        ("import there.is_none", LoadProblem.COMPILER, "ended with 1 and no answer: ModuleNotFoundError: No module"),
        ("import os; os.kill(os.getpid(), 24)", LoadProblem.TOO_DEAR, "takes more processor time to compile"),
        ("", LoadProblem.COMPILER, "the process for it ended with 0 and no answer"),
        # An answer of 256 bytes, of which there are fewer.
        (
            "import os; os.write(1, b'm\\0\\1\\0\\0\\0\\0\\0\\0abc'); os._exit(3)",
            LoadProblem.COMPILER,
            "ended with 3 and no answer",
        ),
        ("import os; os.write(1, b'm\\0'); os._exit(0)", LoadProblem.COMPILER, "ended with 0 and no answer"),
    ],
)
def test_a_process_that_dies_is_an_error(program: str, problem: LoadProblem, words: str) -> None:
    error = refusal(fake(program))

    assert error.problem is problem
    assert str(error).startswith("`guest.wasm` ")
    assert words in str(error)
    assert "\n" not in str(error)


def test_a_process_that_says_nothing_is_not_waited_for() -> None:
    error = refusal(fake("import signal; signal.pause()", patience=0))

    assert (error.problem, error.limit) == (LoadProblem.TOO_DEAR, "compile_time")
    assert "than the limit `compile_time` gives it, 0 s by the clock, however busy the system is" in str(error)


def test_a_process_that_is_stopped_is_ended() -> None:
    made = fake("import signal; signal.pause()")
    made.stop()

    assert refusal(made).problem is LoadProblem.COMPILER


def test_a_process_that_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    error = refusal(Child(Limits()))

    assert error.problem is LoadProblem.COMPILER
    assert isinstance(error.__cause__, FileNotFoundError)
    assert "`Limits(compile_time=None, compile_memory=None)` compiles in the host's own process" in str(error)


class Stop(Exception):
    """What a handler raises."""


@pytest.mark.parametrize("is_before", [True, False])
def test_a_signal_ends_the_process(monkeypatch: pytest.MonkeyPatch, is_before: bool) -> None:
    """It comes while the process starts, and once that runs."""

    class Interrupting(Fake):
        program = "import os, signal; os.kill(os.getppid(), signal.SIGUSR1); signal.pause()"

        def _start(self) -> subprocess.Popen[bytes]:
            if is_before:
                self.program = "import signal; signal.pause()"
                os.kill(os.getpid(), signal.SIGUSR1)
            return super()._start()

    def stop(*_: object) -> None:
        raise Stop

    host = Host()
    before = signal.signal(signal.SIGUSR1, stop)
    try:
        monkeypatch.setattr(runtime, "child_for", Interrupting)
        with pytest.raises(Stop):
            host.load(BLUE_GREEN)
    finally:
        signal.signal(signal.SIGUSR1, before)
        monkeypatch.undo()
    assert host.load(BLUE_GREEN).describe().name == "blue-green"


def test_where_children_are_left_to_the_system() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        error = refused(dear_in_memory(), Limits(budgets=RAISED, compile_memory=128 * MIB))
    finally:
        signal.signal(signal.SIGCHLD, before)

    assert (error.problem, error.limit) == (LoadProblem.TOO_DEAR, "compile_memory")


def test_what_is_no_module_is_told() -> None:
    error = refusal(Child(Limits()))

    assert error.problem is LoadProblem.MALFORMED
    assert str(error).startswith("`guest.wasm` is not a valid component: ")


def test_nothing_of_the_hosts_surroundings_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("json", "wasmtime", "usercustomize", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a stranger')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    assert Host().load(BLUE_GREEN).describe().name == "blue-green"


def load_one() -> None:
    """For a process of its own."""
    assert Host().load(BLUE_GREEN).describe().name == "blue-green"


def test_in_a_daemon_that_multiprocessing_has_spawned() -> None:
    process = multiprocessing.get_context("spawn").Process(target=load_one, daemon=True)
    process.start()
    process.join()

    assert process.exitcode == 0
    process.close()
    # It has a process of its own that looks after resources, which ends with this one.
    multiprocessing.resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]


def test_without_limits_there_is_no_process() -> None:
    assert child_for(HERE) is None
    assert child_for(Limits(compile_time=None)) is not None
    assert child_for(Limits(compile_memory=None)) is not None
    assert Host(HERE).load(BLUE_GREEN).describe().name == "blue-green"


@pytest.mark.parametrize("executable", ["", "/usr/sbin/uwsgi"])
def test_an_embedded_interpreter_compiles_in_its_process(monkeypatch: pytest.MonkeyPatch, executable: str) -> None:
    monkeypatch.setattr(sys, "executable", executable)

    assert child_for(Limits()) is None
    assert Host().load(BLUE_GREEN).describe().name == "blue-green"


def test_a_frozen_program_and_a_zip_archive_do_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as frozen:
        frozen.setattr(sys, "frozen", True, raising=False)
        assert child_for(Limits()) is None
    for program in (tmp_path / "app.zip" / "compile_child.py", tmp_path / "compile_child.pyc", None):
        monkeypatch.setattr(child, "_PROGRAM", program)
        assert child_for(Limits()) is None


@pytest.mark.parametrize(
    ("time", "patience"),
    [
        (None, None),
        (timedelta(seconds=1), 60),
        (timedelta(seconds=30), 300),
        (timedelta.max, 86_400),
    ],
)
def test_the_clock_is_more_patient(time: timedelta | None, patience: float | None) -> None:
    assert patience_for(time) == patience


def test_the_most_that_can_be_said_is_no_limit() -> None:
    limits = Limits(compile_time=timedelta.max, compile_memory=1 << 80)

    assert Host(limits).load(BLUE_GREEN).describe().name == "blue-green"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"compile_time": timedelta(0)}, "limit `compile_time` is too small: it must be at least 1 s; None is no"),
        ({"compile_memory": 0}, "limit `compile_memory` is too small: it must be at least 128 MiB; None is no limit"),
    ],
)
def test_limits_that_nothing_could_be_compiled_under(limits: dict[str, object], message: str) -> None:
    with pytest.raises(HostError, match=message):
        Limits(**limits)  # type: ignore[arg-type]
