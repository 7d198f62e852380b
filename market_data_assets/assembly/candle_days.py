"""Candles of a day and of the days before it, as features are computed from them."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

import pyarrow as pa

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.build import FeatureDay, from_candles
from market_data_assets.compute.mft.grid import KEY_COLUMNS, CandleDays
from market_data_assets.compute.mft.record import MftFeature
from market_data_assets.compute.mft.registry import DEFAULTS, benchmark_of, input_columns, look_back_days
from market_data_assets.domain.datasets import DailyFrames, Finality
from market_data_assets.domain.days import to_instant
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.domain.venues import market_of
from market_data_assets.errors import NoData, PartitionMissing, Unusable
from market_data_assets.storage.lake_reader import LakeReader

DEFINITION_COLUMNS = ("instrument_id", "tardis_exchange", "expiry")
"""What features need to know of an instrument, columns of the instruments table."""

_BENCHMARKS_KEPT = 4


@dataclass(frozen=True)
class FeatureInputs:
    """The stored candles that the features of one day and timeframe are computed from.

    Attributes:
        days: The day and those of its look-back that are stored, ascending.
        definitions: Rows of the day's instruments table by id.
    """

    day: dt.date
    timeframe: Timeframe
    days: Mapping[dt.date, DailyFrames]
    definitions: Mapping[str, Mapping[str, Any]]
    features: tuple[MftFeature, ...]

    @classmethod
    def read(
        cls, lake: LakeReader, day: dt.date, timeframe: Timeframe, instruments: pa.Table, features: tuple[MftFeature, ...] = DEFAULTS
    ) -> "FeatureInputs":
        """Find what is stored; candles are read when they are asked for.

        Raises:
            PartitionMissing: the day itself is not stored; an earlier day that is not is no error.
        """
        days = {day: lake.read_day(CANDLES[timeframe], day)}
        for back in range(1, look_back_days(timeframe, features) + 1):
            earlier = day - dt.timedelta(days=back)
            try:
                days[earlier] = lake.read_day(CANDLES[timeframe], earlier)
            except PartitionMissing:
                continue
        definitions = {row["instrument_id"]: row for row in instruments.select(list(DEFINITION_COLUMNS)).to_pylist()}
        return cls(day, timeframe, dict(sorted(days.items())), definitions, features)

    @property
    def inputs(self) -> Mapping[str, str]:
        """Content hashes of all these days."""
        return {name: digest for day in self.days.values() for name, digest in day.inputs.items()}

    def compute(self, instrument: InstrumentId) -> FeatureDay:
        """The features of one instrument's day; errors as :func:`market_data_assets.compute.mft.build.from_candles`."""
        against = benchmark_of(instrument, [*self.days[self.day]])
        benchmark = None if against is None else self._benchmark(against)
        return from_candles(self._candles(instrument), self.day, self.timeframe, benchmark=benchmark, features=self.features)

    @cached_property
    def _benchmark(self) -> Callable[[InstrumentId], CandleDays]:
        """Candles, remembered: every instrument of a venue is measured against the same ones."""
        return lru_cache(_BENCHMARKS_KEPT)(self._candles)

    def _candles(self, instrument: InstrumentId) -> CandleDays:
        row = self.definitions.get(str(instrument), {})
        exchange = row.get("tardis_exchange")
        return CandleDays(
            instrument_id=instrument,
            tables={day: table for day in self.days for table in self._table(instrument, day)},
            provisional=frozenset(day for day, frames in self.days.items() if frames.finality is Finality.PROVISIONAL),
            expiry=None if row.get("expiry") is None else to_instant(row["expiry"]),
            funding_interval_hours=None if exchange is None else market_of(exchange).funding_interval_hours,
        )

    def _table(self, instrument: InstrumentId, day: dt.date) -> list[pa.Table]:
        """The candles of a day; none where an earlier day has none of the instrument."""
        frames = self.days[day]
        if instrument not in frames:
            return []
        try:
            return [frames[instrument].read(_columns(self.features))]
        except (NoData, Unusable):
            if day == self.day:
                raise
            return []


@lru_cache
def _columns(features: tuple[MftFeature, ...]) -> tuple[str, ...]:
    known = CANDLES[next(iter(CANDLES))].columns
    return tuple(dict.fromkeys([*KEY_COLUMNS, "close", *(name for name in input_columns(features) if name in known)]))


def feature_frames(inputs: FeatureInputs, candles: DailyFrames) -> DailyFrames:
    """The day's features of the instruments of ``candles``, each computed when asked for; notes count nulls for want of look-back."""
    notes: list[Mapping[str, int]] = []

    def load(instrument: InstrumentId) -> Any:
        result = inputs.compute(instrument)
        notes.append(result.nulls_without_look_back)
        return result.frame

    loaders = {instrument: partial(load, instrument) for instrument in candles}
    return DailyFrames(candles.day, loaders, candles.absent, candles.finality, inputs.inputs, candles.partial, notes)
