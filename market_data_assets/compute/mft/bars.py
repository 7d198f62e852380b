"""What a mid-frequency feature is computed from: consecutive candles of one instrument as arrays, the look-back in front."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import Timeframe

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]

NO_DATA = "no_data"
PROVISIONAL = "provisional"


@dataclass(frozen=True)
class Bars:
    """Every bucket from the first of the look-back to the last of the day, ascending, none left out.

    A bar is *known* when its candle is stored and its status is ``traded`` or ``no_trades``; any other bar is a hole, NaN in
    every array. A known bar without trades is flat: open, high, low and close are the last close before it (NaN until the first
    trade after a hole), its volumes and counts are 0.

    Attributes:
        start: Starts of the buckets, µs UTC.
        known: Whether the bar is known.
        columns: Columns of the candles as doubles, NaN for null; open, high, low, close filled as said above, everything else
            as stored. Instants are µs UTC. Beside them stand two of our own, which are not NaN in every hole: ``no_data`` is 1
            where the stored status says so, 0 where it is ``traded``, ``no_trades`` or ``halted``; ``provisional`` is 1 from the
            first bar on whose day late rows may still change, of the instrument or of its benchmark.
        benchmark: The same bars of the base-asset-BTC perpetual that betas are measured against; None where there is none.
        expiry: Instant of expiry, µs UTC; None where it does not expire or the instant is not known.
        funding_interval_hours: Hours that a funding rate is for; None where only the data can say.
    """

    instrument_id: InstrumentId
    timeframe: Timeframe
    start: Int64s
    known: npt.NDArray[np.bool_]
    columns: Mapping[str, Floats]
    benchmark: "Bars | None" = field(default=None)
    expiry: int | None = None
    funding_interval_hours: float | None = None

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, column: str) -> Floats:
        return self.columns[column]

    def last(self, count: int) -> "Bars":
        """The last ``count`` bars."""
        first = max(len(self) - count, 0)
        return replace(
            self,
            start=self.start[first:],
            known=self.known[first:],
            columns={name: values[first:] for name, values in self.columns.items()},
            benchmark=None if self.benchmark is None else self.benchmark.last(count),
        )
