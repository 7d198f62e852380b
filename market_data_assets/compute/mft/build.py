"""Candles of one instrument, a day and the days before it → the day's features."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from market_data_assets.compute.mft.bars import PROVISIONAL, Bars, Floats, Int64s
from market_data_assets.compute.mft.grid import CandleDays, Flags, Grid, grid_of
from market_data_assets.compute.mft.look_back import days_of
from market_data_assets.compute.mft.record import MftFeature
from market_data_assets.compute.mft.registry import DEFAULTS, features_dataset, input_columns, look_back_days
from market_data_assets.domain.datasets import TIMESTAMP, TableFrame
from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import NotComputed, PartitionMissing

_CROSS_ASSET, _OPTIONS = "cross_asset", "options"


@dataclass(frozen=True, slots=True)
class FeatureDay:
    """The features of one instrument and day, and what the look-back lacked.

    Attributes:
        absent_days: Days of the look-back whose candles are not stored, of the instrument or of its benchmark, ascending.
        nulls_without_look_back: Feature → how many of its values are null in known bars whose look-back touches a day that is not
            stored; only features whose every input has values on the day itself, and only those with such nulls.
    """

    frame: TableFrame
    absent_days: tuple[dt.date, ...]
    nulls_without_look_back: Mapping[str, int]


def days_to_read(today: pa.Table, timeframe: Timeframe, features: Sequence[MftFeature] = DEFAULTS) -> int:
    """Earlier days that :func:`from_candles` reads, given the candles of the day: at most ``registry.look_back_days(timeframe)``.

    Only the underlyings of options need the 30 days of the variance risk premium.
    """
    return look_back_days(timeframe, _alive(today, features))


def from_candles(
    candles: CandleDays,
    day: dt.date,
    timeframe: Timeframe,
    *,
    benchmark: CandleDays | None = None,
    features: Sequence[MftFeature] = DEFAULTS,
) -> FeatureDay:
    """Features of one instrument and UTC day, one row per stored candle of the day.

    Only the look-back that the features declare is read: days before it, if given, change nothing.
    ``available_at`` is the latest of the candle's own and those of all candles before it in the look-back, the benchmark's
    included: a late trade of an earlier bar makes the row known later, never too early.

    Args:
        candles: The day and its look-back of :func:`days_to_read` days, columns of ``CANDLES[timeframe]`` (at least those of
            ``grid.KEY_COLUMNS`` and ``registry.input_columns``).
        benchmark: The same days of the instrument that ``registry.benchmark_of`` names; None where there is none.
        features: The records wanted, the default ones unless said otherwise.

    Raises:
        NotComputed: an option: its candles have no full grid, so there is no window to speak of.
        PartitionMissing: the day itself is not among the tables.
        SchemaDrift: candles lack a column that a feature reads.
        QueryError: candles of another instrument, day or timeframe.
    """
    instrument = candles.instrument_id
    if instrument.instrument_type is InstrumentType.OPTION:
        raise NotComputed(f"features of {instrument} on {day}: candles of options have no full grid, so no window is computed over them")
    if day not in candles.tables:
        raise PartitionMissing(f"candles_{timeframe} of {instrument}", day)
    alive = _alive(candles.tables[day], features)
    days = [day - dt.timedelta(days=back) for back in range(look_back_days(timeframe, alive), -1, -1)]
    own = grid_of(candles, days, timeframe, input_columns(features))
    other = None if benchmark is None else grid_of(benchmark, days, timeframe, ())
    bars = _with_benchmark(own, other)
    rows = len(bars) - timeframe.buckets_per_day + np.flatnonzero(own.stored[-timeframe.buckets_per_day :])
    values = {name: of_day[rows - len(bars)] for name, of_day in _values(bars, alive).items()}
    absent = own.absent if other is None else own.absent | other.absent
    missing = absent[:: timeframe.buckets_per_day]
    return FeatureDay(
        frame=TableFrame(_table(candles.tables[day], _known_at(own, other)[rows], values, features, timeframe)),
        absent_days=tuple(one for one, is_missing in zip(days, missing, strict=True) if is_missing),
        nulls_without_look_back=_nulls_without_look_back(bars, alive, values, rows, {True: absent, False: own.absent}),
    )


def _alive(today: pa.Table, features: Sequence[MftFeature]) -> list[MftFeature]:
    """The features but those of an option surface that the day's candles do not have: null whatever came before."""
    names = set(today.schema.names)

    def has_surface(column: str) -> bool:
        # A column that is missing altogether is for the reading of the candles to refuse.
        return column not in names or today[column].null_count < today.num_rows

    return [feature for feature in features if feature.group != _OPTIONS or has_surface(feature.inputs[0])]


