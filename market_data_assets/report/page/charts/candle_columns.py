"""Candles of one instrument as the columns that the panels draw, and as the text that carries them in the page."""

import base64
import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.report.page.charts.colours import GAP_FILLS
from market_data_assets.report.page.charts.named import CANDLES, GAPS, PRICE, TIME, VOLUME

READ = (
    "timestamp",
    "timestamp_close",
    "bucket_status",
    "open",
    "high",
    "low",
    "close",
    "buy_volume",
    "sell_volume",
    "unknown_volume",
    "trade_count",
    "spread_bps_twa",
    "obi_5_twa",
)
"""What is read of a table of candles."""
_EXACT, _SHORT = ("open", "high", "low", "close"), ("buy_volume", "sell_volume", "unknown_volume", "spread_bps_twa", "obi_5_twa")
COLUMNS = ("start", "at", "width", "body", *_EXACT, *_SHORT, "trades", "rising")
"""What is drawn: ``at`` is the middle of the bucket, ``width`` its length, ms UTC, and ``body`` how much of that a candle takes."""
GAP_COLUMNS = ("start", "end", "colour")
_BODY = 0.72
Column = npt.NDArray[np.generic]


def columns_text(table: pa.Table, span: tuple[int, int], *, base: str, quote: str) -> str:
    """What the panels draw of a table with the columns :data:`READ`, as JSON that is safe inside a script element.

    Args:
        table: Candles of one instrument, ascending; prices are null where nobody traded.
        span: ``[start, end)`` of the day, µs UTC.
        base, quote: What volumes and prices are in.
    """
    columns = {name: _encoded(values) for name, values in columns_of(table).items()}
    labels = {PRICE: f"price, {quote}", VOLUME: f"volume, {base}"}
    parts = {CANDLES: columns, GAPS: gaps_of(table), TIME: [instant // 1_000 for instant in span], "labels": labels}
    return json.dumps(parts, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def columns_of(table: pa.Table) -> Mapping[str, Column]:
    """The columns :data:`COLUMNS`; NaN where a value is null."""
    start, end = _milliseconds(table, "timestamp"), _milliseconds(table, "timestamp_close")
    columns: dict[str, Column] = {
        "start": start,
        "at": (start + end) / 2,
        "width": (end - start).astype(np.float32),
        "body": ((end - start) * _BODY).astype(np.float32),
    }
    columns |= {name: _numbers(table, name) for name in _EXACT}
    # Half the bytes: nobody sees the eighth digit of a volume.
    columns |= {name: _numbers(table, name).astype(np.float32) for name in _SHORT}
    columns["trades"] = table["trade_count"].cast(pa.int32()).to_numpy()
    columns["rising"] = (_numbers(table, "close") >= _numbers(table, "open")).astype(np.uint8)
    return columns


def gaps_of(table: pa.Table) -> Mapping[str, list[float] | list[str]]:
    """Each run of buckets of which nothing is known, ms UTC, with its colour."""
    start, end = _milliseconds(table, "timestamp").tolist(), _milliseconds(table, "timestamp_close").tolist()
    runs: list[tuple[float, float, str]] = []
    for first, last, state in zip(start, end, table["bucket_status"].to_pylist(), strict=True):
        colour = GAP_FILLS.get(str(state))
        if colour is None:
            continue
        if runs and runs[-1][1:] == (first, colour):
            runs[-1] = (runs[-1][0], last, colour)
        else:
            runs.append((first, last, colour))
    return {"start": [run[0] for run in runs], "end": [run[1] for run in runs], "colour": [run[2] for run in runs]}


def _encoded(values: Column) -> Mapping[str, str]:
    """Little-endian numbers in base 64, a third of what they take as text."""
    little = values.astype(values.dtype.newbyteorder("<"))
    return {"type": values.dtype.name, "base64": base64.b64encode(little.tobytes()).decode()}


def _milliseconds(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    return np.asarray(table[name].cast(pa.int64()).to_numpy() / 1_000)


def _numbers(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    return np.asarray(table[name].cast(pa.float64()).to_numpy(zero_copy_only=False))
