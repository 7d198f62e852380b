"""Random days whose rows may arrive late, and tables as they were at an instant."""

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.compute.candles import Feeds
from market_data_assets_tests.compute.book_snapshots import books
from market_data_assets_tests.compute.book_snapshots.books import Row
from market_data_assets_tests.compute.candles.tickers import Ticker, ticker_table
from market_data_assets_tests.compute.candles.trades import SECOND, Trade, table
from market_data_assets_tests.compute.options import chains
from market_data_assets_tests.compute.options.chains import Quote

FIRST, SPAN = 36_000 * SECOND, 3_600 * SECOND
"""Rows lie in the hour from 10:00."""
_STRIKES = (55_000.0, 60_000.0, 65_000.0)


def as_known(rows: pa.Table, instant: dt.datetime) -> pa.Table:
    """The rows that had arrived."""
    return rows.filter(pc.less_equal(rows["local_timestamp"], pa.scalar(instant, rows.schema.field("local_timestamp").type)))


def feeds_as_known(feeds: Feeds, instant: dt.datetime) -> Feeds:
    """The same feeds, of each the rows that had arrived."""
    tables = {field.name: getattr(feeds, field.name) for field in dataclasses.fields(feeds)}
    return Feeds(**{name: None if rows is None else as_known(rows, instant) for name, rows in tables.items()})


def row_at(rows: pa.Table, timestamp: dt.datetime) -> dict[str, object]:
    """The one row of a bucket."""
    (row,) = rows.filter(pc.equal(rows["timestamp"], pa.scalar(timestamp, rows.schema.field("timestamp").type))).to_pylist()
    return dict(row)


def differences(found: Mapping[str, object], expected: Mapping[str, object]) -> list[str]:
    """The columns that differ by more than the last digits, which the units of a day's sums move: they follow its decimals."""
    return [name for name, value in expected.items() if not name.startswith("_") and not _same(found[name], value)]


def _same(value: object, expected: object) -> bool:
    if isinstance(value, float) and isinstance(expected, float):
        return math.isclose(value, expected, rel_tol=1e-9, abs_tol=1e-9)
    return value == expected


class Day:
    """One random day; the same seed gives the same one."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        # Where rows come half an hour late, most of what is known waits for them; a milder day tells more of the rest.
        self._latest = self._random.permutation([1_800 * SECOND, 60 * SECOND, SECOND // 100])[:2]

    def feeds(self) -> Feeds:
        """Every feed of an underlying, in order of arrival."""
        return Feeds(*(_by_arrival(rows) for rows in (self.trades(), self.book(), self._ticker(), self._liquidations(), self._chain())))

    def trades(self) -> pa.Table:
        """Trades numbered one by one, with some of them missing or given twice; or not numbered at all."""
        kind = ("numbered", "incomplete", "text", "none")[self._random.integers(4)]
        rows = [self._trade(at, number) for number, at in enumerate(self._times(60))]
        if kind == "incomplete":
            start = int(self._random.integers(10, 50))
            rows = rows[:start] + rows[start + 3 :]
        rows += [dataclasses.replace(rows[number], delay=self._delay()) for number in self._random.integers(0, len(rows), 3)]
        rows += [dataclasses.replace(rows[number], amount=77.0, delay=self._delay()) for number in self._random.integers(0, len(rows), 2)]
        names = {"text": lambda number: f"t{number}", "none": lambda _: None}
        return _by_arrival(table([dataclasses.replace(row, id=names.get(kind, lambda number: number)(row.id)) for row in rows]))

    def book(self) -> pa.Table:
        """Books of every kind, with pauses."""
        rows = []
        for at in self._times(25):
            bid = int(self._random.integers(990, 1_010))
            ask = bid + int(self._random.choice([-2, 0, 1, 5]))
            kind = self._random.integers(8)
            asks = [] if kind <= 1 else [((ask + level) / 10, float(self._random.integers(1, 9))) for level in range(3)]
            bids = [] if kind <= 2 and kind != 1 else [((bid - level) / 10, float(self._random.integers(1, 9))) for level in range(3)]
            rows.append(Row(at, asks, bids, self._delay()))
        return _by_arrival(books.table(rows))

    def _trade(self, at: int, number: int) -> Trade:
        price, amount = self._random.integers(990, 1_010) / 10, self._random.integers(1, 50) / 10
        return Trade(at, float(price), float(amount), str(self._random.choice(["buy", "sell", "unknown"])), number, self._delay())

    def _ticker(self) -> pa.Table:
        fields = ("mark_price", "index_price", "funding_rate", "open_interest")
        rows = []
        for at in self._times(15):
            known = {name: float(self._random.integers(1, 9)) for name in fields if self._random.random() < 0.6}
            funding = (int(at // (900 * SECOND)) + 1) * 900 * SECOND
            rows.append(Ticker(at, **known, funding_timestamp=funding, delay=self._delay()))
        return ticker_table(rows)

    def _liquidations(self) -> pa.Table:
        rows = [dataclasses.replace(self._trade(at, number), side="sell") for number, at in enumerate(self._times(8))]
        return table([*rows, dataclasses.replace(rows[2], delay=self._delay())])

    def _chain(self) -> pa.Table:
        rows = []
        for at in self._times(80):
            kind = str(self._random.choice(["call", "put"]))
            delta = float(self._random.integers(5, 60)) / 100
            premium = float(self._random.integers(1, 9)) / 100
            quote = Quote(
                strike=float(self._random.choice(_STRIKES)),
                kind=kind,
                at=at,
                days=int(self._random.choice([20, 45])),
                iv=float(self._random.integers(40, 80)),
                delta=delta if kind == "call" else -delta,
                interest=float(self._random.integers(0, 9)),
                bid=premium,
                ask=premium + 0.01,
                delay=self._delay(),
            )
            rows.append(quote)
        return chains.table(rows)

    def _times(self, count: int) -> list[int]:
        """Ascending, in bursts with pauses of some minutes between them; some equal, some at the edge of a bucket."""
        bursts = self._random.integers(0, SPAN // SECOND, max(count // 8, 1))
        seconds = np.sort(self._random.choice(bursts, count) + self._random.integers(0, 90, count)) * SECOND
        return [int(at) for at in FIRST + seconds + self._random.choice([0, 0, 17], count).cumsum()]

    def _delay(self) -> int:
        """Mostly some milliseconds; some rows arrive up to half an hour late, others before the exchange's own time."""
        latest = SECOND // 100 if self._random.random() < 0.9 else int(self._random.choice(self._latest))
        return int(self._random.integers(-SECOND // 100, latest))


def _by_arrival(rows: pa.Table) -> pa.Table:
    return rows.take(pc.sort_indices(rows, [("local_timestamp", "ascending")]))
