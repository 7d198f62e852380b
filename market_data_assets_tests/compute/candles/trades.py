"""Small tables of trades, and random ones."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from hypothesis import strategies as st

from market_data_assets.compute.contract import Contract
from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import TRADES, WORD

DAY = dt.date(2024, 8, 8)
MIDNIGHT = day_start(DAY)
SECOND = 1_000_000
SPOT = Contract(InstrumentId.parse("BINANCE:SPOT_PAIR:BTC-USDT"), inverse=False, multiplier=1.0)
INVERSE = Contract(InstrumentId.parse("DERIBIT:PERP:BTC-USD"), inverse=True, multiplier=10.0)
LINEAR = Contract(InstrumentId.parse("OKX:PERP:BTC-USDT"), inverse=False, multiplier=0.01)
OPTION = Contract(InstrumentId.parse("DERIBIT:OPTION:BTC-USD-100000-241227-CALL"), inverse=False, multiplier=1.0)


@dataclass(frozen=True)
class Trade:
    """Microseconds since 00:00, and the arrival's delay in microseconds."""

    at: int
    price: float = 100.0
    amount: float = 1.0
    side: str = "buy"
    id: int | str | None = None
    delay: int = 1_000


def table(trades: Sequence[Trade]) -> pa.Table:
    """The rows as the lake would give them."""
    ids = [trade.id for trade in trades]
    return pa.table(
        {
            "timestamp": pa.array([MIDNIGHT + trade.at for trade in trades], pa.int64()).cast(TRADES.columns["timestamp"].type),
            "local_timestamp": pa.array([MIDNIGHT + trade.at + trade.delay for trade in trades], pa.int64()).cast(
                TRADES.columns["local_timestamp"].type
            ),
            "id": pa.array(ids, pa.string() if any(isinstance(id_, str) for id_ in ids) else pa.int64()),
            "side": pa.array([trade.side for trade in trades], pa.string()).cast(WORD),
            "price": pa.array([trade.price for trade in trades], pa.float64()),
            "amount": pa.array([trade.amount for trade in trades], pa.float64()),
        }
    )


def numbered(trades: Sequence[Trade]) -> list[Trade]:
    """The trades in order of time, with ids that increase."""
    return [replace(trade, id=number) for number, trade in enumerate(sorted(trades, key=lambda trade: trade.at))]


@st.composite
def _times(draw: st.DrawFn) -> list[int]:
    """Bursts of ties and near misses, with gaps from nothing to hours between them, ending on and beside bucket edges."""
    steps = draw(
        st.lists(
            st.one_of(
                st.just(0),
                st.integers(1, 2 * SECOND),
                st.integers(1, 120 * SECOND),
                st.integers(0, 40).map(lambda buckets: buckets * 15 * SECOND),
                st.integers(0, 7 * 3600 * SECOND),
            ),
            max_size=25,
        )
    )
    times, now = [], 0
    for step in steps:
        now += step
        times.append(now % (86_400 * SECOND))
    return sorted(times)


@st.composite
def _values(draw: st.DrawFn) -> tuple[st.SearchStrategy[float], st.SearchStrategy[float]]:
    """Prices and amounts that are decimals: tiny or huge, over up to nine and twelve orders of magnitude."""
    price_decimals, amount_decimals = draw(st.integers(0, 9)), draw(st.integers(0, 8))
    largest_price, largest_amount = draw(st.sampled_from([3, 50, 10**5, 10**9])), draw(st.sampled_from([2, 1000, 10**12]))
    prices = st.integers(1, largest_price).map(lambda ticks: ticks / 10**price_decimals)
    amounts = st.integers(1, largest_amount).map(lambda lots: lots / 10**amount_decimals)
    return prices, amounts


@st.composite
def _distinct_values(draw: st.DrawFn) -> tuple[st.SearchStrategy[float], st.SearchStrategy[float]]:
    """As :func:`_close_values`, but prices that are no decimals differ by a thousandth: nearer ones, as doubles, differ otherwise
    than the decimals do that they are printed as, and a reference of decimals cannot tell."""
    price, amount = 10.0 ** draw(st.integers(-14, 8)), 10.0 ** draw(st.integers(-9, 9))
    if draw(st.booleans()):
        return st.integers(10, 999).map(lambda steps: steps * price * math.pi / 30), st.floats(amount, 100 * amount)
    return st.integers(1, 99).map(lambda ticks: ticks / 1000), st.integers(1, 99).map(lambda lots: lots / 100)


@st.composite
def _close_values(draw: st.DrawFn) -> tuple[st.SearchStrategy[float], st.SearchStrategy[float]]:
    """Prices and amounts over two orders of magnitude, decimals or any doubles."""
    price, amount = 10.0 ** draw(st.integers(-14, 8)), 10.0 ** draw(st.integers(-9, 9))
    if draw(st.booleans()):
        return st.floats(price, 100 * price), st.floats(amount, 100 * amount)
    return st.integers(1, 99).map(lambda ticks: ticks / 1000), st.integers(1, 99).map(lambda lots: lots / 100)


def _trades(values: st.SearchStrategy[tuple[st.SearchStrategy[float], st.SearchStrategy[float]]]) -> st.SearchStrategy[list[Trade]]:
    """A day of trades in order: ties, gaps, unknown sides, late and early arrivals."""

    @st.composite
    def draw_trades(draw: st.DrawFn) -> list[Trade]:
        prices, amounts = draw(values)
        sides, delays = st.sampled_from(["buy", "sell", "unknown"]), st.integers(-2 * SECOND, 40 * SECOND)
        return [Trade(at, draw(prices), draw(amounts), draw(sides), number, draw(delays)) for number, at in enumerate(draw(_times()))]

    return draw_trades()


DECIMAL_TRADES = _trades(_values())
CLOSE_TRADES = _trades(_distinct_values())
ANY_TRADES = _trades(st.one_of(_values(), _close_values()))
CONTRACTS = st.sampled_from([SPOT, INVERSE, LINEAR])
