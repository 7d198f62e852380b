"""What only a local disk does: refuse, lose its process, let people edit files, and run its clock backwards."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from market_data_assets.errors import StorageFailed
from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.stores.local import LocalStore

NOBODY = 65_534


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The kernel refuses to let any file grow beyond ``size``, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_disk_that_takes_no_more_is_named_and_leaves_everything_as_it_was(tmp_path):
    store = LocalStore(tmp_path)
    generation = store.put("a", b"old", if_generation=0)
    with files_no_larger_than(1_000_000), pytest.raises(StorageFailed, match=r"put file://.*/a: the file is larger"):
        store.put("a", b"x" * 2_000_000, if_generation=generation)
    assert bytes(store.get("a").data) == b"old"
    assert files_below(tmp_path) == [".lock", "a"]


def test_folder_without_permission_is_named(tmp_path_factory):
    """In a process without privileges: for root nothing is read-only."""
    folder = tmp_path_factory.mktemp("locked")
    LocalStore(folder).put("a", b"old", if_generation=0)
    above = [parent for parent in folder.parents if parent.name.startswith(("pytest-", "popen-"))]
    for each in (folder, folder / ".tmp", *above):
        each.chmod(0o755)
    script = f"""
import os
from pathlib import Path
from market_data_assets.errors import StorageFailed
from market_data_assets.storage.stores.local import LocalStore
if os.geteuid() == 0:
    os.setuid({NOBODY})
else:
    Path({str(folder)!r}).chmod(0o555), Path({str(folder / ".lock")!r}).chmod(0o444)
store = LocalStore(Path({str(folder)!r}))
assert bytes(store.get("a").data) == b"old"
try:
    store.put("a", b"new", if_generation=store.head("a").generation)
except StorageFailed as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert f"put file://{folder}/a: no permission" in said.stdout
    folder.chmod(0o755)
    assert bytes(LocalStore(folder).get("a").data) == b"old"


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    LocalStore(tmp_path).put("a", b"1", if_generation=0)
    script = f"""
import os, signal
from pathlib import Path
from market_data_assets.storage.stores.local import LocalStore
store = LocalStore(Path({str(tmp_path)!r}))
with store._temporary.file() as temporary:
    temporary.write(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert len(list((tmp_path / ".tmp").iterdir())) == 1
    assert [listed.name for listed in LocalStore(tmp_path).list("")] == ["a"]
    LocalStore(tmp_path).put("b", b"2", if_generation=0)
    assert list((tmp_path / ".tmp").iterdir()) == []


def test_what_a_living_writer_holds_is_left_alone(tmp_path):
    store = LocalStore(tmp_path)
    with store._temporary.file() as temporary:
        temporary.write(b"still writing")
        LocalStore(tmp_path).put("b", b"2", if_generation=0)
        assert temporary.path.exists()


def test_edit_by_hand_changes_generation_and_checksum(tmp_path):
    store = LocalStore(tmp_path)
    before = store.put("a", b"old", if_generation=0)
    (tmp_path / "a").write_bytes(b"new")
    assert store.head("a").generation != before
    assert store.head("a").crc32c == crc32c(b"new")


def test_edit_that_restores_the_time_is_noticed_too(tmp_path):
    store = LocalStore(tmp_path)
    before = store.put("a", b"old", if_generation=0)
    (tmp_path / "a").write_bytes(b"new")
    os.utime(tmp_path / "a", ns=(before, before))
    assert store.head("a").crc32c == crc32c(b"new")


def test_checksum_is_computed_once_per_version(tmp_path):
    LocalStore(tmp_path).put("a", b"x" * 100_000, if_generation=0)
    store = LocalStore(tmp_path)
    store.head("a")
    assert len(store._checksums) == 1
    store.head("a")
    assert len(store._checksums) == 1


def test_clock_that_jumps_back_does_not_disorder_generations(tmp_path, monkeypatch):
    store = LocalStore(tmp_path)
    generations = [store.put("a", b"0", if_generation=0)]
    for now in (10**18, 10**9, 5, 10**18):
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        generations.append(store.put("a", b"1", if_generation=generations[-1]))
    store.delete("a", if_generation=generations[-1])
    generations.append(store.put("a", b"2", if_generation=0))
    assert generations == sorted(set(generations))


def test_hidden_and_impossible_files_are_not_objects(tmp_path):
    store = LocalStore(tmp_path)
    store.put("a", b"", if_generation=0)
    (tmp_path / ".DS_Store").write_bytes(b"")
    (tmp_path / "back\\slash").write_bytes(b"")
    (tmp_path / "empty" / "folder").mkdir(parents=True)
    assert [listed.name for listed in store.list("")] == ["a"]
    assert [listed.name for listed in store.list("", folders=True)] == ["a"]
