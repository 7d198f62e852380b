"""Row 25: a manifest that is corrupt, or of a newer version: named, never guessed at."""

import datetime as dt
import json

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import CorruptPartition, UnsupportedFormat
from market_data_assets.storage.layout import MANIFEST
from market_data_assets.storage.manifest import FORMAT
from market_data_assets_tests.storage.by_hand import NAME, PREFIX, put_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, ETH, START, frame, frames


def test_row_25_corrupt_manifest_is_an_error_for_readers_and_healed_by_a_whole_day(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    put_by_hand(lake, PREFIX + MANIFEST, b'{"format": 1}')
    for read in (lambda: lake.read(TRADES, DAY, BTC), lambda: lake.read_day(TRADES, DAY), lambda: lake.recover(TRADES, DAY)):
        with pytest.raises(CorruptPartition, match=PREFIX):
            read()
    with pytest.raises(CorruptPartition):
        lake.write_day(TRADES, frames({ETH: frame([START])}), partial=True)
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    assert lake.read(TRADES, DAY, BTC).num_rows == 1


def test_row_25_damaged_manifest_is_never_taken_for_another_day(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    whole = bytes(lake.store.get(PREFIX + MANIFEST).data)
    middle = len(whole) // 2
    for damaged in (b"", b"\0" * 80, b"<html>", b"[]", b"null", whole[:-2], whole[middle:], whole[:middle] + b"7" + whole[middle:]):
        put_by_hand(lake, PREFIX + MANIFEST, damaged)
        with pytest.raises(CorruptPartition, match=PREFIX):
            lake.read(TRADES, DAY, BTC)
    put_by_hand(lake, PREFIX + MANIFEST, whole)
    assert lake.read(TRADES, DAY, BTC).num_rows == 1


def test_row_25_manifest_of_a_newer_version_is_neither_read_nor_replaced(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    newer = json.loads(bytes(lake.store.get(PREFIX + MANIFEST).data)) | {"format": FORMAT + 1}
    put_by_hand(lake, PREFIX + MANIFEST, json.dumps(newer).encode())
    with pytest.raises(UnsupportedFormat):
        lake.read(TRADES, DAY, BTC)
    with pytest.raises(UnsupportedFormat):
        lake.write_day(TRADES, frames({ETH: frame([START])}))
    assert lake.store.head(NAME) is not None


def test_row_25_sweep_leaves_alone_what_belongs_to_an_unreadable_manifest(lake):
    put_by_hand(lake, f"_staging/{PREFIX}tx/ETH.parquet", b"perhaps committed")
    put_by_hand(lake, PREFIX + MANIFEST, b"?")
    assert lake.sweep(dt.datetime.now(dt.UTC) + dt.timedelta(hours=49)).unreadable == 1
