from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.days import TimeRange, day_start, to_datetime
from market_data_assets.errors import CorruptPartition, PartitionMissing, QueryError, StorageFailed
from market_data_assets.storage.warehouse.base import LoadStatus
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets_tests.storage.warehouse.tables import BTC, DAY, ETH, MINUTE, NEXT_DAY, TABLE, committed

WHOLE = TimeRange.parse("2024-08-08", "2024-08-10")


@pytest.fixture
def warehouse(tmp_path):
    warehouse = EmbeddedWarehouse(tmp_path / "tables", [TABLE])
    warehouse.migrate()
    return warehouse


def closes(table):
    return table["close"].to_pylist()


def test_day_file_is_sorted_and_each_row_group_holds_one_instrument(warehouse):
    warehouse.replace_day(TABLE, committed({ETH: [0, 3], BTC: [1, 2]}))
    stored = pq.ParquetFile(warehouse.root / "candles_24h" / "day-2024-08-08.parquet")
    assert [stored.read_row_group(group)["instrument_id"].unique().to_pylist() for group in range(stored.num_row_groups)] == [
        [str(BTC)],
        [str(ETH)],
    ]


def test_facts_of_a_load_say_rows_instruments_bytes_and_what_was_done(warehouse):
    facts = warehouse.replace_day(TABLE, committed({BTC: [1, 2], ETH: []}))
    size = (warehouse.root / "candles_24h" / "day-2024-08-08.parquet").stat().st_size
    assert (facts.rows, facts.instruments, facts.size, facts.status) == (2, 1, size, LoadStatus.REPLACED)
    assert warehouse.row_count(TABLE, DAY) == 2


def test_empty_day_empties_the_partition_and_is_still_a_loaded_day(warehouse):
    warehouse.replace_day(TABLE, committed({BTC: [1]}))
    assert warehouse.replace_day(TABLE, committed({})).status == LoadStatus.REPLACED
    assert warehouse.row_count(TABLE, DAY) == 0
    assert warehouse.days(TABLE) == [DAY]
    assert warehouse.read(TABLE, [BTC], WHOLE).num_rows == 0
    assert warehouse.query("SELECT count(*) AS rows FROM candles_24h")["rows"].to_pylist() == [0]


def test_day_that_was_never_loaded_is_missing_not_empty(warehouse):
    with pytest.raises(PartitionMissing, match="2024-08-08"):
        warehouse.row_count(TABLE, DAY)
    assert warehouse.days(TABLE) == []


def test_folder_that_cannot_be_made_is_a_storage_failure(tmp_path):
    (tmp_path / "tables").write_text("a file where the folder should be")
    with pytest.raises(StorageFailed, match="cannot be written"):
        EmbeddedWarehouse(tmp_path / "tables", [TABLE]).migrate()


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
            warehouse.replace_day(TABLE, committed({BTC: range(0, 1440, 7), ETH: [0, 1439]}, day))
    window = TimeRange(day_start(DAY) + start * MINUTE, day_start(DAY) + (start + length) * MINUTE)
    whole = warehouse.read(TABLE, [BTC, ETH], WHOLE)
    times = whole["timestamp"].cast(pa.int64())
    assert warehouse.read(TABLE, [BTC, ETH], window) == whole.filter(
        pc.and_(pc.greater_equal(times, window.start), pc.less(times, window.end))
    )


def test_view_equals_its_table(warehouse):
    warehouse.replace_day(TABLE, committed({BTC: [1, 2], ETH: [3]}))
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


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM candles_25h", "table 'candles_25h' is not known; did you mean candles_24h"),
        ("SELECT 1 AS a, 2 AS a", r"column\(s\) a more than once"),
        ("SELECT (1", "syntax error"),
    ],
)
def test_refusal_of_a_query_is_one_line_that_says_why(warehouse, sql, said):
    with pytest.raises(QueryError, match=said) as refused:
        warehouse.query(sql)
    assert "\n" not in str(refused.value)


def test_query_takes_words_of_sql_as_parameters_lists_of_values_and_ones_that_it_does_not_use(warehouse):
    warehouse.replace_day(TABLE, committed({BTC: [1, 2], ETH: [3]}))
    sql = "SELECT close FROM `market_data_analytics.candles_24h` WHERE instrument_id IN UNNEST(@in) AND timestamp < @end AND '@x' <> ''"
    values = {"in": [str(ETH)], "end": to_datetime(day_start(NEXT_DAY)), "x": 1}
    assert warehouse.query(sql, values).num_rows == 1
    assert warehouse.query(sql, {**values, "in": []}).num_rows == 0
    assert warehouse.estimate(sql, values).bytes > 0


def test_migrations_at_once_all_succeed_and_leave_nothing_to_do(tmp_path):
    warehouses = [EmbeddedWarehouse(tmp_path / "tables", [TABLE]) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(warehouse.migrate) for warehouse in warehouses]:
            done.result()
    assert warehouses[0].pending() == []
