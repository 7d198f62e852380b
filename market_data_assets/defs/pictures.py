"""What a materialized partition looks like: the first rows of its largest instrument, and a picture."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.registry import DEFAULTS, MFT_FEATURES
from market_data_assets.compute.quality.features import known_shares
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange, day_end, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import (
    BOOK_SNAPSHOT_5,
    BOOK_SNAPSHOT_25,
    DERIVATIVE_TICKER,
    INSTRUMENTS,
    LIQUIDATIONS,
    OPTIONS_CHAIN,
    TRADES,
)
from market_data_assets.report.bars import Bars, bars_of, bars_of_executions
from market_data_assets.report.charts import book_chart, candle_chart
from market_data_assets.report.counts import count_map, expiry_chart
from market_data_assets.report.drawing import data_uri
from market_data_assets.report.glance import MOST_BARS, glance
from market_data_assets.report.heat_maps import hour_map
from market_data_assets.report.tick_charts import activity_chart, execution_chart, ticker_chart
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.manifest import FileEntry, Manifest

_PREVIEW_ROWS = 5
_PREVIEW_COLUMNS = 8
# Said once above the table, or following from the timestamp.
_NOT_PREVIEWED = {"instrument_id", "timestamp_close", "available_at"}
_PREVIEWED = {
    "processed_candles": ("timestamp", "open", "high", "low", "close", "volume", "trade_count", "bucket_status"),
    "processed_book_snapshots": (
        *("timestamp", "bid_amount_1", "bid_price_1", "ask_price_1"),
        *("ask_amount_1", "spread_bps", "obi_5", "bucket_status"),
    ),
}
"""Tier → the columns that say most; of others it is the first ones."""
_READ_WHOLE = 10_000
_PREVIEW_SPAN = 3_600_000_000
# Fewer bars are read faster in the preview than in a picture.
_CHARTED_BARS = 12
# Two seconds of reading, and a hundred megabytes: of a busier instrument its candles tell the same.
_CHARTED_TICKS = 2_000_000

Chart = Callable[[pa.Table, str, dt.date], str]
"""From a table, the title and the day."""


def pictures(lake: Lake, dataset: Dataset, day: dt.date, manifest: Manifest) -> Mapping[str, Any]:
    """A preview and, where the tier has one, a picture of a stored day."""
    files = manifest.content.files
    if not files:
        return {}
    if files[0].instrument_id is None:
        return _of_table(dataset, day, lake.read_table(dataset, day))
    preview = _preview_of_largest(lake, dataset, day, max(files, key=lambda entry: entry.own_size))
    if dataset == OPTIONS_CHAIN:
        contracts = [InstrumentId.parse(entry.instrument_id) for entry in files if entry.instrument_id is not None]
        chart: Mapping[str, Any] = {"chart": picture(expiry_chart(contracts, f"Options of {day} UTC: {len(contracts):,} contracts"))}
    else:
        chart = _chart(lake, dataset, day, files)
    return {**chart, "preview": preview}


def picture(svg: str) -> dg.MarkdownMetadataValue:
    """A picture inside a metadata value."""
    return dg.MetadataValue.md(f"![picture]({data_uri(svg)})")


def _of_table(dataset: Dataset, day: dt.date, table: pa.Table) -> Mapping[str, Any]:
    preview = {"preview": _preview(table, f"The first of {len(table):,} rows")}
    if dataset != INSTRUMENTS:
        return preview
    counts = Counter((str(row["venue"]), str(row["instrument_type"])) for row in table.select(["venue", "instrument_type"]).to_pylist())
    return {"chart": picture(count_map(counts, f"Instruments listed on {day} UTC, by venue and type")), **preview}


def _preview_of_largest(lake: Lake, dataset: Dataset, day: dt.date, largest: FileEntry) -> dg.MarkdownMetadataValue:
    """The first rows of one instrument; of many only as much is decoded as the first hour."""
    start = largest.min_timestamp or 0
    span = TimeRange(start, start + _PREVIEW_SPAN) if largest.rows > _READ_WHOLE else None
    instrument = InstrumentId.parse(str(largest.instrument_id))
    columns = _PREVIEWED.get(dataset.tier) or [name for name in dataset.visible_columns if name not in _NOT_PREVIEWED][:_PREVIEW_COLUMNS]
    return _preview(lake.read(dataset, day, instrument, columns, span), f"{instrument}, the first of {largest.rows:,} rows")


def _chart(lake: Lake, dataset: Dataset, day: dt.date, files: Sequence[FileEntry]) -> Mapping[str, Any]:
    """The picture of the largest instrument that is not too large to be read for it."""
    found = _CHARTS.get(dataset)
    drawn = [entry for entry in files if _CHARTED_BARS <= entry.rows <= _CHARTED_TICKS]
    if found is None or not drawn:
        return {}
    columns, chart = found
    instrument = InstrumentId.parse(str(max(drawn, key=lambda entry: entry.own_size).instrument_id))
    about = dataset.name if dataset.timeframe is None else f"{dataset.timeframe} {dataset.tier.removeprefix('processed_')}"
    table = lake.read(dataset, day, instrument, columns)
    bars = None if dataset not in _BARS_OF else _BARS_OF[dataset](table, day)
    at_once = {} if bars is None or not len(bars) else {"glance": _glance(bars, instrument)}
    return {**at_once, "chart": picture(chart(table, f"{instrument}  {about}  {day} UTC", day))}


def _glance(bars: Bars, instrument: InstrumentId) -> dg.MarkdownMetadataValue:
    """Short enough that the UI shows it at once; what is longer than 999 letters waits for a click."""
    first, last, low, high = (f"{price:,.10g}" for price in (bars.open[0], bars.close[-1], bars.low.min(), bars.high.max()))
    return dg.MetadataValue.md(f"{instrument}\n\n{first} → {last}, {low} to {high}\n\n![picture]({data_uri(glance(bars))})")


def _preview(table: pa.Table, about: str) -> dg.MarkdownMetadataValue:
    """Markdown: what it is, then the first rows; times in UTC."""
    head = table.slice(0, _PREVIEW_ROWS).select(table.column_names[:_PREVIEW_COLUMNS])
    lines = [f"{about}\n", "| " + " | ".join(head.column_names) + " |", "|" + "---|" * head.num_columns]
    lines += ["| " + " | ".join(_cell(value) for value in row.values()) + " |" for row in head.to_pylist()]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, dt.datetime):
        return f"{value:%H:%M:%S.%f}".rstrip("0").rstrip(".")
    if isinstance(value, float):
        return f"{value:.10g}"
    return "" if value is None else str(value).replace("|", "\\|")


def _known_map(table: pa.Table, title: str, _day: dt.date) -> str:
    return hour_map(known_shares(table, _GROUPS), f"{title}: numbers known by group and hour, %")


_GROUPS = {feature.name: feature.group for feature in DEFAULTS}
_BARS = ("timestamp", "timestamp_close")
_CANDLE_COLUMNS = (*_BARS, "open", "high", "low", "close", "buy_volume", "sell_volume", "unknown_volume", "spread_bps_twa")
_EXECUTIONS: tuple[tuple[str, ...], Chart] = (("timestamp", "side", "price", "amount"), execution_chart)
_ACTIVITY: tuple[tuple[str, ...], Chart] = (("timestamp", "local_timestamp"), activity_chart)
_CHARTS: Mapping[Dataset, tuple[tuple[str, ...], Chart]] = {
    TRADES: _EXECUTIONS,
    LIQUIDATIONS: _EXECUTIONS,
    BOOK_SNAPSHOT_5: _ACTIVITY,
    BOOK_SNAPSHOT_25: _ACTIVITY,
    DERIVATIVE_TICKER: (("timestamp", "mark_price", "funding_rate", "open_interest"), ticker_chart),
    **{dataset: (_CANDLE_COLUMNS, lambda table, title, _: candle_chart(table, title)) for dataset in CANDLES.values()},
    **{
        dataset: ((*_BARS, "bucket_status", "spread_bps", "obi_5"), lambda table, title, _: book_chart(table, title))
        for dataset in BOOK_SNAPSHOTS.values()
    },
    **dict.fromkeys(MFT_FEATURES.values(), (("timestamp", "bucket_status", *_GROUPS), _known_map)),
}
"""Dataset → the columns that its picture needs, and how it is drawn."""

_BARS_OF: Mapping[Dataset, Callable[[pa.Table, dt.date], Bars]] = {
    TRADES: lambda table, day: bars_of_executions(table, (day_start(day), day_end(day)), MOST_BARS),
    **dict.fromkeys(CANDLES.values(), lambda table, _: bars_of(table, MOST_BARS)),
}
"""Dataset → the bars of its picture that is shown at once; others have none."""
