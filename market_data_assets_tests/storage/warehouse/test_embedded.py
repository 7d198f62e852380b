import dataclasses
import datetime as dt

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.datasets import Column, DailyFrames
from market_data_assets.domain.days import TimeRange, day_start
from market_data_assets.errors import BadData, CorruptPartition, PartitionMissing, QueryError, SchemaDrift, StorageFailed
from market_data_assets.storage.warehouse.base import LoadStatus
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets_tests.storage.warehouse.tables import BTC, DAY, ETH, MINUTE, NEXT_DAY, TABLE, day_of_rows, rows

WHOLE = TimeRange.parse("2024-08-08", "2024-08-10")


@pytest.fixture
def warehouse(tmp_path):
    warehouse = EmbeddedWarehouse(tmp_path / "tables", [TABLE])
    warehouse.migrate()
    return warehouse


def closes(table):
    return table["close"].to_pylist()


def test_reading_returns_what_was_written_without_the_hidden_columns(warehouse):
    warehouse.replace_day(TABLE, day_of_rows({ETH: [0, 3], BTC: [1, 2]}))
    table = warehouse.read(TABLE, [BTC, ETH], WHOLE)
    assert table.schema == TABLE.schema
    assert table["instrument_id"].to_pylist() == [str(BTC)] * 2 + [str(ETH)] * 2
    assert closes(table) == [1, 2, 0, 3]


def test_day_file_is_sorted_and_each_row_group_holds_one_instrument(warehouse):
    warehouse.replace_day(TABLE, day_of_rows({ETH: [0, 3], BTC: [1, 2]}))
    stored = pq.ParquetFile(warehouse.root / "candles_24h" / "day-2024-08-08.parquet")
    assert [stored.read_row_group(group)["instrument_id"].unique().to_pylist() for group in range(stored.num_row_groups)] == [
        [str(BTC)],
        [str(ETH)],
    ]


def test_facts_of_a_load_say_rows_instruments_bytes_and_what_was_done(warehouse):
    facts = warehouse.replace_day(TABLE, day_of_rows({BTC: [1, 2], ETH: []}))
    size = (warehouse.root / "candles_24h" / "day-2024-08-08.parquet").stat().st_size
    assert (facts.rows, facts.instruments, facts.size, facts.status) == (2, 1, size, LoadStatus.REPLACED)
    assert warehouse.row_count(TABLE, DAY) == 2


def test_identical_day_is_a_noop(warehouse):
    first = warehouse.replace_day(TABLE, day_of_rows({BTC: [1, 2]}))
    again = warehouse.replace_day(TABLE, day_of_rows({BTC: [1, 2]}))
    assert again == dataclasses.replace(first, status=LoadStatus.NOOP)


def test_replacing_a_day_leaves_no_row_of_the_old_one_and_no_other_day_touched(warehouse):
    warehouse.replace_day(TABLE, day_of_rows({BTC: [1, 2], ETH: [5]}))
    warehouse.replace_day(TABLE, day_of_rows({BTC: [9]}, NEXT_DAY))
    warehouse.replace_day(TABLE, day_of_rows({BTC: [7]}))
    assert closes(warehouse.read(TABLE, [BTC, ETH], WHOLE)) == [7, 9]


def test_empty_day_empties_the_partition_and_is_still_a_loaded_day(warehouse):
    warehouse.replace_day(TABLE, day_of_rows({BTC: [1]}))
    assert warehouse.replace_day(TABLE, day_of_rows({})).status == LoadStatus.REPLACED
    assert warehouse.row_count(TABLE, DAY) == 0
    assert warehouse.days(TABLE) == [DAY]
    assert warehouse.read(TABLE, [BTC], WHOLE).num_rows == 0
    assert warehouse.query("SELECT count(*) AS rows FROM candles_24h")["rows"].to_pylist() == [0]


def test_day_that_was_never_loaded_is_missing_not_empty(warehouse):
    with pytest.raises(PartitionMissing, match="2024-08-08"):
        warehouse.row_count(TABLE, DAY)
    assert warehouse.days(TABLE) == []


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (rows(BTC, [1], day=NEXT_DAY), "1 outside the day"),
        (rows(BTC, [2, 1]), "1 not after the row before"),
        (rows(BTC, [1, 1]), "1 not after the row before"),
        (rows(BTC, [1, 2], of=str(ETH)), "2 of another instrument"),
    ],
)
def test_rows_that_do_not_belong_are_refused_and_the_old_day_stays(warehouse, frame, reason):
    warehouse.replace_day(TABLE, day_of_rows({BTC: [4]}))
    with pytest.raises(BadData, match=f"candles_24h 2024-08-08 BINANCE:PERP:BTC-USDT.*{reason}"):
        warehouse.replace_day(TABLE, DailyFrames(DAY, {BTC: lambda: frame}))
    assert closes(warehouse.read(TABLE, [BTC], WHOLE)) == [4]
    assert {file.name for file in (warehouse.root / "candles_24h").iterdir()} == {"_schema.parquet", "day-2024-08-08.parquet"}


def test_frame_that_fails_to_load_leaves_the_old_day(warehouse):
    warehouse.replace_day(TABLE, day_of_rows({BTC: [4]}))

    def fail():
        raise CorruptPartition("candles_24h 2024-08-08", "checksum differs")

    with pytest.raises(CorruptPartition, match="checksum"):
        warehouse.replace_day(TABLE, DailyFrames(DAY, {BTC: lambda: rows(BTC, [1]), ETH: fail}))
    assert closes(warehouse.read(TABLE, [BTC], WHOLE)) == [4]


