"""Options in the lake: one file per underlying, each contract found in it, alone and with the others."""

import io

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from market_data_assets.domain.datasets import Dataset, TableFrame
from market_data_assets.domain.days import DAY_MICROSECONDS, TimeRange
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.errors import (
    CorruptPartition,
    NotListed,
    PartitionIncomplete,
    QueryError,
    Retryable,
    SchemaDrift,
    UnknownInstrument,
    UnsafeName,
    Unusable,
)
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import MANIFEST, SUCCESS, shard_object_name
from market_data_assets.storage.stored_frames import Replaced
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.faults.stores import RemoteStore
from market_data_assets_tests.storage.by_hand import PREFIX, names, put_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, NEXT, START, frame, frames, ids_of, trades
from market_data_assets_tests.storage.options import CALL, OPTIONS, OTHER_UNDERLYING, PUT, SHARD

FILE = f"{PREFIX}{SHARD}.parquet"
MIDDLE = OPTIONS[1]
SMALL_GROUPS = Dataset(TRADES.tier, TRADES.name, "", TRADES.columns, partition=TRADES.partition, row_group_rows=3)


def stored(lake: Lake, name: str = FILE) -> pq.ParquetFile:
    return pq.ParquetFile(io.BytesIO(bytes(lake.store.get(name).data)))


def times(lake: Lake, instrument, dataset: Dataset = TRADES) -> list[int]:
    return lake.read(dataset, DAY, instrument)["timestamp"].cast(pa.int64()).to_pylist()


def test_contracts_of_an_underlying_lie_in_one_file_sorted_with_their_names(lake):
    days = {PUT: frame([START + 2]), CALL: frame([START, START + 9]), BTC: frame([START]), OTHER_UNDERLYING: frame([START + 5])}
    commit = lake.write_day(TRADES, frames(days))
    own, other = f"{PREFIX}{BTC}.parquet", shard_object_name(TRADES, DAY, "DERIBIT:OPTION:BTC-USDC")
    assert names(lake) == sorted([FILE, other, own, PREFIX + SUCCESS, PREFIX + MANIFEST])
    assert stored(lake).read()["instrument_id"].to_pylist() == [str(CALL), str(CALL), str(PUT)]
    assert (commit.rows, commit.instruments) == (5, 4)
    assert commit.bytes == sum(lake.store.head(name).size for name in (FILE, other, own))
    assert lake.instruments(TRADES, DAY) == sorted(days)
    assert lake.shards(TRADES, DAY) == [SHARD, "DERIBIT:OPTION:BTC-USDC"]
    for instrument, written in days.items():
        assert lake.read(TRADES, DAY, instrument).equals(written.table)
        assert lake.read_day(TRADES, DAY)[instrument].read().equals(written.table)
        assert pa.Table.from_batches(lake.read_day(TRADES, DAY)[instrument].batches()).equals(written.table)


def test_any_parquet_tool_reads_the_file_by_its_documented_name(tmp_path):
    lake = Lake(MemoryStore())
    lake.write_day(TRADES, frames({CALL: frame([START, START + 9]), PUT: frame([START + 2])}))
    path = tmp_path / "shard.parquet"
    path.write_bytes(bytes(lake.store.get(FILE).data))
    expected = [(str(CALL), 1.0), (str(CALL), 2.0), (str(PUT), 1.0)]
    assert pl.read_parquet(path).select(pl.col("instrument_id").cast(pl.String), "price").rows() == expected
    found = duckdb.sql(f"select instrument_id, price from '{path}' where instrument_id = '{CALL}'").fetchall()
    assert found == expected[:2]


