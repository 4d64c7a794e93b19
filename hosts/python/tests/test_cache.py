"""The folder of compiled code: found by content, and not believed where it is not what was written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pointsman import BLUE_GREEN, Host, HostError
from pointsman.runtime import compiler
from pointsman.runtime.cache import Cache
from pointsman.runtime.child import Child

KEY, OTHER = b"\1" * 32, b"\2" * 32


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A folder with one entry."""
    Cache(tmp_path).write(KEY, b"code")
    return tmp_path


def test_what_was_written_is_read(written: Path) -> None:
    assert Cache(written).read(KEY) == b"code"
    assert Cache(written).read(OTHER) is None
    Cache(written).write(KEY, b"newer")
    assert Cache(written).read(KEY) == b"newer"
    assert len(files(written)) == 1


@pytest.mark.parametrize("content", [b"", b"code", b"\0" * 40])
def test_what_is_damaged_is_not_there(written: Path, content: bytes) -> None:
    (file,) = files(written)
    whole = file.read_bytes()
    for damaged in (content, whole[:-1], whole + b"x"):
        file.write_bytes(damaged)
        assert Cache(written).read(KEY) is None
        assert files(written) == [], "it is dropped"
    Cache(written).write(KEY, b"again")
    assert Cache(written).read(KEY) == b"again"


def test_a_flipped_bit_is_a_miss(written: Path) -> None:
    (file,) = files(written)
    whole = file.read_bytes()
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        file.chmod(0o600)
        assert Cache(written).read(KEY) is None, bit


def test_an_entry_has_its_name(written: Path) -> None:
    (file,) = files(written)
    file.rename(file.with_name(OTHER.hex()))

    assert Cache(written).read(OTHER) is None


@pytest.mark.skipif(os.name != "posix", reason="others are told apart by POSIX' permissions")
def test_only_its_owner_can_write_an_entry(written: Path) -> None:
    (file,) = files(written)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700

    for mode in (0o620, 0o602):
        file.chmod(mode)
        assert Cache(written).read(KEY) is None
    file.chmod(0o644)
    assert Cache(written).read(KEY) == b"code"


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no users that are told apart so")
def test_an_entry_of_another_user_is_not_read(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file,) = files(written)
    owner = file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)

    # The system's administrator may do everything anyway.
    assert Cache(written).read(KEY) == (b"code" if owner == 0 else None)
    if owner == 0:
        os.chown(file, 1234, -1)
        assert Cache(written).read(KEY) is None


def test_what_was_not_used_for_longest_goes(tmp_path: Path) -> None:
    cache = Cache(tmp_path, most=250)
    keys = [bytes([number]) * 32 for number in range(4)]
    for age, key in enumerate(keys[:3]):
        cache.write(key, b"c" * 40)
        # They were written one after the other.
        os.utime(tmp_path / "compiled" / key.hex(), (1_000_000 + age, 1_000_000 + age))
    left_over = tmp_path / "compiled" / "tmp-of-one-who-was-killed"
    left_over.write_bytes(b"")
    assert cache.read(keys[0]) is not None

    cache.write(keys[3], b"c" * 40)

    assert [cache.read(key) is not None for key in keys] == [True, False, True, True]


def test_a_folder_that_takes_nothing_is_gone_without(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    (tmp_path / "compiled").rmdir()
    cache.write(KEY, b"code")

    assert cache.read(KEY) is None
    assert Host(cache=tmp_path).load(BLUE_GREEN).describe().name == "blue-green"


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(HostError, match=r"cache folder `.*` cannot be used: "):
            Cache(folder)


def test_what_is_kept_is_not_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Host(cache=tmp_path).load(BLUE_GREEN)
    monkeypatch.setattr(Child, "compile", None)
    monkeypatch.setattr(compiler, "_made", None)

    assert Host(cache=tmp_path).load(BLUE_GREEN).describe().name == "blue-green"


def test_code_that_wasmtime_does_not_take_is_made_anew(tmp_path: Path) -> None:
    """As of another release, which it finds by itself."""
    Host(cache=tmp_path).load(BLUE_GREEN)
    kept = files(tmp_path)
    for file in kept:
        Cache(tmp_path).write(bytes.fromhex(file.name), b"of another release")

    assert Host(cache=tmp_path).load(BLUE_GREEN).describe().name == "blue-green"
    # The process has its loader already.
    assert sum(file.stat().st_size > 1000 for file in files(tmp_path)) >= 2
    assert files(tmp_path) == kept
