"""The ticks that candles of one instrument and one exchange day are made from."""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Feeds:
    """Tables of the raw data types of one instrument, rows of one exchange day, best sorted already.

    Attributes:
        trades: May be empty.
        book: Rows of ``book_snapshot_25`` or ``book_snapshot_5``; None where the instrument has no book data.
        derivative_ticker: None where the instrument has none.
        liquidations: None where the instrument has none.
        options_chain: Rows of all contracts whose underlying this instrument is; None where it has none.
    """

    trades: pa.Table
    book: pa.Table | None = None
    derivative_ticker: pa.Table | None = None
    liquidations: pa.Table | None = None
    options_chain: pa.Table | None = None
