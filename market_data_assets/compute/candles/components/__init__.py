"""The components of a candle: what the passes over a day's ticks collect per bucket, and how each folds into coarser buckets."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from market_data_assets.compute.candles.components.book import BOOK
from market_data_assets.compute.candles.components.book import FEED as BOOK_FEED
from market_data_assets.compute.candles.components.derivatives import DERIVATIVES
from market_data_assets.compute.candles.components.options import OPTIONS
from market_data_assets.compute.candles.components.record import Kind
from market_data_assets.compute.candles.components.trades import TRADES

COMPONENTS = (*TRADES, *BOOK, *DERIVATIVES, *OPTIONS)

FEEDS = tuple(sorted({part.feed for part in COMPONENTS if part.feed is not None}))
"""The components that are 0 on a day on which the instrument has no such feed."""

FEED_OF_INPUT: Mapping[str, str] = {"B": BOOK_FEED, "K": "ticker_buckets", "L": "liquidation_buckets", "O": "option_buckets"}
"""For letters of a feature's ``inputs``: the one of FEEDS without which its column is null, and is not computed."""

ROW = np.dtype([(field, np.int64 if part.kind is Kind.INTEGER else np.float64) for part in COMPONENTS for field in part.fields])
"""One bucket in memory. Its fields are part of the compiled functions' signatures, so a new component recompiles them."""


_BLOCK = 256
FIELDS = tuple(field for part in COMPONENTS for field in part.fields)
_FEED_OF_FIELD = tuple(part.feed for part in COMPONENTS for _ in part.fields)


_EMPTY = np.array([tuple(part.empty for part in COMPONENTS for _ in part.fields)], ROW)


def empty_rows(count: int) -> npt.NDArray[np.void]:
    """``count`` buckets without trades."""
    # Copied as plain numbers: numpy copies records field by field, a hundred times slower.
    matrix = np.empty((count, len(FIELDS)))
    matrix[:] = numbers(_EMPTY)
    return matrix.view(ROW).reshape(count)


def numbers(rows: npt.NDArray[np.void]) -> npt.NDArray[np.float64]:
    """The memory of rows as a matrix of doubles, one row per bucket; whole numbers show as their bits."""
    return rows.view(np.float64).reshape(len(rows), len(FIELDS))


def absent_feeds(rows: npt.NDArray[np.void]) -> frozenset[str]:
    """The feeds that no bucket has."""
    return frozenset(feed for feed in FEEDS if not rows[feed].any())


def columns(parts: Sequence[npt.NDArray[np.void]]) -> npt.NDArray[np.float64]:
    """Rows, one part after the other, as a matrix with one row per field; whole numbers show as their bits.

    Behind the last field of which there is anything, only zeros: what an instrument's missing feeds would fill costs nothing.
    """
    # Pages of zeros that nobody touches take no time.
    matrix = np.zeros((len(FIELDS), sum(len(rows) for rows in parts)))
    absent = frozenset(FEEDS).intersection(*(absent_feeds(rows) for rows in parts))
    used = max(number for number, feed in enumerate(_FEED_OF_FIELD, 1) if feed not in absent)
    place = 0
    for rows in parts:
        # In blocks that stay in the cache: a transposition in one go takes three times as long.
        for start in range(0, len(rows), _BLOCK):
            block = numbers(rows)[start : start + _BLOCK, :used]
            matrix[:used, place : place + len(block)] = block.T
            place += len(block)
    return matrix


def by_field(matrix: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[Any]]:
    """The rows of :func:`columns` by the names of their fields, each of its own type."""
    return {field: column.view(ROW[field]) for field, column in zip(FIELDS, matrix, strict=True)}
