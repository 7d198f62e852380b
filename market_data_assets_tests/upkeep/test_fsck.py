"""Every kind of damage that can be planted is found, and nothing else is."""

import datetime as dt
import json

import pytest

from market_data_assets.domain.schemas import INSTRUMENTS, OPTIONS_CHAIN, TRADES
from market_data_assets.errors import CorruptPartition
from market_data_assets.storage.layout import MANIFEST, QUARANTINE, SUCCESS, object_name, partition_prefix, staging_prefix
from market_data_assets.storage.manifest import FORMAT
from market_data_assets.storage.partition import Partition
from market_data_assets.upkeep.findings import Kind, Severity
from market_data_assets.upkeep.scope import Scope
from market_data_assets_tests.storage.by_hand import NAME, PREFIX, names, put_by_hand, remove_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, ETH, NEXT, START, frame, frames
from market_data_assets_tests.upkeep.lakes import CANDLES_1M, LATER, check, damage, kinds, only, write_candles, write_trades


def test_sound_lake_is_clean_and_is_not_changed(lake, tmp_path):
    before = [(each.name, each.generation) for each in lake.store.list("")]
    report = check(lake, tmp_path, deep=True, repair=True, sweep=True)
    assert (report.findings, report.partitions, report.repaired, report.swept) == ([], 4, [], 0)
    assert [(each.name, each.generation) for each in lake.store.list("")] == before


def test_harm_to_a_kept_lake_is_found_and_healed(kept_lake, tmp_path):
    lake = kept_lake
    assert check(lake, tmp_path, deep=True).findings == []
    remove_by_hand(lake, NAME)
    damage(lake, object_name(CANDLES_1M, DAY, BTC))
    remove_by_hand(lake, PREFIX + SUCCESS)
    put_by_hand(lake, staging_prefix(PREFIX, "lost") + "a", b"?")
    assert kinds(check(lake, tmp_path)) == [Kind.FILE_MISSING, Kind.FILE_CHANGED, Kind.NOT_PUBLISHED, Kind.STAGED]
    write_trades(lake)
    write_candles(lake, DAY)
    report = check(lake, tmp_path, deep=True, sweep=True, now=LATER)
    assert (report.findings, report.swept) == ([], 1)


def test_missing_file_is_found_with_the_command_that_heals_it(lake, tmp_path):
    remove_by_hand(lake, NAME)
    found = only(check(lake, tmp_path))
    assert (found.kind, found.dataset, found.day, found.instrument) == (Kind.FILE_MISSING, str(TRADES), DAY, str(BTC))
    assert found.where == lake.store.url(NAME)
    assert found.remedy == f"market-data run --from {DAY} --instruments {BTC}"
    write_trades(lake)
    assert check(lake, tmp_path, deep=True).findings == []


def test_changed_file_is_found_by_its_checksum_and_never_deleted(lake, tmp_path):
    damage(lake, NAME)
    report = check(lake, tmp_path, repair=True, sweep=True, now=LATER)
    assert kinds(report) == [Kind.FILE_CHANGED]
    assert NAME in names(lake)
    assert not report.is_clean


def test_damaged_shard_is_one_finding_for_all_its_instruments(lake, tmp_path):
    [shard] = [name for name in names(lake) if name.startswith(partition_prefix(OPTIONS_CHAIN, DAY)) and name.endswith(".parquet")]
    damage(lake, shard)
    found = only(check(lake, tmp_path))
    assert (found.kind, found.instrument, found.remedy) == (Kind.FILE_CHANGED, None, f"market-data run --from {DAY}")


def test_rows_set_aside_are_checked_too(lake, tmp_path):
    [aside] = [name for name in names(lake) if name.startswith(QUARANTINE)]
    remove_by_hand(lake, aside)
    assert kinds(check(lake, tmp_path)) == [Kind.FILE_MISSING]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", Kind.MANIFEST_UNREADABLE),
        (b"\x00", Kind.MANIFEST_UNREADABLE),
        (f'{{"format": {FORMAT + 1}}}'.encode(), Kind.MANIFEST_TOO_NEW),
    ],
)
def test_manifest_that_cannot_be_read_is_the_one_finding_of_its_day(lake, tmp_path, body, kind):
    put_by_hand(lake, PREFIX + MANIFEST, body)
    assert kinds(check(lake, tmp_path, repair=True, deep=True)) == [kind]


def test_removed_manifest_makes_its_files_a_finding(lake, tmp_path):
    remove_by_hand(lake, PREFIX + MANIFEST)
    found = only(check(lake, tmp_path, repair=True))
    assert found.kind is Kind.MANIFEST_MISSING
    assert "the day reads as never stored" in found.found


def test_object_that_no_manifest_names_is_reported_and_left_alone(lake, tmp_path):
    strange = [PREFIX + "FOREIGN.parquet", QUARANTINE + PREFIX + "FOREIGN.parquet", "raw_tick_data/by_date/day-2024-08-08/data_type-x/a"]
    for name in strange:
        put_by_hand(lake, name, b"?")
    report = check(lake, tmp_path, repair=True, sweep=True, now=LATER)
    assert kinds(report) == [Kind.UNNAMED_OBJECT] * 3
    assert {each.where for each in report.findings} == {lake.store.url(name) for name in strange}
    assert set(strange) <= set(names(lake))


