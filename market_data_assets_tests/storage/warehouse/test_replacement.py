import os
import signal
import subprocess
import sys
import threading

import pytest

from market_data_assets.storage.warehouse.replacement import replace_file


def test_new_content_takes_the_place_of_the_old(tmp_path):
    final = tmp_path / "day"
    assert replace_file(final, lambda draft: draft.write(b"old")) == (3, True)
    assert replace_file(final, lambda draft: draft.write(b"newer")) == (5, True)
    assert final.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [final]


def test_identical_content_leaves_the_file_alone(tmp_path):
    final = tmp_path / "day"
    replace_file(final, lambda draft: draft.write(b"same"))
    before = final.stat()
    assert replace_file(final, lambda draft: draft.write(b"same"))[1] is False
    assert (final.stat().st_ino, final.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list(tmp_path.iterdir()) == [final]


def test_failed_write_leaves_the_old_content_and_no_draft(tmp_path):
    final = tmp_path / "day"
    final.write_bytes(b"old")

    def fail(draft):
        draft.write(b"half of it")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        replace_file(final, fail)
    assert final.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [final]


_KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
from market_data_assets.storage.warehouse.replacement import replace_file

def write(draft):
    draft.write(b"a long half of it")
    draft.flush()
    os.kill(os.getpid(), signal.SIGKILL)

replace_file(Path(sys.argv[1]), write)
"""


def test_killed_writer_leaves_the_old_content_and_the_next_writer_succeeds(tmp_path):
    final = tmp_path / "day"
    final.write_bytes(b"old")
    killed = subprocess.run([sys.executable, "-c", _KILLED_WRITER, str(final)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert final.read_bytes() == b"old"
    replace_file(final, lambda draft: draft.write(b"new"))
    assert final.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [final]


def test_writers_at_once_follow_each_other(tmp_path):
    final = tmp_path / "day"
    contents = [bytes([letter]) * 200_000 for letter in b"abcdefgh"]

    def write_all(own):
        for _ in range(10):
            replace_file(final, lambda draft: [draft.write(own[:100_000]), draft.write(own[100_000:])])
            assert final.read_bytes() in contents

    threads = [threading.Thread(target=write_all, args=[content]) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert final.read_bytes() in contents
    assert os.listdir(tmp_path) == ["day"]  # noqa: PTH208