def test_writer_never_creates_a_table(tmp_path):
    with pytest.raises(StorageFailed, match=r"candles_24h: no such table .* run the migration first"):
        EmbeddedWarehouse(tmp_path, [TABLE]).replace_day(TABLE, day_of_rows({BTC: [1]}))


def test_folder_that_cannot_be_made_is_a_storage_failure(tmp_path):
    (tmp_path / "tables").write_text("a file where the folder should be")
    with pytest.raises(StorageFailed, match="cannot be written"):
        EmbeddedWarehouse(tmp_path / "tables", [TABLE]).migrate()


def test_migration_is_done_once(tmp_path):
    warehouse = EmbeddedWarehouse(tmp_path, [TABLE])
    assert warehouse.migrate() == ["candles_24h"]
    assert warehouse.migrate() == []


def test_migration_adds_a_column_that_older_days_read_as_null(warehouse):
    warehouse.replace_day(TABLE, day_of_rows({BTC: [1]}))
    wider = dataclasses.replace(TABLE, columns={**TABLE.columns, "vwap": Column(pa.float64(), "quote per base", "mean price")})
    migrated = EmbeddedWarehouse(warehouse.root, [wider])
    assert migrated.migrate() == ["candles_24h"]
    assert migrated.read(wider, [BTC], WHOLE)["vwap"].to_pylist() == [None]
    assert migrated.query("SELECT vwap FROM candles_24h")["vwap"].to_pylist() == [None]


def test_migration_never_changes_the_type_of_a_column(warehouse):
    changed = dataclasses.replace(TABLE, columns={**TABLE.columns, "close": Column(pa.int64(), "ticks", "last price")})
    with pytest.raises(SchemaDrift, match="column close is stored as double, its record says int64"):
        EmbeddedWarehouse(warehouse.root, [changed]).migrate()


def test_only_the_columns_asked_for_come_back_in_their_order(warehouse):
    warehouse.replace_day(TABLE, day_of_rows({BTC: [1, 2]}))
    late = TimeRange(day_start(DAY) + 2 * MINUTE, day_start(NEXT_DAY))
    assert warehouse.read(TABLE, [BTC], late, ["close", "instrument_id"]).to_pydict() == {"close": [2.0], "instrument_id": [str(BTC)]}


def test_unknown_column_is_refused_with_the_known_ones(warehouse):
    with pytest.raises(QueryError, match="no column clos; it has instrument_id, timestamp, close"):
        warehouse.read(TABLE, [BTC], WHOLE, ["clos"])


def test_file_that_is_not_parquet_is_a_corrupt_partition(warehouse):
    (warehouse.root / "candles_24h" / "day-2024-08-08.parquet").write_bytes(b"<html>")
    with pytest.raises(CorruptPartition, match="not Parquet"):
        warehouse.read(TABLE, [BTC], WHOLE)


@given(start=st.integers(-90, 3000), length=st.integers(0, 3000))
def test_reading_a_window_equals_filtering_the_whole(tmp_path_factory, start, length):
    root = tmp_path_factory.getbasetemp() / "windows"
    warehouse = EmbeddedWarehouse(root, [TABLE])
    if warehouse.migrate():
        for day in (DAY, NEXT_DAY):
            warehouse.replace_day(TABLE, day_of_rows({BTC: range(0, 1440, 7), ETH: [0, 1439]}, day))
    window = TimeRange(day_start(DAY) + start * MINUTE, day_start(DAY) + (start + length) * MINUTE)
    whole = warehouse.read(TABLE, [BTC, ETH], WHOLE)
    times = whole["timestamp"].cast(pa.int64())
    assert warehouse.read(TABLE, [BTC, ETH], window) == whole.filter(
        pc.and_(pc.greater_equal(times, window.start), pc.less(times, window.end))
    )


def test_sql_reads_tables_with_values_as_parameters_and_times_in_utc(warehouse):
    warehouse.replace_day(TABLE, day_of_rows({BTC: [1, 2], ETH: [3]}))
    table = warehouse.query(
        "SELECT timestamp, close FROM candles_24h WHERE instrument_id = $id AND timestamp >= $from",
        {"id": str(BTC), "from": dt.datetime(2024, 8, 8, 0, 2, tzinfo=dt.UTC)},
    )
    assert table.schema.field("timestamp").type == pa.timestamp("us", tz="UTC")
    assert table.to_pylist() == [{"timestamp": dt.datetime(2024, 8, 8, 0, 2, tzinfo=dt.UTC), "close": 2.0}]


def test_view_equals_its_table(warehouse):
    warehouse.replace_day(TABLE, day_of_rows({BTC: [1, 2], ETH: [3]}))
    assert warehouse.query("FROM candles_1d") == warehouse.query("FROM candles_24h")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM candles_2m",
        "SELECT nothing FROM candles_24h",
        "SELEC 1",
        "",
        "SELECT 1; SELECT 2",
        "DROP VIEW candles_24h",
        "COPY (SELECT 1) TO 'out.csv'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SET enable_external_access = true",
    ],
)
def test_anything_but_one_select_over_the_tables_is_refused(warehouse, sql):
    with pytest.raises(QueryError):
        warehouse.query(sql)


def test_value_that_looks_like_sql_is_only_a_value(warehouse):
    warehouse.replace_day(TABLE, day_of_rows({BTC: [1]}))
    assert warehouse.query("FROM candles_24h WHERE instrument_id = $id", {"id": "' OR 1=1 --"}).num_rows == 0
