"""The lake as its callers see it: days written, merged, read back, and every way that can be refused."""

import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market_data_assets.domain.datasets import DailyFrames, Finality, Quarantined, TableFrame
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.errors import (
    AuthError,
    NoData,
    NotListed,
    PartitionIncomplete,
    PartitionMissing,
    QueryError,
    QuotaExhausted,
    Retryable,
    SchemaDrift,
    Unusable,
)
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import MANIFEST, SUCCESS, object_name
from market_data_assets.storage.manifest import AbsentEntry, QuarantinedEntry
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.faults.stores import RemoteStore
from market_data_assets_tests.storage.by_hand import NAME, PREFIX, names, put_by_hand, write_ignoring_failures
from market_data_assets_tests.storage.days import BTC, DAY, ETH, NEXT, SOL, START, frame, frames, ids_of, trades


def test_day_that_is_read_is_the_day_that_was_written(lake):
    lake.write_day(TRADES, frames({BTC: frame([START, START + 5]), ETH: frame([START + 1])}))
    day = lake.read_day(TRADES, DAY)
    assert list(day) == [BTC, ETH]
    assert day[BTC].read().to_pylist() == trades([START, START + 5]).to_pylist()
    assert pa.Table.from_batches(day[ETH].batches()).to_pylist() == trades([START + 1]).to_pylist()
    assert lake.instruments(TRADES, DAY) == [BTC, ETH]
    assert lake.days(TRADES) == [DAY]


def test_objects_lie_where_the_documents_say(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    assert names(lake) == [NAME, PREFIX + SUCCESS, PREFIX + MANIFEST]
    found = pq.read_table(pa.BufferReader(bytes(lake.store.get(NAME).data)))
    assert found.column("price").to_pylist() == [1.0]


def test_commit_tells_what_an_operator_asks_first(lake):
    days = frames({BTC: frame([START, START + 5]), ETH: frame([START + 1])}, absent={SOL: "not_listed"}, finality=Finality.PROVISIONAL)
    commit = lake.write_day(TRADES, days, run_id="run", code_version="1.0")
    assert (commit.status, commit.version, commit.rows, commit.instruments) == ("committed", 1, 3, 2)
    assert (commit.min_timestamp, commit.max_timestamp) == (START, START + 5)
    assert commit.bytes == sum(lake.store.head(object_name(TRADES, DAY, each)).size for each in (BTC, ETH))
    assert commit.uncompressed_bytes > 0
    assert commit.absent == (AbsentEntry(str(SOL), "not_listed"),)
    assert commit.finality is Finality.PROVISIONAL
    assert (commit.manifest.run_id, commit.manifest.code_version) == ("run", "1.0")


def test_second_run_of_the_same_day_changes_nothing(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}), run_id="first")
    before = [(listed.name, listed.generation) for listed in lake.store.list("")]
    commit = lake.write_day(TRADES, frames({BTC: frame([START])}), run_id="second")
    assert (commit.status, commit.version, commit.manifest.run_id) == ("noop", 1, "first")
    assert [(listed.name, listed.generation) for listed in lake.store.list("")] == before


def test_whole_day_replaces_whatever_was_there(lake):
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}))
    commit = lake.write_day(TRADES, frames({ETH: frame([START + 1])}))
    assert commit.version == 2
    assert lake.instruments(TRADES, DAY) == [ETH]
    assert names(lake) == [object_name(TRADES, DAY, ETH), PREFIX + SUCCESS, PREFIX + MANIFEST]


@pytest.mark.parametrize("change", [{"finality": Finality.PROVISIONAL}, {"inputs": {"raw": "1"}}, {"absent": {SOL: "not_listed"}}])
def test_what_is_not_in_the_files_commits_too(lake, change):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    assert lake.write_day(TRADES, frames({BTC: frame([START])}, **change)).version == 2


def test_empty_day_is_stored_as_one(lake):
    commit = lake.write_day(TRADES, DailyFrames(DAY, {}))
    assert (commit.rows, commit.instruments, commit.min_timestamp) == (0, 0, None)
    assert len(lake.read_day(TRADES, DAY)) == 0
    assert lake.days(TRADES) == [DAY]


def test_instrument_without_rows_is_stored_without_rows(lake):
    assert lake.write_day(TRADES, frames({BTC: frame([])})).rows == 0
    assert lake.read(TRADES, DAY, BTC).num_rows == 0


