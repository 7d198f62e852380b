"""Small books for the tests: rows that can be read at a glance, as raw tables, and strategies that make unruly ones."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from hypothesis import strategies as st

from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import InstrumentId

DAY = dt.date(2024, 8, 8)
START = day_start(DAY)
SECOND = 1_000_000

LINEAR = Contract(InstrumentId.parse("BINANCE:PERP:BTC-USDT"), inverse=False, multiplier=1.0)
INVERSE = Contract(InstrumentId.parse("BINANCE:PERP:BTC-USD"), inverse=True, multiplier=100.0)
OPTION = Contract(InstrumentId.parse("DERIBIT:OPTION:BTC-USD-100000-241227-CALL"), inverse=False, multiplier=1.0)

Side = Sequence[tuple[float, float]]
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Row:
    """One book update ``at`` µs after midnight; sides are (price, amount) pairs, best first."""

    at: int
    asks: Side
    bids: Side
    delay: int = 1_000

    @property
    def time(self) -> int:
        return START + self.at

    @property
    def arrival(self) -> int:
        return self.time + self.delay


def table(rows: Sequence[Row], levels: int = 5) -> pa.Table:
    """The raw table of these rows, missing levels NaN."""

    def column(side: str, part: int) -> pa.Array:
        values = [level[part] for row in rows for level in _padded(getattr(row, side), levels)]
        return pa.FixedSizeListArray.from_arrays(pa.array(values, pa.float64()), levels)

    return pa.table(
        {
            "timestamp": pa.array([row.time for row in rows], pa.int64()).cast(TIMESTAMP),
            "local_timestamp": pa.array([row.arrival for row in rows], pa.int64()).cast(TIMESTAMP),
            "ask_prices": column("asks", 0),
            "ask_amounts": column("asks", 1),
            "bid_prices": column("bids", 0),
            "bid_amounts": column("bids", 1),
        }
    )


def _padded(side: Side, levels: int) -> list[tuple[float, float]]:
    return [*side, *[(NAN, NAN)] * (levels - len(side))][:levels]


def around(bid: float, ask: float, *, at: int = 0, delay: int = 1_000) -> Row:
    """A book of one level a side, amounts 2 (ask) and 3 (bid)."""
    return Row(at, [(ask, 2.0)], [(bid, 3.0)], delay)


@st.composite
def _sides(draw: st.DrawFn, levels: int) -> tuple[Side, Side]:
    tick = 0.01
    bid = draw(st.integers(10_000, 20_000))
    # Negative is crossed, 0 locked.
    ask = bid + draw(st.sampled_from([-3, 0, 1, 2, 40]))
    sides = []
    for best, direction in ((ask, 1), (bid, -1)):
        count = draw(st.integers(0, levels))
        steps = draw(st.lists(st.integers(1, 30), min_size=count, max_size=count))
        amounts = draw(st.lists(st.integers(1, 2_000_000), min_size=count, max_size=count))
        ticks = [best + direction * sum(steps[:number]) for number in range(count)]
        sides.append([(ticks[number] * tick, amounts[number] / 1_000) for number in range(count)])
    return sides[0], sides[1]


@st.composite
def unruly_rows(draw: st.DrawFn, *, levels: int, first: int, last: int) -> list[Row]:
    """Rows ascending in time within ``[first, last)`` µs of the day: ties, gaps, boundaries, crossed, locked and one-sided books."""
    edges = st.integers(first // (15 * SECOND), last // (15 * SECOND) - 1).map(lambda bucket: max(first, bucket * 15 * SECOND))
    times = sorted(draw(st.lists(st.one_of(st.integers(first, last - 1), edges), max_size=12)))
    rows = []
    for at in times:
        asks, bids = draw(_sides(levels))
        rows.append(Row(at, asks, bids, delay=draw(st.integers(-2 * SECOND, 40 * SECOND))))
    return rows


def listed(contract: Contract, first: int, last: int) -> Contract:
    """The contract listed only in ``[first, last)`` µs of the day, which keeps tables small."""
    return Contract(contract.instrument_id, contract.inverse, contract.multiplier, START + first, START + last)
