"""The months of views from stored days: the daily rows, regrouped, and nothing else."""

import datetime as dt

import pyarrow as pa
import pytest

from market_data_assets.assembly.views import VIEWS, days_of_month, read_month
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.datasets import DailyFrames
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import BadData, PartitionIncomplete, Retryable
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, NEXT_DAY, buckets, write_buckets, write_instruments

AUGUST = dt.date(2024, 8, 1)
SPOT = InstrumentId.parse("COINBASE:SPOT_PAIR:BTC-USD")
MINUTES, HOURS = (CANDLES[Timeframe.parse(text)] for text in ("1m", "1h"))
VIEW = {view.name: view for view in VIEWS}


@pytest.fixture(scope="module")
def lake():
    """1m candles of two days, 1h candles of the first; rows of July and September beside them."""
    lake = Lake(MemoryStore(), workers=1)
    write_buckets(lake, MINUTES, DAY, {each: buckets(MINUTES, each, ["2024-08-08T00:00", "2024-08-08T00:01"]) for each in (BTC, ETH, SPOT)})
    write_buckets(lake, MINUTES, NEXT_DAY, {each: buckets(MINUTES, each, ["2024-08-09T00:00"]) for each in (BTC, SPOT)})
    write_buckets(lake, HOURS, DAY, {BTC: buckets(HOURS, BTC, ["2024-08-08T00:00"])})
    for month, day in ((7, 31), (9, 1)):
        write_buckets(lake, MINUTES, dt.date(2024, month, day), {BTC: buckets(MINUTES, BTC, [f"2024-{month:02}-{day:02}T00:00"])})
    write_instruments(lake, DAY, {str(BTC): "binance-futures", str(SPOT): "coinbase"})
    write_instruments(lake, NEXT_DAY, {str(BTC): "binance-futures"})
    return lake


def files(lake, view):
    month = read_month(lake, AUGUST, [MINUTES, HOURS])
    return {
        value: {name: list(tables()) for name, tables in of_value.items()} for value, of_value in sorted(month.files(VIEW[view]).items())
    }


def stored(lake, dataset, instrument, days=(DAY, NEXT_DAY)):
    there = [day for day in days if instrument in lake.instruments(dataset, day)]
    return pa.concat_tables([lake.read(dataset, day, instrument, dataset.visible_columns) for day in there])


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("by_venue", {"BINANCE": [BTC, ETH], "COINBASE": [SPOT]}),
        ("by_instrument_id", {str(each): [each] for each in (BTC, ETH, SPOT)}),
        ("by_instrument_type", {"PERP": [BTC, ETH], "SPOT_PAIR": [SPOT]}),
        ("by_timeframe", {"1m": [BTC, ETH, SPOT]}),
    ],
)
def test_every_view_holds_the_daily_rows_regrouped_an_instrument_at_a_time(lake, view, expected):
    found = files(lake, view)
    assert {value: tables for value, tables in found.items() if "candles_1m" in tables}.keys() == expected.keys()
    for value, instruments in expected.items():
        tables = found[value]["candles_1m"]
        assert len(tables) == len(instruments)
        for table, instrument in zip(tables, instruments, strict=True):
            assert table.equals(stored(lake, MINUTES, instrument))


def test_tables_of_a_value_are_those_that_have_rows_of_it(lake):
    assert files(lake, "by_timeframe")["1h"].keys() == {"candles_1h"}
    assert files(lake, "by_venue")["COINBASE"].keys() == {"candles_1m", "instruments"}
    assert files(lake, "by_instrument_id")[str(ETH)].keys() == {"candles_1m"}


def test_definitions_of_each_day_are_there_with_their_day(lake):
    tables = files(lake, "by_instrument_type")["PERP"]["instruments"]
    assert [table["day"].to_pylist() for table in tables] == [[DAY], [NEXT_DAY]]
    assert tables[0].drop_columns("day").equals(lake.read_table(INSTRUMENTS, DAY).slice(0, 1))


def test_month_is_identified_by_the_days_it_is_made_from(lake):
    month = read_month(lake, AUGUST, [MINUTES, HOURS])
    assert month.days() == [DAY, NEXT_DAY]
    names = [f"{MINUTES}/{DAY}", f"{MINUTES}/{NEXT_DAY}", f"{HOURS}/{DAY}", f"{INSTRUMENTS}/{DAY}", f"{INSTRUMENTS}/{NEXT_DAY}"]
    assert dict(month.inputs).keys() == set(names)


def test_instrument_that_was_set_aside_is_left_out_and_one_that_failed_fails_the_month():
    def refuse(error):
        raise error

    lake = Lake(MemoryStore(), workers=1)
    there = buckets(MINUTES, BTC, ["2024-08-08T00:00"])
    bad = BadData("file", rows=1, rejected={"price": 1})
    lake.write_day(MINUTES, DailyFrames(DAY, {BTC: lambda: there, ETH: lambda: refuse(bad)}))
    assert [table["instrument_id"].to_pylist() for table in files(lake, "by_venue")["BINANCE"]["candles_1m"]] == [[str(BTC)]]
    with pytest.raises(PartitionIncomplete):
        lake.write_day(MINUTES, DailyFrames(NEXT_DAY, {BTC: lambda: refuse(Retryable("no answer"))}))
    with pytest.raises(Retryable, match="no answer"):
        files(lake, "by_venue")


@pytest.mark.parametrize(("month", "count"), [((2024, 2), 29), ((2023, 2), 28), ((2024, 8), 31), ((2024, 12), 31)])
def test_days_of_a_month(month, count):
    days = days_of_month(dt.date(*month, 1))
    assert (days[0].day, days[-1].day, len(set(days))) == (1, count, count)