def test_every_instrument_gets_the_outcome_that_its_error_says(lake):
    quarantined = [Quarantined("nan_price", 2, pa.table({"price": ["nan", "x"], "reason": ["nan_price", "nan_price"]}))]
    days = {BTC: frame([START], quarantined, version="etag"), ETH: NotListed("no file"), SOL: SchemaDrift("html")}
    commit = lake.write_day(TRADES, frames(days))
    assert commit.absent == (AbsentEntry(str(ETH), "not_listed"),)
    assert commit.quarantined == (QuarantinedEntry(str(BTC), "nan_price", 2), QuarantinedEntry(str(SOL), "schema_drift", 0))
    assert commit.manifest.content.files[0].source_version == "etag"
    assert commit.manifest.content.quality == {"nan_price": 2, "schema_drift": 0}
    aside = pq.read_table(pa.BufferReader(bytes(lake.store.get(f"_quarantine/{NAME}").data)))
    assert aside.to_pydict() == {"price": ["nan", "x"], "reason": ["nan_price", "nan_price"]}


def test_rows_set_aside_go_when_the_instrument_is_read_again_without(lake):
    rows = pa.table({"price": ["nan"], "reason": ["nan_price"]})
    lake.write_day(TRADES, frames({BTC: frame([START], [Quarantined("nan_price", 1, rows)])}))
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    assert names(lake) == [NAME, PREFIX + SUCCESS, PREFIX + MANIFEST]


@pytest.mark.parametrize("error", [AuthError("refused"), ZeroDivisionError("a bug")])
def test_error_that_all_would_meet_stops_with_nothing_committed(lake, error):
    asked = []

    def later(instrument: InstrumentId) -> TableFrame:
        asked.append(instrument)
        return frame([START])

    many = {InstrumentId.parse(f"BINANCE:PERP:X{number:03}-USDT"): number for number in range(50)}
    loaders = {instrument: lambda instrument=instrument: later(instrument) for instrument in many}
    with pytest.raises(type(error), match=str(error)):
        lake.write_day(TRADES, DailyFrames(DAY, {**frames({BTC: error}).loaders, **loaders}))
    assert names(lake) == []
    assert len(asked) < 50


def test_exhausted_quota_stops_asking_and_commits_what_there_is(lake):
    asked = []

    def later() -> TableFrame:
        asked.append(1)
        return frame([START])

    alone = Lake(lake.store, workers=1)
    loaders = {BTC: lambda: frame([START]), **frames({ETH: QuotaExhausted("vendor", 900)}).loaders, SOL: later}
    with pytest.raises(PartitionIncomplete, match="900 s") as raised:
        alone.write_day(TRADES, DailyFrames(DAY, loaders))
    assert list(raised.value.failures) == [str(ETH), str(SOL)]
    assert not asked
    assert lake.instruments(TRADES, DAY) == [BTC]


def test_at_most_as_many_instruments_are_in_memory_as_there_are_workers():
    held, most, lock = 0, 0, threading.Lock()

    class Counting:
        quarantined = ()
        source_version = ""

        def batches(self):
            nonlocal held, most
            with lock:
                held += 1
                most = max(most, held)
            yield from trades([START]).to_batches()
            with lock:
                held -= 1

    many = {InstrumentId.parse(f"BINANCE:PERP:X{number}-USDT"): Counting for number in range(12)}
    Lake(MemoryStore(), workers=3).write_day(TRADES, DailyFrames(DAY, many))
    assert most <= 3


def test_table_of_a_whole_day_round_trips(lake):
    row = dict.fromkeys(INSTRUMENTS.columns) | dict.fromkeys(
        ("instrument_id", "venue", "instrument_type", "native_symbol", "base_asset", "base_asset_canonical", "status", "source"), "x"
    )
    table = pa.Table.from_pylist(
        [row | {"base_multiplier": 1, "inverse": False, "quanto": False, "data_types": ["trades"]}], INSTRUMENTS.schema
    )
    commit = lake.write_table(INSTRUMENTS, DAY, TableFrame(table), inputs={"a": "1"})
    assert (commit.rows, commit.instruments) == (1, 1)
    assert lake.read_table(INSTRUMENTS, DAY).equals(table)
    assert lake.read_table(INSTRUMENTS, DAY, ["venue"]).to_pydict() == {"venue": ["x"]}
    assert lake.days(INSTRUMENTS) == [DAY]
    with pytest.raises(QueryError, match="no timestamp"):
        lake.read_table(INSTRUMENTS, DAY, time_range=TimeRange(0, 1))


