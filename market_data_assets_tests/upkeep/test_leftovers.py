"""What killed runs left in staging, under _probe/ and in the temporary folder of the machine."""

import os

import pytest

from market_data_assets.storage.layout import MANIFEST, STAGING, staging_prefix
from market_data_assets.upkeep.findings import Kind
from market_data_assets_tests.storage.by_hand import PREFIX, names, put_by_hand
from market_data_assets_tests.upkeep.lakes import LATER, NOW, check, kinds, only

LOST = staging_prefix(PREFIX, "lost") + "a.parquet"


def test_staged_files_of_a_run_that_may_be_at_work_are_only_noted(lake, tmp_path):
    put_by_hand(lake, LOST, b"12")
    put_by_hand(lake, staging_prefix(PREFIX, "lost") + "b.parquet", b"3")
    report = check(lake, tmp_path, sweep=True)
    assert (only(report).kind, report.is_clean, report.swept) == (Kind.STAGED, True, 0)
    assert only(report).found.startswith("2 object(s), 3 bytes")


def test_old_staged_files_are_leftovers_that_the_sweep_deletes(lake, tmp_path):
    put_by_hand(lake, LOST, b"?")
    report = check(lake, tmp_path, now=LATER)
    assert (only(report).kind, only(report).dataset, report.is_clean) == (Kind.STAGED_LEFTOVER, "raw_tick_data/trades", False)
    swept = check(lake, tmp_path, now=LATER, sweep=True)
    assert (swept.findings, swept.swept) == ([], 1)
    assert LOST not in names(lake)


def test_staged_files_of_an_unreadable_day_are_kept(lake, tmp_path):
    put_by_hand(lake, LOST, b"perhaps all that is left")
    put_by_hand(lake, PREFIX + MANIFEST, b"?")
    assert kinds(check(lake, tmp_path, now=LATER, sweep=True)) == [Kind.MANIFEST_UNREADABLE]
    assert LOST in names(lake)


def test_staged_object_of_no_partition_is_not_ours_to_delete(lake, tmp_path):
    put_by_hand(lake, f"{STAGING}stray", b"?")
    assert kinds(check(lake, tmp_path, now=LATER, sweep=True)) == [Kind.UNNAMED_OBJECT]


def test_probes_are_swept_when_they_are_old(lake, tmp_path):
    put_by_hand(lake, "_probe/abc/large", b"?")
    assert kinds(check(lake, tmp_path, sweep=True)) == [Kind.STAGED]
    assert kinds(check(lake, tmp_path, now=LATER)) == [Kind.PROBE_LEFTOVER]
    assert check(lake, tmp_path, now=LATER, sweep=True).swept == 1
    assert "_probe/abc/large" not in names(lake)


@pytest.fixture
def scratch(tmp_path):
    """Folders as the temporary folder of a machine has them; those that are not ours hold other files or have other names."""
    folder = tmp_path / "scratch"
    for name, file in (
        ("lake-abcdefgh", "x.parquet"),
        ("fan-out-12345678", "0.1.arrow"),
        ("lake-photos00", "x.jpg"),
        ("lake-long-name", "a"),
    ):
        (folder / name / "inner").mkdir(parents=True)
        (folder / name / "inner" / file).write_bytes(b"123")
    return folder


def test_scratch_folders_of_killed_runs_are_swept_when_nothing_was_written_for_48_hours(lake, tmp_path, scratch):
    assert kinds(check(lake, tmp_path, sweep=True)) == [Kind.SCRATCH] * 2
    old = NOW.timestamp() - 49 * 3600
    for path in [*(scratch / "lake-abcdefgh").rglob("*"), scratch / "lake-abcdefgh"]:
        os.utime(path, (old, old))
    report = check(lake, tmp_path)
    assert kinds(report) == [Kind.SCRATCH_LEFTOVER, Kind.SCRATCH]
    assert report.findings[0].found == "1 file(s), 3 bytes, 49 h old"
    assert check(lake, tmp_path, sweep=True).swept == 1
    assert sorted(path.name for path in scratch.iterdir()) == ["fan-out-12345678", "lake-long-name", "lake-photos00"]


def test_scratch_folders_of_another_user_and_links_are_left_out(lake, tmp_path, scratch, monkeypatch):
    (scratch / "view-abcdefgh").symlink_to(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert check(lake, tmp_path, now=LATER, sweep=True).findings == []
    assert (scratch / "lake-abcdefgh").is_dir()