def killed_before_publishing(lake):
    """A commit of which nothing was published, as a writer leaves it that is killed right after its manifest."""
    partition = Partition(lake.store, PREFIX)
    lake.write_day(TRADES, frames({ETH: frame([START, START + 5])}))
    manifest = partition.current().manifest
    for name, entry in manifest.objects():
        lake.store.move(name, entry.staged, if_generation=0)
    put_by_hand(lake, NAME, b"of the version before")
    remove_by_hand(lake, PREFIX + SUCCESS)
    return manifest


def test_commit_that_was_not_published_is_one_finding_and_repaired(lake, tmp_path):
    manifest = killed_before_publishing(lake)
    found = only(check(lake, tmp_path))
    assert found.kind is Kind.NOT_PUBLISHED
    assert found.found == "1 file(s) still staged, 1 object(s) that the manifest does not name, no _SUCCESS of this commit"
    assert lake.read(TRADES, DAY, ETH).num_rows == 2
    report = check(lake, tmp_path, repair=True)
    assert (report.findings, report.repaired) == ([], [PREFIX])
    assert lake.manifest(TRADES, DAY) == manifest
    assert NAME not in names(lake)


@pytest.mark.parametrize("harm", ["missing", "another transaction"])
def test_success_of_no_or_another_commit_is_repaired(lake, tmp_path, harm):
    if harm == "missing":
        remove_by_hand(lake, PREFIX + SUCCESS)
    else:
        put_by_hand(lake, PREFIX + SUCCESS, b"another\n")
    assert kinds(check(lake, tmp_path)) == [Kind.NOT_PUBLISHED]
    assert check(lake, tmp_path, repair=True).findings == []


def test_repair_of_a_damaged_day_publishes_what_it_can_and_reports_the_rest(lake, tmp_path):
    remove_by_hand(lake, NAME)
    remove_by_hand(lake, PREFIX + SUCCESS)
    assert kinds(check(lake, tmp_path, repair=True)) == [Kind.FILE_MISSING, Kind.NOT_PUBLISHED]
    with pytest.raises(CorruptPartition):
        lake.read(TRADES, DAY, BTC)


def test_staged_copy_of_a_published_file_is_found_and_repaired(lake, tmp_path):
    entry = lake.manifest(TRADES, DAY).content.file_of(str(BTC))
    put_by_hand(lake, entry.staged, bytes(lake.store.get(NAME).data))
    assert kinds(check(lake, tmp_path)) == [Kind.NOT_PUBLISHED]
    report = check(lake, tmp_path, repair=True)
    assert (report.findings, report.repaired) == ([], [PREFIX])
    assert check(lake, tmp_path, deep=True).findings == []


def test_scope_leaves_out_other_datasets_and_days(lake, tmp_path):
    remove_by_hand(lake, NAME)
    remove_by_hand(lake, object_name(CANDLES_1M, DAY, BTC))
    put_by_hand(lake, staging_prefix(PREFIX, "lost") + "a", b"?")
    assert [each.dataset for each in check(lake, tmp_path, Scope.parse(None, None, ["candles_1m"])).findings] == [str(CANDLES_1M)]
    assert check(lake, tmp_path, Scope.parse(None, None, ["instruments"])).findings == []
    assert check(lake, tmp_path, Scope(first=NEXT)).findings == []
    assert len(check(lake, tmp_path, Scope(last=DAY)).findings) == 3
    assert check(lake, tmp_path, Scope((INSTRUMENTS,))).partitions == 1


def test_findings_are_worst_first(lake, tmp_path):
    put_by_hand(lake, staging_prefix(PREFIX, "lost") + "a", b"?")
    put_by_hand(lake, PREFIX + "FOREIGN.parquet", b"?")
    remove_by_hand(lake, object_name(CANDLES_1M, DAY, BTC))
    remove_by_hand(lake, partition_prefix(OPTIONS_CHAIN, DAY) + SUCCESS)
    severities = [each.severity for each in check(lake, tmp_path).findings]
    assert severities == [Severity.DAMAGE, Severity.UNFINISHED, Severity.LEFTOVER, Severity.NOTE]


def test_writer_at_work_is_no_damage(lake, tmp_path, monkeypatch):
    """The day is replaced right after it was listed; it is looked at again."""
    current, replaced = Partition.current, []

    def replacing(partition):
        found = current(partition)
        if partition.prefix == PREFIX and not replaced:
            replaced.append(True)
            lake.write_day(TRADES, frames({ETH: frame([START + 9])}))
        return found

    monkeypatch.setattr(Partition, "current", replacing)
    assert check(lake, tmp_path).findings == []
    assert replaced


def test_findings_are_json(lake, tmp_path):
    remove_by_hand(lake, NAME)
    body = json.loads(json.dumps(only(check(lake, tmp_path)).as_json()))
    assert body["kind"] == "file_missing"
    assert dt.date.fromisoformat(body["day"]) == DAY