def _with_benchmark(own: Grid, other: Grid | None) -> Bars:
    provisional = own.provisional if other is None else own.provisional | other.provisional
    columns = {**own.bars.columns, PROVISIONAL: np.maximum.accumulate(provisional.astype(np.float64))}
    return replace(own.bars, columns=columns, benchmark=None if other is None else other.bars)


def _known_at(own: Grid, other: Grid | None) -> Int64s:
    """When each bar and all bars before it could first be known, µs."""
    available_at = own.available_at if other is None else np.maximum(own.available_at, other.available_at)
    return np.maximum.accumulate(available_at)


def _values(bars: Bars, features: Sequence[MftFeature]) -> dict[str, Floats]:
    """Every feature's values of the whole day. Each sees the days it declares and no more, which is also what makes it cheap."""
    count = bars.timeframe.buckets_per_day
    views: dict[int, Bars] = {}
    values = {}
    for feature in features:
        days = days_of(feature, bars.timeframe)
        if days not in views:
            views[days] = bars.last((days + 1) * count)
        with np.errstate(all="ignore"):
            found = np.asarray(feature.value(views[days])[-count:], np.float64)
        # Numbers near the limits of a double may still overflow.
        values[feature.name] = np.where(np.isfinite(found), found, np.nan)
    return values


def _table(
    candles: pa.Table, known_at: Int64s, values: Mapping[str, Floats], features: Sequence[MftFeature], timeframe: Timeframe
) -> pa.Table:
    columns: dict[str, Any] = {name: candles[name] for name in ("instrument_id", "timestamp", "bucket_status")}
    starts = np.asarray(candles["timestamp"].cast(pa.int64()).to_numpy())
    columns["timestamp_close"] = pa.array(starts + timeframe.microseconds).view(TIMESTAMP)
    columns["available_at"] = pa.array(known_at).view(TIMESTAMP)
    nothing = np.full(len(candles), np.nan)
    for feature in features:
        found = values.get(feature.name, nothing)
        columns[feature.name] = pa.array(found, mask=np.isnan(found)).cast(feature.type)
    schema = features_dataset(timeframe, features).schema
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _nulls_without_look_back(
    bars: Bars, features: Sequence[MftFeature], values: Mapping[str, Floats], rows: Int64s, absent: Mapping[bool, Flags]
) -> dict[str, int]:
    """Counts as FeatureDay says. ``absent`` is by bar, with the benchmark's days (True) and without."""
    count = bars.timeframe.buckets_per_day
    day = slice(len(bars) - count, len(bars))
    before = {with_benchmark: np.concatenate([[0], np.cumsum(flags)]) for with_benchmark, flags in absent.items()}
    counts = {}
    for feature in features:
        reach = max(feature.look_back_bars, feature.look_back_days * count)
        sums = before[feature.group == _CROSS_ASSET]
        touched = sums[rows + 1] > sums[np.maximum(rows - reach, 0)]
        if not all(np.isfinite(bars[name][day]).any() for name in feature.inputs if name in bars.columns):
            continue
        if found := int(np.count_nonzero(np.isnan(values[feature.name]) & touched & bars.known[rows])):
            counts[feature.name] = found
    return counts
