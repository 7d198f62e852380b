"""What every warehouse does, on the local disk and on BigQuery."""

import dataclasses
import datetime as dt

import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import Column, DailyFrames
from market_data_assets.domain.days import TimeRange, day_start
from market_data_assets.errors import BadData, CorruptPartition, QueryError, SchemaDrift, StorageFailed
from market_data_assets.storage.warehouse.base import LoadStatus
from market_data_assets.storage.warehouse.opening import open_warehouse
from market_data_assets_tests.emulators.bigquery import emulated_warehouse
from market_data_assets_tests.storage.warehouse.tables import BTC, DAY, ETH, MINUTE, NEXT_DAY, TABLE, committed, rows

WHOLE = TimeRange.parse("2024-08-08", "2024-08-10")
FROM = dt.datetime(2024, 8, 8, tzinfo=dt.UTC)
WIDER = dataclasses.replace(TABLE, columns={**TABLE.columns, "vwap": Column(pa.float64(), "quote per base", "mean price")})


@pytest.fixture(params=["embedded", "bigquery"])
def opened(request, tmp_path):
    """A way to open one warehouse, which nothing is in yet, for some tables."""
    if request.param == "embedded":
        return lambda *tables: open_warehouse("embedded", tables, root=tmp_path / "tables")
    server, dataset = request.getfixturevalue("bigquery_server"), request.getfixturevalue("bigquery_dataset")
    return lambda *tables: emulated_warehouse(server, dataset, tables)


@pytest.fixture
def warehouse(opened):
    warehouse = opened(TABLE)
    warehouse.migrate()
    return warehouse


def closes(table):
    return table["close"].to_pylist()


def test_reading_returns_what_was_written_in_the_order_of_the_instruments_asked_for(warehouse):
    warehouse.replace_day(TABLE, committed({ETH: [0, 3], BTC: [1, 2]}))
    warehouse.replace_day(TABLE, committed({BTC: [5]}, NEXT_DAY))
    table = warehouse.read(TABLE, [ETH, BTC], WHOLE)
    assert table.schema == TABLE.schema
    assert table["instrument_id"].to_pylist() == [str(ETH)] * 2 + [str(BTC)] * 3
    assert closes(table) == [0, 3, 1, 2, 5]
    late = TimeRange(day_start(DAY) + 2 * MINUTE, day_start(NEXT_DAY) + 5 * MINUTE)
    assert warehouse.read(TABLE, [BTC, ETH], late, ["close", "instrument_id"]).to_pydict() == {
        "close": [2.0, 3.0],
        "instrument_id": [str(BTC), str(ETH)],
    }
    assert warehouse.days(TABLE) == [DAY, NEXT_DAY]
    assert warehouse.counts(TABLE, WHOLE) == {DAY: {str(BTC): 2, str(ETH): 2}, NEXT_DAY: {str(BTC): 1}}
    assert warehouse.counts(TABLE, late, [BTC]) == {DAY: {str(BTC): 1}}
    assert warehouse.read(TABLE, [], WHOLE).num_rows == 0
    assert warehouse.estimate_read(TABLE, [BTC], WHOLE).bytes >= 0
    with pytest.raises(QueryError, match="no column clos; it has instrument_id, timestamp, close"):
        warehouse.read(TABLE, [BTC], WHOLE, ["clos"])


def test_facts_of_a_load_say_rows_instruments_and_what_was_done(warehouse):
    day = committed({BTC: [1, 2], ETH: []})
    first = warehouse.replace_day(TABLE, day)
    assert (first.table, first.day, first.rows, first.instruments, first.status) == ("candles_24h", DAY, 2, 1, LoadStatus.REPLACED)
    assert first.size > 0
    assert warehouse.replace_day(TABLE, day) == dataclasses.replace(first, status=LoadStatus.NOOP)
    assert warehouse.row_count(TABLE, DAY) == 2
    assert warehouse.instruments(TABLE, DAY) == {str(BTC): 2}


def test_replacing_a_day_leaves_no_row_of_the_old_one_and_no_other_day_touched(warehouse):
    warehouse.replace_day(TABLE, committed({BTC: [1, 2], ETH: [5]}))
    warehouse.replace_day(TABLE, committed({BTC: [9]}, NEXT_DAY))
    warehouse.replace_day(TABLE, committed({BTC: [7]}, version=2))
    assert closes(warehouse.read(TABLE, [BTC, ETH], WHOLE)) == [7, 9]


def test_empty_day_empties_the_partition(warehouse):
    warehouse.replace_day(TABLE, committed({BTC: [1]}))
    assert warehouse.replace_day(TABLE, committed({}, version=2)).status == LoadStatus.REPLACED
    assert warehouse.row_count(TABLE, DAY) == 0
    assert warehouse.instruments(TABLE, DAY) == {}
    assert warehouse.read(TABLE, [BTC], WHOLE).num_rows == 0
    counted = warehouse.query("SELECT COUNT(*) AS counted FROM candles_24h WHERE timestamp >= @start", {"start": FROM})
    assert counted["counted"].to_pylist() == [0]


