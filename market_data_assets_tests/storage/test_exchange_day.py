"""The exchange's day out of the vendor's days."""

import datetime as dt
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.datasets import DailyFrames, Finality, TableFrame
from market_data_assets.domain.days import day_end
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import NotListed, PartitionIncomplete, PartitionMissing, Retryable, SchemaDrift, Unusable
from market_data_assets.storage.exchange_day import merge_in_time
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.storage.days import BTC, DAY, ETH, NEXT, SOL, START, frame, frames, ids_of, trades
from market_data_assets_tests.storage.options import CALL, PUT, SHARD

END = day_end(DAY)
BEFORE = DAY - dt.timedelta(days=1)


@pytest.fixture
def lake() -> Lake:
    return Lake(MemoryStore())


def numbered(times: list[int], first_id: int) -> TableFrame:
    return TableFrame(trades(times, first_id=first_id))


def test_rows_come_from_the_day_and_its_neighbours_in_order_of_time(lake):
    lake.write_day(TRADES, frames({BTC: numbered([START - 9, START + 1, START + 4], 10)}, BEFORE))
    lake.write_day(TRADES, frames({BTC: numbered([START - 2, START, START + 1, START + 3, END - 5, END - 1, END + 2], 20)}))
    lake.write_day(TRADES, frames({BTC: numbered([END - 7, END - 1, END, END + 9], 30)}, NEXT))
    found = lake.read_exchange_day(TRADES, DAY)[BTC]
    table = found.read()
    assert table.column("timestamp").cast(pa.int64()).to_pylist() == [
        START, START + 1, START + 1, START + 3, START + 4, END - 7, END - 5, END - 1, END - 1,
    ]  # fmt: skip
    assert ids_of(table) == [21, 11, 22, 23, 12, 30, 24, 25, 31]
    assert ids_of(found.read(["id"])) == ids_of(table)
    assert pa.Table.from_batches(found.batches()).equals(table)


def test_day_without_neighbours_is_streamed_from_its_own_file(lake):
    lake.write_day(TRADES, frames({BTC: frame([START - 1, START, END - 1, END])}))
    found = lake.read_exchange_day(TRADES, DAY)
    assert ids_of(found[BTC].read()) == [1, 2]
    assert ids_of(pa.Table.from_batches(found[BTC].batches())) == [1, 2]
    assert found.finality is Finality.PROVISIONAL


def test_day_is_final_once_the_next_is_stored(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    lake.write_day(TRADES, frames({ETH: frame([END])}, NEXT))
    found = lake.read_exchange_day(TRADES, DAY)
    assert found.finality is Finality.FINAL
    assert list(found) == [BTC]
    assert found.inputs == {
        "raw_tick_data/trades/2024-08-08": lake.manifest(TRADES, DAY).content.content_hash,
        "raw_tick_data/trades/2024-08-09": lake.manifest(TRADES, NEXT).content.content_hash,
    }


def test_late_rows_of_the_days_beside_it_do_not_stand_for_a_day_that_another_feed_has(lake):
    lake.write_day(TRADES, frames({BTC: NotListed("no file"), ETH: frame([START])}))
    lake.write_day(TRADES, frames({each: frame([END - 1]) for each in (BTC, ETH, SOL)}, NEXT))
    fringed, other = lake.read_exchange_day(TRADES, DAY), frames({each: frame([START] * 3) for each in (BTC, ETH)})
    assert fringed.fringe == {BTC, SOL}
    for found in (fringed.or_else(other), fringed.or_else(replace(other, fringe=frozenset({ETH})))):
        assert [found[each].read(["timestamp"]).num_rows for each in (BTC, ETH, SOL)] == [3, 2, 1]
        assert found.fringe == {SOL}


@pytest.mark.parametrize("own", [NotListed("no file"), SchemaDrift("html"), Retryable("reset"), frame([START]), None])
def test_shard_has_the_rows_of_the_contracts_that_the_exchange_day_has(lake, own):
    with suppress(PartitionIncomplete):
        lake.write_day(TRADES, frames({} if own is None else {CALL: own}))
    with suppress(PartitionIncomplete):
        lake.write_day(TRADES, frames({CALL: Retryable("reset")}, BEFORE))
    lake.write_day(TRADES, frames({CALL: frame([END - 1, END]), PUT: frame([END - 2])}, NEXT))
    day, rows = lake.read_exchange_day(TRADES, DAY), {}
    for contract in day:
        with suppress(Retryable, Unusable):
            rows[str(contract)] = day[contract].read(["timestamp"]).num_rows
    names = lake.read_exchange_shard(TRADES, DAY, SHARD)["instrument_id"].to_pylist()
    assert Counter(names) == rows


def test_shard_that_the_day_lacks_is_as_its_contracts_are(lake):
    lake.write_day(TRADES, frames({CALL: SchemaDrift("html")}))
    lake.write_day(TRADES, frames({CALL: frame([END - 1])}, NEXT))
    with pytest.raises(Unusable, match="schema_drift"):
        lake.read_exchange_shard(TRADES, DAY, SHARD)


def test_day_stays_provisional_while_the_next_has_failures(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    with pytest.raises(PartitionIncomplete):
        lake.write_day(TRADES, frames({BTC: Retryable("reset")}, NEXT))
    assert lake.read_exchange_day(TRADES, DAY).finality is Finality.PROVISIONAL


def test_instrument_with_rows_in_the_next_file_only_is_there(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}, absent={ETH: "not_available_yet", SOL: "not_listed"}))
    lake.write_day(TRADES, frames({ETH: frame([END - 1, END])}, NEXT))
    found = lake.read_exchange_day(TRADES, DAY)
    assert list(found) == [BTC, ETH]
    assert found[ETH].read().num_rows == 1
    assert found.absent == {SOL: "not_listed"}


def test_instrument_whose_own_file_failed_stays_failed(lake):
    with pytest.raises(PartitionIncomplete):
        lake.write_day(TRADES, frames({BTC: Retryable("reset")}))
    lake.write_day(TRADES, frames({BTC: frame([END - 1, END])}, NEXT))
    with pytest.raises(Retryable, match="failed when the day was made"):
        lake.read_exchange_day(TRADES, DAY)[BTC]


def test_day_without_a_raw_day_is_missing(lake):
    lake.write_day(TRADES, frames({BTC: frame([END - 1])}, NEXT))
    with pytest.raises(PartitionMissing):
        lake.read_exchange_day(TRADES, DAY)


def test_ids_that_are_text_in_one_file_are_text_in_all(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    lake.write_day(TRADES, DailyFrames(NEXT, {BTC: lambda: TableFrame(trades([END - 1], ids=["x"]))}))
    assert ids_of(lake.read_exchange_day(TRADES, DAY)[BTC].read()) == ["0", "x"]


times = st.lists(st.integers(0, 8), max_size=12).map(sorted)


@given(times, times)
def test_merging_is_a_stable_sort(first, second):
    merged = merge_in_time(trades(first), trades(second, first_id=100))
    expected = sorted([*zip(first, range(100), strict=False), *zip(second, range(100, 200), strict=False)], key=lambda row: row[0])
    assert list(zip(merged.column("timestamp").cast(pa.int64()).to_pylist(), ids_of(merged), strict=True)) == expected
