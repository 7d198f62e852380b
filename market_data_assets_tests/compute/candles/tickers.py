"""Small tables of derivative tickers, and random ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from hypothesis import strategies as st

from market_data_assets.domain.schemas import DERIVATIVE_TICKER
from market_data_assets_tests.compute.candles.trades import MIDNIGHT, SECOND

HOUR = 3_600 * SECOND
FIELDS = ("mark_price", "index_price", "funding_rate", "predicted_funding_rate", "open_interest")


@dataclass(frozen=True)
class Ticker:
    """Microseconds since 00:00 (of the row and of the next funding), and the arrival's delay in microseconds."""

    at: int
    mark_price: float | None = None
    index_price: float | None = None
    funding_rate: float | None = None
    predicted_funding_rate: float | None = None
    open_interest: float | None = None
    funding_timestamp: int | None = None
    delay: int = 1_000


def ticker_table(rows: Sequence[Ticker]) -> pa.Table:
    """The rows as the lake would give them."""
    values: dict[str, list[float | None]] = {
        "timestamp": [MIDNIGHT + row.at for row in rows],
        "local_timestamp": [MIDNIGHT + row.at + row.delay for row in rows],
        "funding_timestamp": [None if row.funding_timestamp is None else MIDNIGHT + row.funding_timestamp for row in rows],
        "last_price": [None for _ in rows],
        **{name: [getattr(row, name) for row in rows] for name in FIELDS},
    }
    types = {name: column.type for name, column in DERIVATIVE_TICKER.columns.items()}
    return pa.table(
        {name: pa.array(values[name], pa.int64() if pa.types.is_timestamp(type_) else type_).cast(type_) for name, type_ in types.items()}
    )


def _maybe(values: st.SearchStrategy[float]) -> st.SearchStrategy[float | None]:
    return st.one_of(st.none(), values)


SPAN = 2 * HOUR
"""Random rows lie in the first two hours of the day."""
_STEPS = st.one_of(st.just(0), st.integers(1, 20 * SECOND), st.integers(0, 40).map(lambda n: n * 15 * SECOND))


@st.composite
def _times(draw: st.DrawFn) -> list[int]:
    times, now = [], draw(st.integers(0, 600 * SECOND))
    for step in draw(st.lists(_STEPS, max_size=15)):
        now += step
        times.append(min(now, SPAN - 1))
    return times


@st.composite
def _tickers(draw: st.DrawFn) -> list[Ticker]:
    price, rate, interest = st.floats(1, 1e5), st.floats(-0.01, 0.01), st.integers(0, 1_000).map(float)
    row = st.tuples(*(_maybe(of) for of in (price, price, rate, rate, interest, st.sampled_from([HOUR, 5 * HOUR, 9 * HOUR]))))
    return [Ticker(at, *draw(row), draw(st.integers(-SECOND, 40 * SECOND))) for at in draw(_times())]


TICKERS = _tickers()
TIMES = _times()