def test_every_contract_begins_a_row_group_and_may_have_several(lake):
    days = {CALL: frame(range(START, START + 7)), MIDDLE: frame([]), PUT: frame([START])}
    lake.write_day(SMALL_GROUPS, frames(days))
    metadata = stored(lake).metadata
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [3, 3, 1, 1]
    entries = lake.manifest(SMALL_GROUPS, DAY).content.files
    assert [(entry.part.first_row_group, entry.row_groups, entry.rows) for entry in entries] == [(0, 3, 7), (3, 0, 0), (3, 1, 1)]
    span = TimeRange(START + 2, START + 4)
    assert ids_of(lake.read(SMALL_GROUPS, DAY, CALL, time_range=span)) == [2, 3]
    assert lake.read(SMALL_GROUPS, DAY, MIDDLE).equals(trades([]))
    assert [len(batch) for batch in lake.read_day(SMALL_GROUPS, DAY)[CALL].batches()] == [3, 3, 1]
    assert lake.read_shard(SMALL_GROUPS, DAY, SHARD, ["id"], span).to_pydict() == {"instrument_id": [str(CALL)] * 2, "id": [2, 3]}


def test_shard_without_any_row_is_stored_without_rows(lake):
    lake.write_day(TRADES, frames({CALL: frame([]), PUT: frame([])}))
    assert lake.instruments(TRADES, DAY) == [CALL, PUT]
    assert lake.read(TRADES, DAY, PUT).equals(trades([]))
    assert lake.read_shard(TRADES, DAY, SHARD).num_rows == 0
    assert lake.recover(TRADES, DAY).damaged == []


def test_second_run_changes_nothing_and_a_part_of_it_neither(lake):
    days = {CALL: frame([START]), MIDDLE: frame([]), PUT: frame([START + 2])}
    lake.write_day(TRADES, frames(days))
    before = [(listed.name, listed.generation) for listed in lake.store.list("")]
    assert lake.write_day(TRADES, frames(days)).status == "noop"
    assert lake.write_day(TRADES, frames({CALL: days[CALL]}), partial=True).status == "noop"
    assert [(listed.name, listed.generation) for listed in lake.store.list("")] == before


def test_partial_run_keeps_the_other_contracts_of_the_shard(lake):
    lake.write_day(TRADES, frames({CALL: frame([START]), MIDDLE: frame([START + 1], version="etag"), BTC: frame([START])}))
    commit = lake.write_day(TRADES, frames({CALL: frame([START + 7, START + 8]), PUT: frame([START + 2])}), partial=True)
    assert (commit.version, commit.rows, commit.instruments) == (2, 5, 4)
    assert [times(lake, each) for each in (CALL, MIDDLE, PUT)] == [[START + 7, START + 8], [START + 1], [START + 2]]
    assert commit.manifest.content.file_of(str(MIDDLE)).source_version == "etag"
    assert commit.manifest.content.copied == {}


def test_contract_that_goes_leaves_no_row_in_the_file(lake):
    lake.write_day(TRADES, frames({CALL: frame([START]), PUT: frame([START + 2])}))
    lake.write_day(TRADES, frames({CALL: NotListed("gone")}), partial=True)
    assert stored(lake).read()["instrument_id"].to_pylist() == [str(PUT)]
    lake.write_day(TRADES, frames({PUT: SchemaDrift("html")}), partial=True)
    assert names(lake)[-2:] == [PREFIX + SUCCESS, PREFIX + MANIFEST]
    assert FILE not in names(lake)


def test_failed_contract_keeps_its_rows_while_the_shard_is_replaced(lake):
    lake.write_day(TRADES, frames({CALL: frame([START]), MIDDLE: frame([START]), PUT: frame([START + 2])}))
    with pytest.raises(PartitionIncomplete):
        lake.write_day(TRADES, frames({CALL: Retryable("reset"), PUT: frame([START + 3])}))
    assert lake.instruments(TRADES, DAY) == [CALL, PUT]
    assert (times(lake, CALL), times(lake, PUT)) == ([START], [START + 3])
    assert set(stored(lake).read()["instrument_id"].to_pylist()) == {str(CALL), str(PUT)}


def test_run_in_which_all_failed_leaves_the_shard_as_it_is(lake):
    lake.write_day(TRADES, frames({CALL: frame([START]), PUT: frame([START + 2])}))
    generation = lake.store.head(FILE).generation
    with pytest.raises(PartitionIncomplete):
        lake.write_day(TRADES, frames({CALL: Retryable("reset"), PUT: Retryable("reset")}))
    assert lake.store.head(FILE).generation == generation
    assert lake.read_shard(TRADES, DAY, SHARD).num_rows == 2


