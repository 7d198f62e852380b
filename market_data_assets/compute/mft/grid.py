"""Stored candles of several days → the bars that features are computed from."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.bars import NO_DATA, Bars, Floats, Int64s
from market_data_assets.domain.days import DAY_MICROSECONDS, day_end, day_of, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import QueryError, SchemaDrift

Flags = npt.NDArray[np.bool_]

KEY_COLUMNS = ("instrument_id", "timestamp", "available_at", "bucket_status")
"""Columns of the candles that are read whatever the features."""

_KNOWN = pa.array(["traded", "no_trades"])
_HALTED = pa.array(["halted"])
_NOT_LISTED = pa.array(["not_listed"])
_CLOSE = "close"
_PRICES = ("open", "high", "low", _CLOSE)


@dataclass(frozen=True, slots=True)
class CandleDays:
    """Candles of one instrument and timeframe, day by day.

    Attributes:
        tables: Stored candles by UTC day, ascending; a day that is not stored has no entry.
        provisional: The days whose late rows may still come.
        expiry: Instant of expiry, µs UTC, from the instruments table; None where there is none.
        funding_interval_hours: Hours that a funding rate of the instrument's market is for; None where only the data can say.
    """

    instrument_id: InstrumentId
    tables: Mapping[dt.date, pa.Table]
    provisional: frozenset[dt.date] = field(default=frozenset())
    expiry: int | None = None
    funding_interval_hours: float | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """Every bucket of some consecutive days, and which of them have a candle.

    Attributes:
        bars: The bars, without a benchmark.
        stored: Whether the bucket's candle is stored.
        absent: Whether the bucket's whole day is not stored.
        available_at: When the candle could first be known, µs UTC; the smallest integer where there is none.
        provisional: Whether late rows of the bucket's day may still come.
    """

    bars: Bars
    stored: Flags
    absent: Flags
    available_at: Int64s
    provisional: Flags


def grid_of(candles: CandleDays, days: Sequence[dt.date], timeframe: Timeframe, columns: Iterable[str]) -> Grid:
    """The candles of consecutive ``days`` on one grid.

    Args:
        columns: Columns of the candles that are wanted as arrays; the close is among them whether asked for or not.

    Raises:
        SchemaDrift: a table lacks one of the columns.
        QueryError: candles of another instrument, day or timeframe, or not ascending.
    """
    wanted = [name for name in dict.fromkeys([_CLOSE, *columns]) if name not in KEY_COLUMNS]
    table = _joined(candles, [day for day in days if day in candles.tables], timeframe, wanted)
    start = np.arange(day_start(days[0]), day_end(days[-1]), timeframe.microseconds, dtype=np.int64)
    at = (_instants(table["timestamp"]) - start[0]) // timeframe.microseconds
    places = _Places(len(start), at)
    stored = places.put(np.ones(len(at), np.bool_), False)
    known = places.put(_is_one_of(table, _KNOWN), False)
    unlisted = places.put(_is_one_of(table, _NOT_LISTED), True)
    arrays = {name: _masked(places.put(_numbers(table, name), np.nan), known) for name in wanted}
    _fill_flat_bars(arrays, known)
    halted = places.put(_is_one_of(table, _HALTED), False)
    arrays[NO_DATA] = np.where(known | halted, 0.0, np.where(unlisted, np.nan, 1.0))
    bars = Bars(
        instrument_id=candles.instrument_id,
        timeframe=timeframe,
        start=start,
        known=known,
        columns=arrays,
        expiry=candles.expiry,
        funding_interval_hours=candles.funding_interval_hours,
    )
    return Grid(
        bars=bars,
        stored=stored,
        absent=_by_day([day not in candles.tables for day in days], timeframe),
        available_at=places.put(_instants(table["available_at"]), np.iinfo(np.int64).min),
        provisional=_by_day([day in candles.provisional for day in days], timeframe),
    )


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the stored rows stand on the grid."""

    length: int
    at: Int64s

    def put(self, values: npt.NDArray[Any], elsewhere: float) -> npt.NDArray[Any]:
        result = np.full(self.length, elsewhere, values.dtype)
        result[self.at] = values
        return result


def _joined(candles: CandleDays, days: Sequence[dt.date], timeframe: Timeframe, wanted: Sequence[str]) -> pa.Table:
    """The wanted columns of some days, one after the other, their rows checked."""
    names = [*KEY_COLUMNS, *wanted]
    for day in days:
        if missing := sorted(set(names) - set(candles.tables[day].schema.names)):
            raise SchemaDrift(f"candles of {candles.instrument_id} on {day}: missing columns {missing}, which features of {timeframe} read")
    if not days:
        return CANDLES[timeframe].schema.empty_table().select(names)
    table = pa.concat_tables([candles.tables[day].select(names) for day in days])
    what = f"candles of {candles.instrument_id} from {days[0]} to {days[-1]}"
    found = pc.unique(table["instrument_id"]).to_pylist()
    if table.num_rows and found != [str(candles.instrument_id)]:
        raise QueryError(f"{what}: expected one instrument, found {found[:3]}")
    starts = _instants(table["timestamp"])
    if (starts % timeframe.microseconds).any() or (np.diff(starts) <= 0).any():
        raise QueryError(f"{what}: expected ascending starts of {timeframe} buckets")
    lengths = [candles.tables[day].num_rows for day in days]
    stray = starts // DAY_MICROSECONDS != np.repeat([day_start(day) // DAY_MICROSECONDS for day in days], lengths)
    if stray.any():
        raise QueryError(f"{what}: a bucket of {day_of(int(starts[stray][0]))} is among those of another day")
    return table


def _instants(column: "pa.ChunkedArray[Any]") -> Int64s:
    return np.asarray(column.cast(pa.int64()).to_numpy(), np.int64)


def _is_one_of(table: pa.Table, statuses: "pa.Array[Any]") -> Flags:
    return np.asarray(pc.is_in(table["bucket_status"], value_set=statuses).to_numpy(), np.bool_)


def _numbers(table: pa.Table, name: str) -> Floats:
    """A column as doubles. Instants and counts stay exact: both are below 2^53."""
    column: Any = table[name]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def _masked(values: Floats, known: Flags) -> Floats:
    return np.where(known, values, np.nan)


def _by_day(flags: Sequence[bool], timeframe: Timeframe) -> Flags:
    return np.repeat(np.array(flags, np.bool_), DAY_MICROSECONDS // timeframe.microseconds)


def _fill_flat_bars(arrays: dict[str, Floats], known: Flags) -> None:
    """Gives the known bars without trades the close before them, as long as no hole lies between."""
    close = arrays[_CLOSE]
    place = np.arange(len(close))
    traded = known & ~np.isnan(close)
    last_traded = np.maximum.accumulate(np.where(traded, place, -1))
    last_hole = np.maximum.accumulate(np.where(known, -1, place))
    flat = known & ~traded & (last_traded > last_hole)
    before = close[last_traded[flat]]
    for name in _PRICES:
        if name in arrays:
            arrays[name][flat] = before