def test_rows_that_do_not_belong_are_refused_and_the_old_day_stays(warehouse):
    warehouse.replace_day(TABLE, committed({BTC: [4]}))
    for frame, reason in [
        (rows(BTC, [1], day=NEXT_DAY), "1 outside the day"),
        (rows(BTC, [2, 1]), "1 not after the row before"),
        (rows(BTC, [1, 1]), "1 not after the row before"),
        (rows(BTC, [1, 2], of=str(ETH)), "2 of another instrument"),
    ]:
        day = dataclasses.replace(committed({BTC: [1]}, version=2), frames=DailyFrames(DAY, {BTC: lambda frame=frame: frame}))
        with pytest.raises(BadData, match=f"candles_24h 2024-08-08 BINANCE:PERP:BTC-USDT.*{reason}"):
            warehouse.replace_day(TABLE, day)
    with pytest.raises(CorruptPartition, match="the manifest says 3 rows, its files hold 1"):
        warehouse.replace_day(TABLE, dataclasses.replace(committed({BTC: [1]}, version=2), rows=3))

    def fail():
        raise CorruptPartition("candles_24h 2024-08-08", "checksum differs")

    broken = dataclasses.replace(committed({BTC: [1]}, version=2), frames=DailyFrames(DAY, {BTC: lambda: rows(BTC, [1]), ETH: fail}))
    with pytest.raises(CorruptPartition, match="checksum"):
        warehouse.replace_day(TABLE, broken)
    assert closes(warehouse.read(TABLE, [BTC], WHOLE)) == [4]


def test_writer_never_creates_a_table(opened):
    with pytest.raises(StorageFailed, match=r"candles_24h.*no such table"):
        opened(TABLE).replace_day(TABLE, committed({BTC: [1]}))


def test_migration_does_what_was_pending_once(opened):
    warehouse = opened(TABLE)
    pending = warehouse.pending()
    assert "candles_24h: create the table" in pending
    assert warehouse.pending() == pending
    assert warehouse.migrate() == pending
    assert warehouse.pending() == warehouse.migrate() == []


def test_migration_adds_a_column_that_older_days_read_as_null(opened, warehouse):
    warehouse.replace_day(TABLE, committed({BTC: [1]}))
    migrated = opened(WIDER)
    assert "candles_24h: add column vwap" in migrated.pending()[0]
    assert migrated.migrate()
    assert migrated.pending() == []
    assert migrated.read(WIDER, [BTC], WHOLE)["vwap"].to_pylist() == [None]
    found = migrated.query("SELECT vwap, close FROM candles_24h WHERE timestamp >= @start", {"start": FROM})
    assert found.to_pydict() == {"vwap": [None], "close": [1.0]}
    # A writer that does not know the column yet goes on.
    assert warehouse.pending() == []
    warehouse.replace_day(TABLE, committed({BTC: [2]}, version=2))
    assert migrated.read(WIDER, [BTC], WHOLE).select(["close", "vwap"]).to_pydict() == {"close": [2.0], "vwap": [None]}


def test_migration_renews_descriptions_and_never_changes_a_type(opened, warehouse):
    described = dataclasses.replace(TABLE, columns={**TABLE.columns, "close": Column(pa.float64(), "quote per base", "the last price")})
    assert opened(described).migrate()[0] == "candles_24h: update column descriptions"
    assert opened(described).pending() == []
    changed = dataclasses.replace(TABLE, columns={**TABLE.columns, "close": Column(pa.int64(), "ticks", "last price")})
    for refused in (opened(changed).pending, opened(changed).migrate):
        with pytest.raises(SchemaDrift, match=r"column close is stored as .*, its record says .*; migrations only add"):
            refused()


def test_sql_reads_tables_and_views_by_both_of_their_names_with_values_as_parameters(warehouse):
    warehouse.replace_day(TABLE, committed({BTC: [1, 2], ETH: [3]}))
    for name in ("candles_24h", "market_data_analytics.candles_24h", "candles_1d", "market_data_analytics.candles_1d"):
        sql = f"SELECT timestamp, close FROM {name} WHERE instrument_id=@id AND timestamp >= @start -- not @this\nORDER BY close DESC"
        table = warehouse.query(sql, {"id": str(BTC), "start": FROM})
        assert table.schema.field("timestamp").type == pa.timestamp("us", tz="UTC")
        assert closes(table) == [2.0, 1.0]
    literal = "SELECT '@id' AS name, 'é market_data_analytics.x' AS other FROM candles_24h WHERE timestamp >= @start AND close > @least"
    assert warehouse.query(literal, {"start": FROM, "least": 2}).to_pylist() == [{"name": "@id", "other": "é market_data_analytics.x"}]
    value = "SELECT close FROM candles_24h WHERE timestamp >= @start AND instrument_id = @id"
    assert warehouse.query(value, {"start": FROM, "id": "' OR 1=1 --"}).num_rows == 0
    assert warehouse.estimate(value, {"start": FROM, "id": "x"}).bytes >= 0
    with pytest.raises(QueryError, match="naive"):
        warehouse.query(value, {"start": dt.datetime(2024, 8, 8), "id": "x"})  # noqa: DTZ001
    with pytest.raises(QueryError, match="parameter @id is a dict"):
        warehouse.query(value, {"start": FROM, "id": {}})


def test_anything_but_one_select_over_the_tables_is_refused(warehouse):
    for sql in (
        "SELECT * FROM candles_2m",
        "SELECT nothing FROM candles_24h WHERE timestamp >= '2024-08-08'",
        "SELEC 1",
        "",
        "SELECT 1; SELECT 2",
        "DROP TABLE candles_24h",
        "DELETE FROM candles_24h WHERE timestamp >= '2024-08-08'",
    ):
        for asked in (warehouse.query, warehouse.estimate):
            with pytest.raises(QueryError):
                asked(sql)
    assert warehouse.pending() == []
