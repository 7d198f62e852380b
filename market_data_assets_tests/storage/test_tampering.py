"""Objects and manifests changed by hand, orphans, and days of another version: named, never guessed at, healed."""

import datetime as dt
import json

import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.errors import (
    CorruptPartition,
    UnsupportedFormat,
)
from market_data_assets.storage.layout import MANIFEST, SUCCESS, partition_prefix
from market_data_assets.storage.manifest import FORMAT
from market_data_assets_tests.storage.by_hand import NAME, PREFIX, names, put_by_hand, remove_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, ETH, START, frame, frames


@pytest.mark.parametrize("harm", ["changed", "deleted", "truncated"])
def test_object_harmed_by_hand_is_corrupt_and_healed_by_a_re_run(lake, harm):
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}))
    data = bytes(lake.store.get(NAME).data)
    if harm == "deleted":
        remove_by_hand(lake, NAME)
    else:
        put_by_hand(lake, NAME, data[:-9] if harm == "truncated" else data[:50] + b"\0" + data[51:])
    with pytest.raises(CorruptPartition, match=r"BTC-USDT.parquet.*materialize it again"):
        lake.read(TRADES, DAY, BTC)
    assert lake.read(TRADES, DAY, ETH).num_rows == 1
    assert lake.recover(TRADES, DAY).damaged == [NAME]
    assert lake.write_day(TRADES, frames({ETH: frame([START])}), partial=True).status == "noop"
    assert lake.write_day(TRADES, frames({BTC: frame([START])}), partial=True).version == 2
    assert lake.read(TRADES, DAY, BTC).num_rows == 1
    assert lake.recover(TRADES, DAY).damaged == []


def test_object_put_by_hand_is_removed_by_recovery(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    put_by_hand(lake, PREFIX + "FOREIGN.parquet", b"?")
    lake.recover(TRADES, DAY)
    assert names(lake) == [NAME, PREFIX + SUCCESS, PREFIX + MANIFEST]


def test_folders_below_a_partition_belong_to_others(lake):
    table = pa.Table.from_pylist([], INSTRUMENTS.schema)
    put_by_hand(lake, f"{partition_prefix(INSTRUMENTS, DAY)}other/object", b"!")
    lake.write_table(INSTRUMENTS, DAY, TableFrame(table))
    assert f"{partition_prefix(INSTRUMENTS, DAY)}other/object" in names(lake)


def test_corrupt_manifest_is_an_error_for_readers_and_healed_by_a_whole_day(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    put_by_hand(lake, PREFIX + MANIFEST, b'{"format": 1}')
    for read in (lambda: lake.read(TRADES, DAY, BTC), lambda: lake.read_day(TRADES, DAY), lambda: lake.recover(TRADES, DAY)):
        with pytest.raises(CorruptPartition, match=PREFIX):
            read()
    with pytest.raises(CorruptPartition):
        lake.write_day(TRADES, frames({ETH: frame([START])}), partial=True)
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    assert lake.read(TRADES, DAY, BTC).num_rows == 1


def test_manifest_of_a_newer_version_is_neither_read_nor_replaced(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    newer = json.loads(bytes(lake.store.get(PREFIX + MANIFEST).data)) | {"format": FORMAT + 1}
    put_by_hand(lake, PREFIX + MANIFEST, json.dumps(newer).encode())
    with pytest.raises(UnsupportedFormat):
        lake.read(TRADES, DAY, BTC)
    with pytest.raises(UnsupportedFormat):
        lake.write_day(TRADES, frames({ETH: frame([START])}))


def test_sweep_takes_old_unnamed_files_only(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    put_by_hand(lake, f"_staging/{PREFIX}lost/ETH.parquet", b"lost")
    now = dt.datetime.now(dt.UTC)
    young = lake.sweep(now + dt.timedelta(hours=47))
    assert (young.deleted, young.kept) == (0, 1)
    old = lake.sweep(now + dt.timedelta(hours=49))
    assert (old.deleted, old.kept) == (1, 0)
    assert lake.read(TRADES, DAY, BTC).num_rows == 1


def test_sweep_leaves_alone_what_belongs_to_an_unreadable_manifest(lake):
    put_by_hand(lake, f"_staging/{PREFIX}tx/ETH.parquet", b"perhaps committed")
    put_by_hand(lake, PREFIX + MANIFEST, b"?")
    assert lake.sweep(dt.datetime.now(dt.UTC) + dt.timedelta(hours=49)).unreadable == 1