def test_column_of_two_types_is_stored_as_the_wider_and_read_so(lake):
    lake.write_day(TRADES, frames({CALL: frame([START]), PUT: TableFrame(trades([START + 2], ids=["x-1"]))}))
    assert ids_of(lake.read(TRADES, DAY, CALL)) == ["0"]
    assert ids_of(lake.read(TRADES, DAY, PUT)) == ["x-1"]
    lake.write_day(TRADES, frames({MIDDLE: frame([START])}), partial=True)
    assert ids_of(lake.read_shard(TRADES, DAY, SHARD)) == ["0", "0", "x-1"]


def test_shard_is_the_contracts_one_after_another(lake):
    days = {CALL: frame([START, START + 9]), MIDDLE: frame([START + 4]), PUT: frame([START + 2])}
    lake.write_day(TRADES, frames({**days, BTC: frame([START])}))
    found = lake.read_shard(TRADES, DAY, SHARD.lower())
    assert found.column_names == ["instrument_id", *TRADES.columns]
    assert pa.types.is_dictionary(found.schema.field("instrument_id").type)
    for instrument, written in days.items():
        of_one = found.filter(pc.equal(found["instrument_id"].cast(pa.string()), str(instrument)))
        assert of_one.drop(["instrument_id"]).to_pylist() == written.table.to_pylist()
    within = lake.read_shard(TRADES, DAY, SHARD, ["price", "instrument_id"], TimeRange(START + 2, START + 9))
    assert within.to_pydict() == {"price": [1.0, 1.0], "instrument_id": [str(MIDDLE), str(PUT)]}
    assert lake.read_shard(TRADES, DAY, SHARD, [], TimeRange(0, 1)).to_pydict() == {"instrument_id": []}


def test_dataset_that_declares_instrument_id_keeps_its_own_column(lake):
    identified = Dataset("t", "n", "", {"instrument_id": INSTRUMENTS.columns["instrument_id"], **TRADES.columns})
    for instrument in (CALL, PUT):
        table = trades([START]).add_column(0, identified.schema.field("instrument_id"), pa.array([str(instrument)]))
        lake.write_day(identified, frames({instrument: TableFrame(table)}), partial=True)
        assert lake.read(identified, DAY, instrument).equals(table)
    assert lake.read_shard(identified, DAY, SHARD, ["price", "instrument_id"]).to_pydict() == {
        "price": [1.0, 1.0],
        "instrument_id": [str(CALL), str(PUT)],
    }


def test_reading_a_shard_that_is_not_there_says_why(lake):
    days = {CALL: frame([START]), OTHER_UNDERLYING: Retryable("reset")}
    with pytest.raises(PartitionIncomplete):
        lake.write_day(TRADES, frames(days))
    with pytest.raises(QueryError, match="did you mean DERIBIT:OPTION:BTC-USD"):
        lake.read_shard(TRADES, DAY, "DERIBIT:OPTION:ETH-USD")
    with pytest.raises(Retryable, match=r"BTC-USDC-50000.*failed when the day was made"):
        lake.read_shard(TRADES, DAY, "DERIBIT:OPTION:BTC-USDC")
    with pytest.raises(UnknownInstrument):
        lake.read_shard(TRADES, DAY, str(BTC))
    with pytest.raises(UnsafeName):
        shard_object_name(INSTRUMENTS, DAY, SHARD)
    with pytest.raises(QueryError, match="no column prize"):
        lake.read_shard(TRADES, DAY, SHARD, ["prize"])
    lake.write_day(TRADES, frames({OTHER_UNDERLYING: SchemaDrift("html")}), partial=True)
    with pytest.raises(Unusable, match="set aside"):
        lake.read_shard(TRADES, DAY, "DERIBIT:OPTION:BTC-USDC")


