"""One read, a part after the other: which method of MarketData a dataset is read by, and parts that fit in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from market_data_assets.domain.days import DAY_MICROSECONDS, TimeRange, day_start, to_datetime, to_instant
from market_data_assets.errors import MarketDataError, QueryError

if TYPE_CHECKING:
    import pyarrow as pa

    from market_data_assets.client import MarketData
    from market_data_assets.client.stored_days import Piece
    from market_data_assets.domain.timeframes import Timeframe

PART_ROWS = 1_000_000
"""Rows that are in memory at once, unless one day of one instrument has more."""
CUSTOM = "custom_features/"
"""What the name of features of one's own is read by."""

Reader = Callable[["MarketData"], Callable[..., Any]]
"""The method, which takes ``ids``, ``start``, ``end``, ``columns`` and the options of every read."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to read.

    Attributes:
        dataset: Such as ``trades``, ``candles_1m``, or ``custom_features/momentum_v2``.
        ids: One id, or several: then the rows say whose they are.
        source: ``auto``, ``lake`` or ``warehouse``.
        as_known_at: Read what was stored at that instant; now without one.
        skip_missing: Read the rest where days or instruments of the range are not stored, instead of refusing.
    """

    dataset: str
    ids: str | Sequence[str]
    span: TimeRange
    columns: Sequence[str] | None = None
    source: str = "auto"
    as_known_at: str | None = None
    skip_missing: bool = False


def time_span(start: str, end: str | None) -> TimeRange:
    """The range between two times, the first inclusive and the last exclusive; the 24 h from the first on without a last.

    Raises:
        QueryError: no times, or the wrong way round.
    """
    if end is not None:
        return TimeRange.parse(start, end)
    first = to_instant(start)
    return TimeRange(first, first + DAY_MICROSECONDS)


def readable_names() -> list[str]:
    """Every dataset of the catalogue that can be read."""
    return list(_readers())


def read_parts(market_data: "MarketData", request: Request) -> "Iterator[pa.Table]":
    """The rows, one table after the other, at least one, even if empty: instruments in the order asked for, each ascending in time.

    Raises:
        QueryError: a dataset that is not there or not in the warehouse; and as the method of MarketData.
        PartitionMissing: and other errors, as the method of MarketData. What is missing is told before the first table comes.
    """
    from market_data_assets.catalog import PROCESSED  # noqa: PLC0415

    readers = _readers()
    name = request.dataset
    if name not in readers and not name.startswith(CUSTOM):
        raise QueryError.unknown("dataset", name, get_close_matches(name, readers))
    if name in {dataset.name for dataset in PROCESSED}:
        options = {"source": request.source}
    elif request.source in {"auto", "lake"}:
        options = {}
    else:
        raise QueryError(f"--source {request.source} of {name}: expected auto or lake; only candles and book snapshots have another")
    method = readers[name](market_data) if name in readers else partial(market_data.custom_features, name.removeprefix(CUSTOM))
    for part in _parts(market_data, request):
        yield _read(method, part, options)


def _readers() -> dict[str, Reader]:
    from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS  # noqa: PLC0415
    from market_data_assets.compute.candles.registry import CANDLES  # noqa: PLC0415
    from market_data_assets.compute.mft.ml_signals import ML_SIGNALS  # noqa: PLC0415
    from market_data_assets.compute.mft.registry import MFT_FEATURES  # noqa: PLC0415
    from market_data_assets.domain import schemas  # noqa: PLC0415

    def candles(timeframe: "Timeframe") -> Reader:
        return lambda data: partial(data.candles, timeframe=timeframe)

    def books(timeframe: "Timeframe") -> Reader:
        return lambda data: partial(data.book_snapshots, timeframe=timeframe)

    def features(timeframe: "Timeframe") -> Reader:
        return lambda data: partial(data.features, timeframe=timeframe)

    return {
        schemas.TRADES.name: lambda data: data.trades,
        schemas.BOOK_SNAPSHOT_5.name: lambda data: partial(data.book_snapshot_ticks, levels=5),
        schemas.BOOK_SNAPSHOT_25.name: lambda data: partial(data.book_snapshot_ticks, levels=25),
        schemas.DERIVATIVE_TICKER.name: lambda data: data.derivative_ticker,
        schemas.LIQUIDATIONS.name: lambda data: data.liquidations,
        schemas.OPTIONS_CHAIN.name: lambda data: data.option_quotes,
        **{dataset.name: candles(timeframe) for timeframe, dataset in CANDLES.items()},
        **{dataset.name: books(timeframe) for timeframe, dataset in BOOK_SNAPSHOTS.items()},
        **{dataset.name: features(timeframe) for timeframe, dataset in MFT_FEATURES.items()},
        ML_SIGNALS.name: lambda data: data.signals,
    }


def _read(method: Callable[..., Any], request: Request, options: Mapping[str, str]) -> "pa.Table":
    table: pa.Table = method(
        ids=request.ids,
        start=to_datetime(request.span.start),
        end=to_datetime(request.span.end),
        columns=request.columns,
        missing="skip" if request.skip_missing else "raise",
        as_known_at=request.as_known_at,
        as_="arrow",
        **options,
    )
    return table


def _parts(market_data: "MarketData", request: Request) -> Iterator[Request]:
    """The request itself where it fits in memory; otherwise instrument by instrument, in parts that begin at midnight."""
    span = request.span
    try:
        plan = market_data.explain(
            request.dataset,
            request.ids,
            to_datetime(span.start),
            to_datetime(span.end),
            source=request.source,  # type: ignore[arg-type]  # explain refuses what it does not know
            as_known_at=request.as_known_at,
        )
    except MarketDataError:
        # The read itself says what is wrong, or knows of rows that are not under this name, such as those of a deeper book.
        yield request
        return
    if plan.rows <= PART_ROWS or (plan.missing and not request.skip_missing):
        yield request
        return
    several = not isinstance(request.ids, str)
    for instrument, pieces in groupby(plan.pieces, lambda piece: piece.instrument):
        ids = [str(instrument)] if several else str(instrument)
        for part in _split(span, list(pieces)):
            yield replace(request, ids=ids, span=part, skip_missing=True)


def _split(span: TimeRange, pieces: "Sequence[Piece]") -> Iterator[TimeRange]:
    """The span of one instrument, cut at the beginnings of stored days so that each part has at least one of them."""
    days = set(span.days())
    start, rows = span.start, 0
    for piece in pieces:
        if piece.day not in days:
            continue  # holds rows of the range, and is read along with the day beside it
        if rows and rows + piece.file.rows > PART_ROWS:
            yield TimeRange(start, day_start(piece.day))
            start, rows = day_start(piece.day), 0
        rows += piece.file.rows
    yield TimeRange(start, span.end)
