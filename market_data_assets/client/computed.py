"""Features that are not stored, computed from stored candles when they are read."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from market_data_assets.assembly.candle_days import DEFINITION_COLUMNS, FeatureInputs
from market_data_assets.client.lake_shelf import LakeShelf
from market_data_assets.client.stored_days import Parts, Piece, StoredDay, StoredDays, StoredFile, look_up_each, read_each
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.record import MftFeature
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import NotComputed
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.parquet_read import times_of


class ComputedFeatures:
    """Some features of a timeframe, as a shelf whose days are those of the candles they are computed from.

    A day that is not among the instruments tables is missing too: expiry and funding intervals come from there. Earlier days
    that a window reaches back to may be missing: values are then null, as in the stored features.
    """

    def __init__(self, lake: LakeReader, timeframe: Timeframe, features: tuple[MftFeature, ...], at_a_time: int) -> None:
        self._lake, self._timeframe, self._features, self._at_a_time = lake, timeframe, features, at_a_time
        self._candles = LakeShelf(lake, CANDLES[timeframe])
        # Every instrument of a day has the same look-back and benchmarks.
        self._inputs = cache(self._find_inputs)

    @property
    def name(self) -> str:
        """The table of candles that they are computed from."""
        return self._candles.name

    @property
    def spills(self) -> bool:
        """Never: a row has its bucket's day."""
        return False

    def days(self) -> Sequence[dt.date]:
        """The days of the candles, ascending."""
        return self._candles.days()

    def look_up(self, days: Sequence[dt.date]) -> StoredDays:
        """The candles of each day."""
        return look_up_each(self._day, days, self._at_a_time)

    def read(self, pieces: Sequence[Piece], columns: Sequence[str], time_range: TimeRange) -> Parts:
        """The features of each instrument-day, of the bars that start in the range."""
        return read_each(lambda piece: self._rows(piece, columns, time_range), pieces, self._at_a_time)

    def _day(self, day: dt.date) -> StoredDay:
        self._lake.manifest(INSTRUMENTS, day)
        return _CandleDay(self._candles.day(day))

    def _rows(self, piece: Piece, columns: Sequence[str], time_range: TimeRange) -> pa.Table:
        table = self._inputs(piece.day).compute(piece.instrument).frame.table.select(list(columns))
        start, end = np.searchsorted(times_of(table), [time_range.start, time_range.end])
        return table.slice(int(start), int(end - start))

    def _find_inputs(self, day: dt.date) -> FeatureInputs:
        definitions = self._lake.read_table(INSTRUMENTS, day, DEFINITION_COLUMNS)
        return FeatureInputs.read(self._lake, day, self._timeframe, definitions, self._features)


@dataclass(frozen=True, slots=True)
class _CandleDay:
    """A day of candles, but those of options, which have no features."""

    stored: StoredDay

    def file(self, instrument: InstrumentId) -> StoredFile | None:
        return None if instrument.instrument_type is InstrumentType.OPTION else self.stored.file(instrument)

    def reason(self, instrument: InstrumentId) -> str | None:
        return NotComputed.reason if instrument.instrument_type is InstrumentType.OPTION else self.stored.reason(instrument)

    def instruments(self) -> Sequence[str]:
        return self.stored.instruments()
