"""Filling the prices of buckets without trades, when a reader asks for it. Storage never holds a filled price."""

import numpy as np
import pyarrow as pa

from market_data_assets.domain.timeframes import Timeframe

FILLED = ("open", "high", "low", "close")
NEEDED = ("instrument_id", "timestamp", "bucket_status", *FILLED)
_TRADED, _NO_TRADES = "traded", "no_trades"


def forward_fill(candles: pa.Table, timeframe: Timeframe) -> pa.Table:
    """``candles`` with the last close as open, high, low and close of each ``no_trades`` bucket after it.

    A close is carried over buckets that are known to have had no trades, and over nothing else: not over ``no_data`` or
    any other status, nor a bucket that is not there, nor to another instrument. Other columns stay as they are.

    Args:
        candles: The columns NEEDED and any others; by instrument, ascending in time.
    """
    if not candles.num_rows:
        return candles
    row = np.arange(candles.num_rows)
    status = np.asarray(candles["bucket_status"].to_pylist(), dtype=object)
    close = candles["close"].to_numpy(zero_copy_only=False)
    breaks = (status != _TRADED) & (status != _NO_TRADES)
    breaks[0] = True
    times = candles["timestamp"].cast(pa.int64()).to_numpy()
    instruments = np.asarray(candles["instrument_id"].to_pylist(), dtype=object)
    breaks[1:] |= (np.diff(times) != timeframe.microseconds) | (instruments[1:] != instruments[:-1])
    last_break = np.maximum.accumulate(np.where(breaks, row, 0))
    last_close = np.maximum.accumulate(np.where(np.isnan(close), -1, row))
    filled = (status == _NO_TRADES) & np.isnan(close) & (last_close >= last_break)
    carried = close[np.where(filled, last_close, row)]
    for name in FILLED:
        own = candles[name].to_numpy(zero_copy_only=False)
        values = pa.array(np.where(filled, carried, own), pa.float64(), from_pandas=True)
        candles = candles.set_column(candles.column_names.index(name), candles.schema.field(name), values)
    return candles
