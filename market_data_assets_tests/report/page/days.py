"""A day small enough to know every number of its page."""

import datetime as dt
from collections.abc import Mapping, Sequence

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.completeness.record import MISSING_REPORT, Missing, report_table
from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.days import day_end, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.report.page.build import DailyPage, build_page
from market_data_assets.report.page.page_day import PageDay
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, buckets, write_buckets, write_instruments, write_trades

BUILT_AT = dt.datetime(2024, 8, 9, 7, 0, tzinfo=dt.UTC)
LISTED = (day_start(DAY), day_end(DAY))
HOUR = 3_600_000_000
WHOLE, FINE = CANDLES[Timeframe.parse("24h")], CANDLES[Timeframe.parse("5m")]


def new_lake() -> Lake:
    return Lake(MemoryStore(), workers=1)


def page_day(lake: Lake, day: dt.date = DAY) -> PageDay:
    return PageDay(lake, day, workers=1)


def built(lake: Lake, day: dt.date = DAY, built_at: dt.datetime = BUILT_AT) -> DailyPage:
    return build_page(lake, day, source="simulated", built_at=built_at, workers=1)


def text_of(page: DailyPage) -> str:
    """The page without the chart library, whose text is somebody else's."""
    head, _, rest = page.html.decode().partition("<script>")
    return head + rest.rpartition("<script>")[2]


def whole_day(instrument: InstrumentId, quote_volume: float, *, vwap: float = 100.0, trades: int = 10) -> TableFrame:
    return buckets(WHOLE, instrument, [str(DAY)], quote_volume=[quote_volume], vwap=[vwap], trade_count=[trades], close=[110.0])


def hour_of_candles(instrument: InstrumentId, states: Sequence[str] = ("traded",) * 12) -> TableFrame:
    """Candles of 5 minutes from midnight on."""
    starts = [f"{DAY}T{at // 12:02}:{at % 12 * 5:02}" for at in range(len(states))]
    prices = [100.0 + at if state == "traded" else None for at, state in enumerate(states)]
    return buckets(FINE, instrument, starts, bucket_status=list(states), open=prices, high=prices, low=prices, close=prices)


def write_missing(lake: Lake, found: Sequence[Missing], day: dt.date = DAY) -> None:
    lake.write_table(MISSING_REPORT, day, TableFrame(report_table(found)))


def write_markets(lake: Lake, volumes: Mapping[InstrumentId, float]) -> None:
    """Candles of a whole day and of its first hour."""
    write_buckets(lake, WHOLE, DAY, {each: whole_day(each, volume) for each, volume in volumes.items()})
    write_buckets(lake, FINE, DAY, {each: hour_of_candles(each) for each in volumes})


def fill(lake: Lake) -> None:
    """Two instruments with candles, one of which lacks two hours of its trades."""
    write_instruments(lake, DAY, {str(each): "binance-futures" for each in (BTC, ETH)})
    write_trades(lake, DAY, {each: [(f"{DAY}T00:00", 1, "buy", 100.0)] for each in (BTC, ETH)})
    gap = Missing(ETH, "trades", "gap", "trades 1 to 9 were never delivered", LISTED, (LISTED[0] + HOUR, LISTED[0] + 3 * HOUR), 9)
    write_missing(lake, [gap])
    write_markets(lake, {BTC: 4e6, ETH: 2e6})