def test_columns_and_range_are_read_as_asked(lake):
    lake.write_day(TRADES, frames({BTC: frame([START, START + 5, START + 9])}))
    found = lake.read(TRADES, DAY, BTC, ["price", "id"], TimeRange(START + 5, START + 9))
    assert found.to_pydict() == {"price": [2.0], "id": [1]}


def test_ranged_reads_transfer_only_what_is_asked_for():
    store = RemoteStore(MemoryStore())
    lake = Lake(store)
    lake.write_day(TRADES, frames({BTC: TableFrame(trades(range(START, START + 400_000)))}))
    store.transferred = 0
    lake.read(TRADES, DAY, BTC, ["side"], TimeRange(START, START + 10))
    assert store.transferred < lake.manifest(TRADES, DAY).content.files[0].size / 8


def test_reading_what_is_not_there_says_why(lake):
    with pytest.raises(PartitionMissing, match="raw_tick_data/trades has nothing stored for 2024-08-08"):
        lake.read(TRADES, DAY, BTC)
    write_ignoring_failures(
        lake,
        frames(
            {BTC: frame([START]), ETH: SchemaDrift("html"), SOL: Retryable("reset")},
            absent={InstrumentId.parse("A:PERP:B-C"): "not_listed"},
        ),
    )
    with pytest.raises(QueryError, match=r"BTC-USDC.*did you mean BINANCE:PERP:BTC-USDT"):
        lake.read(TRADES, DAY, InstrumentId.parse("BINANCE:PERP:BTC-USDC"))
    with pytest.raises(QueryError, match="no column prize; it has"):
        lake.read(TRADES, DAY, BTC, ["prize"])
    with pytest.raises(NoData, match=r"absent .not_listed") as absent:
        lake.read(TRADES, DAY, InstrumentId.parse("A:PERP:B-C"))
    assert absent.value.reason == "not_listed"
    with pytest.raises(Unusable, match=r"set aside .schema_drift") as aside:
        lake.read(TRADES, DAY, ETH)
    assert aside.value.reason == "schema_drift"
    with pytest.raises(Retryable, match="failed when the day was made"):
        lake.read(TRADES, DAY, SOL)


def test_what_was_failed_or_set_aside_upstream_is_so_downstream(lake):
    write_ignoring_failures(lake, frames({BTC: frame([START]), ETH: SchemaDrift("html"), SOL: Retryable("reset")}))
    with pytest.raises(PartitionIncomplete):
        lake.write_day(TRADES, DailyFrames(NEXT, lake.read_day(TRADES, DAY).map(lambda _, each: each).loaders))
    content = lake.manifest(TRADES, NEXT).content
    assert [entry.instrument_id for entry in content.failed] == [str(SOL)]
    assert content.quarantined == (QuarantinedEntry(str(ETH), "schema_drift", 0),)


def test_inputs_name_the_day_that_was_read(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    assert lake.read_day(TRADES, DAY).inputs == {"raw_tick_data/trades/2024-08-08": lake.manifest(TRADES, DAY).content.content_hash}


def test_day_that_was_pinned_is_never_mixed_with_a_newer_one(lake):
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}))
    pinned = lake.read_day(TRADES, DAY)
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START + 1])}))
    assert pinned[BTC].read().num_rows == 1
    with pytest.raises(Retryable, match="replaced by a newer commit"):
        pinned[ETH].read()


def test_days_are_those_that_were_committed(lake):
    for day in (NEXT, DAY):
        lake.write_day(TRADES, frames({BTC: frame([START])}, day))
    put_by_hand(lake, "raw_tick_data/by_date/day-2024-08-10/data_type-trades/stray", b"")
    put_by_hand(lake, "raw_tick_data/by_date/readme/data_type-trades/stray", b"")
    assert lake.days(TRADES) == [DAY, NEXT]


def test_file_older_than_a_column_says_so(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    wider = type(TRADES)(TRADES.tier, TRADES.name, "", {**TRADES.columns, "venue_flag": TRADES.columns["id"]}, partition=TRADES.partition)
    with pytest.raises(SchemaDrift, match=r"without column.s. venue_flag"):
        lake.read(wider, DAY, BTC)
    assert ids_of(lake.read(wider, DAY, BTC, ["id"])) == [0]


def test_nothing_is_left_in_the_scratch_folder(tmp_path):
    lake = Lake(MemoryStore(), scratch=tmp_path)
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    with pytest.raises(ZeroDivisionError):
        lake.write_day(TRADES, frames({BTC: ZeroDivisionError()}))
    assert list(tmp_path.iterdir()) == []