def test_exchange_day_of_a_contract_reads_its_neighbours(lake):
    late, early = START + DAY_MICROSECONDS - 1, START + DAY_MICROSECONDS
    lake.write_day(TRADES, frames({CALL: frame([START, early]), PUT: frame([START])}))
    lake.write_day(TRADES, frames({CALL: frame([late, early + 1]), PUT: frame([early])}, NEXT))
    day = lake.read_exchange_day(TRADES, DAY)
    assert day[CALL].read(["timestamp"])["timestamp"].cast(pa.int64()).to_pylist() == [START, late]
    assert day[PUT].read().num_rows == 1


def test_pinned_contract_stays_readable_while_others_of_its_shard_are_replaced(lake):
    lake.write_day(TRADES, frames({CALL: frame([START]), PUT: frame([START])}))
    pinned = lake.read_day(TRADES, DAY)
    lake.write_day(TRADES, frames({CALL: frame([START + 1, START + 2]), MIDDLE: frame([START])}), partial=True)
    assert pinned[PUT].read().equals(trades([START]))
    with pytest.raises(Replaced):
        pinned[CALL].read()


def test_file_harmed_by_hand_is_corrupt_and_healed_by_a_whole_day(lake):
    days = {CALL: frame([START]), PUT: frame([START + 2])}
    lake.write_day(TRADES, frames(days))
    put_by_hand(lake, FILE, bytes(lake.store.get(FILE).data)[:-9])
    for read in (lambda: times(lake, CALL), lambda: lake.read_shard(TRADES, DAY, SHARD)):
        with pytest.raises(CorruptPartition, match="materialize it again"):
            read()
    with pytest.raises(CorruptPartition):
        lake.write_day(TRADES, frames({CALL: frame([START + 1])}), partial=True)
    assert lake.recover(TRADES, DAY).damaged == [FILE]
    assert lake.write_day(TRADES, frames(days)).version == 2
    assert (times(lake, CALL), lake.recover(TRADES, DAY).damaged) == ([START], [])


def test_lost_rows_of_a_failed_contract_do_not_hold_up_the_others(lake):
    lake.write_day(TRADES, frames({CALL: frame([START]), PUT: frame([START + 2])}))
    put_by_hand(lake, FILE, b"?")
    with pytest.raises(PartitionIncomplete, match="reset"):
        lake.write_day(TRADES, frames({CALL: Retryable("reset"), PUT: frame([START + 3])}))
    assert times(lake, PUT) == [START + 3]
    with pytest.raises(Retryable, match="reset"):
        lake.read(TRADES, DAY, CALL)


def test_shard_older_than_a_column_is_not_mixed_with_newer_rows(lake):
    lake.write_day(TRADES, frames({CALL: frame([START]), PUT: frame([START])}))
    wider = Dataset(TRADES.tier, TRADES.name, "", {**TRADES.columns, "flag": TRADES.columns["id"]}, partition=TRADES.partition)
    rows = trades([START]).append_column(wider.schema.field("flag"), pa.array([1]))
    with pytest.raises(SchemaDrift, match=r"without column.s. flag"):
        lake.write_day(wider, frames({CALL: TableFrame(rows)}), partial=True)
    assert lake.write_day(wider, frames({CALL: TableFrame(rows), PUT: TableFrame(rows)})).version == 2


def test_one_contract_transfers_its_part_of_the_file_and_the_footer_once():
    store = RemoteStore(MemoryStore())
    lake = Lake(store)
    lake.write_day(TRADES, frames({each: frame(range(START, START + 20_000)) for each in OPTIONS}))
    size = lake.manifest(TRADES, DAY).content.files[0].size
    lake.read(TRADES, DAY, CALL)
    store.transferred = 0
    lake.read(TRADES, DAY, PUT)
    assert store.transferred < size / len(OPTIONS) + 1_000


def test_nothing_is_left_in_the_scratch_folder(tmp_path):
    lake = Lake(MemoryStore(), scratch=tmp_path)
    lake.write_day(TRADES, frames({CALL: frame([START]), PUT: frame([START])}))
    lake.write_day(TRADES, frames({CALL: frame([START + 1])}), partial=True)
    assert list(tmp_path.iterdir()) == []
