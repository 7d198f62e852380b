import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.contract import Contract
from market_data_assets.compute.quality.exchange_candles import KLINE_COLUMNS, compare
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.sources.binance_vision import klines
from market_data_assets_tests.compute.candles.trades import DAY, SECOND, SPOT, Trade, numbered, table

MINUTE = Timeframe.parse("1m")
PERP = Contract(InstrumentId.parse("BINANCE:PERP:BTC-USDT"), inverse=False, multiplier=1.0)
COIN_MARGINED = Contract(InstrumentId.parse("BINANCE:PERP:BTC-USD"), inverse=True, multiplier=100.0)


def candles(*trades: Trade, contract: Contract = SPOT) -> pa.Table:
    return from_ticks(Feeds(table(numbered(trades))), contract, DAY, [MINUTE])[MINUTE].table


def as_klines(ours: pa.Table, **changes: dict[int, float]) -> pa.Table:
    """What the exchange would publish of the same trades: empty buckets are flat; ``changes`` by our column and row."""
    columns: dict[str, object] = {"open_time": ours["timestamp"]}
    for mine, theirs in KLINE_COLUMNS.items():
        values = np.nan_to_num(ours[mine].cast(pa.float64()).to_numpy(), nan=100.0).copy()
        for row, value in changes.get(mine, {}).items():
            values[row] = value
        columns[theirs] = values
    return pa.table(columns)


FOUR = [Trade(minute * 60 * SECOND + 5, 100.25 + minute, 0.3) for minute in (1, 2, 3, 4)]


def test_same_trades_make_the_same_candles_and_flat_ones_are_empty() -> None:
    ours = candles(*FOUR)
    found = compare("A", ours, as_klines(ours))
    assert (found.equal, found.empty, found.different, found.findings) == (4, 1_436, 0, [])


def test_exchange_without_rows_for_empty_buckets_agrees_too() -> None:
    ours = candles(*FOUR)
    found = compare("A", ours, as_klines(ours).filter(pc.greater(ours["trade_count"], 0)))
    assert (found.equal, found.empty, found.findings) == (4, 1_436, [])


@pytest.mark.parametrize("column", list(KLINE_COLUMNS))
def test_any_column_of_an_inner_bucket_that_differs_is_wrong(column: str) -> None:
    ours = candles(*FOUR)
    found = compare("A", ours, as_klines(ours, **{column: {2: 0.5}}))
    assert found.different == 1
    assert [(each.problem, each.found, each.wrong) for each in found.findings] == [(f"unlike_exchange:{column}", 1, True)]


def test_trades_that_we_lack_between_ours_are_wrong_and_those_outside_make_the_day_partial() -> None:
    ours = candles(*FOUR[:2], FOUR[3])
    inner = compare("A", ours, as_klines(candles(*FOUR)))
    assert inner.different == 1
    assert all(each.wrong for each in inner.findings)
    outer = compare("A", candles(*FOUR[1:3]), as_klines(candles(*FOUR)))
    assert (outer.equal, outer.unrecorded, outer.different) == (2, 2, 0)
    assert [(each.problem, each.wrong) for each in outer.findings] == [("partial_day", False)]


def test_candle_where_the_exchange_has_none_is_wrong() -> None:
    ours = candles(*FOUR)
    found = compare("A", ours, as_klines(ours).slice(3))
    assert found.different == 2
    assert "the exchange has nan" in found.findings[0].detail


def test_number_of_aggregated_trades_is_lower_and_no_fault() -> None:
    ours = candles(*FOUR)
    found = compare("A", ours, as_klines(ours, trade_count={1: 3, 2: 9}))
    assert (found.equal, found.aggregated, found.findings) == (4, 2, [])


@pytest.mark.parametrize(("printed", "equal"), [(0.12, True), (0.13, True), (0.14, False), (0.11, False)])
def test_exchange_that_prints_fewer_decimals_may_round_or_cut(printed: float, equal: bool) -> None:
    ours = candles(Trade(60 * SECOND, 1.0, 0.128), Trade(180 * SECOND, 1.0, 0.25))
    theirs = as_klines(ours, **{name: {1: printed, 3: 0.25} for name in ("volume", "quote_volume", "buy_volume", "buy_quote_volume")})
    assert (compare("A", ours, theirs).different == 0) == equal


def test_coin_margined_volumes_are_contracts_there_and_base_here() -> None:
    ours = candles(Trade(60 * SECOND, 60_000.1, 3.0), Trade(61 * SECOND, 60_000.3, 2.0, "sell"), contract=COIN_MARGINED)
    theirs = as_klines(ours).set_column(5, "volume", [ours["quote_volume"].to_numpy() / 100])
    theirs = theirs.set_column(6, "quote_volume", [np.round(ours["volume"].to_numpy(), 8)])
    theirs = theirs.set_column(8, "taker_buy_volume", [ours["buy_quote_volume"].to_numpy() / 100])
    theirs = theirs.set_column(9, "taker_buy_quote_volume", [np.round(ours["buy_volume"].to_numpy(), 8)])
    found = compare("A", ours, theirs, inverse=True, multiplier=100.0)
    assert (found.equal, found.different) == (1, 0)


@pytest.fixture
def official(samples: Path) -> pa.Table:
    return klines(samples / "ground_truth/binance_um_btcusdt_20240808/BTCUSDT-1m-2024-08-08.official.csv")


@pytest.fixture(scope="module")
def recorded(samples: Path) -> pa.Table:
    """Trades as Tardis delivers them, recorded from 23:54:16 on."""
    from pyarrow import csv  # noqa: PLC0415

    rows = csv.read_csv(samples / "tardis_from_raw/v1/binance-futures/trades/2024/08/08/BTCUSDT.csv.gz").select(TRADES.schema.names)
    for place, name in enumerate(("timestamp", "local_timestamp")):
        rows = rows.set_column(place, name, rows[name].cast(TIMESTAMP))
    for name in ("price", "amount"):
        rows = rows.set_column(rows.column_names.index(name), name, rows[name].cast(pa.float64()))
    place = rows.column_names.index("side")
    rows = rows.set_column(place, "side", rows["side"].cast(TRADES.schema.field("side").type)).sort_by("timestamp")
    midnight = pa.scalar(dt.datetime(2024, 8, 9, tzinfo=dt.UTC), TIMESTAMP)
    return rows.filter(pc.less(rows["timestamp"], midnight))


def test_real_minutes_equal_the_exchange_and_the_one_that_the_recording_began_in_does_not(recorded: pa.Table, official: pa.Table) -> None:
    ours = from_ticks(Feeds(recorded), PERP, DAY, [MINUTE])[MINUTE].table
    found = compare("A", ours, official)
    assert (found.equal, found.edges, found.unrecorded, found.different) == (5, 1, 0, 0)
    (finding,) = found.findings
    assert (finding.problem, finding.wrong) == ("partial_day", False)
    assert dt.datetime.fromtimestamp(finding.first_at / 1e6, dt.UTC).time() == dt.time(23, 54)


def test_one_lost_trade_of_a_real_minute_is_found(recorded: pa.Table, official: pa.Table) -> None:
    lost = pa.concat_tables([recorded.slice(0, 12_000), recorded.slice(12_001)])
    found = compare("A", from_ticks(Feeds(lost), PERP, DAY, [MINUTE])[MINUTE].table, official)
    assert (found.equal, found.different) == (4, 1)
    assert "unlike_exchange:trade_count" in {each.problem for each in found.findings}
