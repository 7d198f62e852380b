"""What was traded of each instrument, in US dollars, so that venues and quote assets compare."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.report.page.page_day import PageDay
from market_data_assets.storage.parallel import for_each

WHOLE_DAY = CANDLES[Timeframe.parse("24h")]
_DOLLARS = frozenset({"USD", "USDT", "USDC", "BUSD", "FDUSD", "TUSD", "DAI", "USDP", "PYUSD", "USDE"})
_MOST = 300
"""Instruments that are asked: those with the most trades delivered."""
_COLUMNS = ("quote_volume", "trade_count", "vwap", "open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Traded:
    """The day of one instrument.

    Attributes:
        dollars: Traded value; of quote assets that are no dollars at the day's mean price. None where no rate is known.
    """

    instrument: InstrumentId
    trades: int
    quote_volume: float
    vwap: float | None
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    dollars: float | None = None


def traded_instruments(page: PageDay) -> Sequence[Traded]:
    """The instruments that traded, options apart, the largest value first; those without a rate last."""
    manifest = page.manifest(WHOLE_DAY)
    if manifest is None:
        return []
    ids = [InstrumentId.parse(str(entry.instrument_id)) for entry in manifest.content.files if entry.rows]
    # What an option trades for is a premium, in another unit than the value of what it is about.
    candidates = [each for each in ids if each.instrument_type is not InstrumentType.OPTION]
    days = [traded for each in for_each(lambda one: _day_of(page, one), _busiest(page, candidates), page.workers) for traded in each]
    rates = _rates(days)
    valued = [_valued(each, rates) for each in days]
    return sorted(valued, key=lambda each: (each.dollars is None, -(each.dollars or 0), -each.trades, str(each.instrument)))


def _busiest(page: PageDay, instruments: Sequence[InstrumentId]) -> Sequence[InstrumentId]:
    raw = page.manifest(TRADES)
    rows = {} if raw is None else {entry.instrument_id: entry.rows for entry in raw.content.files}
    return sorted(instruments, key=lambda each: (-rows.get(str(each), 0), str(each)))[:_MOST]


def _day_of(page: PageDay, instrument: InstrumentId) -> Sequence[Traded]:
    """The day of one instrument, if it traded."""
    rows = page.lake.read(WHOLE_DAY, page.day, instrument, _COLUMNS).to_pylist()
    return [
        Traded(
            instrument,
            row["trade_count"],
            row["quote_volume"],
            vwap=row["vwap"],
            open=row["open"],
            high=row["high"],
            low=row["low"],
            close=row["close"],
        )
        for row in rows
        if row["trade_count"]
    ]


def _rates(days: Iterable[Traded]) -> Mapping[str, float]:
    """Dollars per unit of an asset: the mean price of the day's largest market of it in dollars."""
    in_dollars = [each for each in days if each.instrument.quote in _DOLLARS and each.vwap]
    smallest_first = sorted(in_dollars, key=lambda each: (each.quote_volume, str(each.instrument)))
    return {each.instrument.base: each.vwap for each in smallest_first if each.vwap}


def _valued(traded: Traded, rates: Mapping[str, float]) -> Traded:
    quote = traded.instrument.quote or ""
    rate = 1.0 if quote in _DOLLARS else rates.get(quote)
    return traded if rate is None else replace(traded, dollars=traded.quote_volume * rate)
