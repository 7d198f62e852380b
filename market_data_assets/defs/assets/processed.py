"""Processed tiers: candles from every raw feed and book snapshots from books, all timeframes of a day in one pass over its ticks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import dagster as dg

from market_data_assets.assembly.feeds import DayFeeds, book_sources
from market_data_assets.assembly.timeframe_days import Contracts, timeframe_days
from market_data_assets.compute.book_snapshots import from_book
from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles import from_ticks
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.defs.resources import LakeResource, Selection
from market_data_assets.defs.specs import asset_key, out_kwargs
from market_data_assets.domain.datasets import DailyFrames, Dataset, Frame, TableFrame, Unchanged
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
from market_data_assets.domain.timeframes import Timeframe

Tables = Mapping[Timeframe, Dataset]
Outputs = Iterator[dg.Output[DailyFrames | Unchanged]]


def candle_assets(partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """``candles_{timeframe}`` from trades, with what books, tickers, liquidations and option chains add to them."""

    @dg.multi_asset(
        name="candles_in_every_timeframe",
        outs=_outs(CANDLES),
        ins={
            "trades": _ticks(TRADES),
            "book_5": _ticks(BOOK_SNAPSHOT_5, optional=True),
            "book_25": _ticks(BOOK_SNAPSHOT_25, optional=True),
            "tickers": _ticks(DERIVATIVE_TICKER, optional=True),
            "liquidations": _ticks(LIQUIDATIONS, optional=True),
            "chains": _ticks(OPTIONS_CHAIN, optional=True),
            "instruments": dg.AssetIn(asset_key(INSTRUMENTS)),
        },
        partitions_def=partitions,
        can_subset=True,
    )
    def _candles(  # noqa: PLR0917 - Dagster passes each input by its name
        context: dg.AssetExecutionContext,
        storage: LakeResource,
        selection: Selection,
        trades: DailyFrames,
        book_5: DailyFrames,
        book_25: DailyFrames,
        tickers: DailyFrames,
        liquidations: DailyFrames,
        chains: DailyFrames,
        instruments: TableFrame,
    ) -> Outputs:
        lake, contracts = storage.open(), Contracts("candles", trades.day, instruments.table)
        feeds = DayFeeds(
            trades, book_25.or_else(book_5), tickers, liquidations, chains, partial(lake.read_exchange_shard, OPTIONS_CHAIN, trades.day)
        )

        def compute(instrument: InstrumentId, frame: Frame, timeframes: Sequence[Timeframe]) -> Mapping[Timeframe, TableFrame]:
            contract = contracts.of(instrument)
            return from_ticks(feeds.of(instrument, frame.read()), contract, trades.day, timeframes)

        tables, day, sources = _wanted(context, CANDLES), _with(feeds.candle_day(), instruments), contracts.with_ticks(feeds.sources)
        with timeframe_days(lake, tables, day, compute=compute, sources=sources, wanted=selection.computed()) as days:
            yield from _each(tables, days)

    return _candles


def book_snapshot_assets(partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """``book_snapshots_{timeframe}`` from the deepest book of each instrument: 25 levels where they are stored, else 5."""

    @dg.multi_asset(
        name="book_snapshots_in_every_timeframe",
        outs=_outs(BOOK_SNAPSHOTS),
        ins={
            "book_5": _ticks(BOOK_SNAPSHOT_5, optional=True),
            "book_25": _ticks(BOOK_SNAPSHOT_25, optional=True),
            "instruments": dg.AssetIn(asset_key(INSTRUMENTS)),
        },
        partitions_def=partitions,
        can_subset=True,
    )
    def _book_snapshots(  # noqa: PLR0917 - Dagster passes each input by its name
        context: dg.AssetExecutionContext,
        storage: LakeResource,
        selection: Selection,
        book_5: DailyFrames,
        book_25: DailyFrames,
        instruments: TableFrame,
    ) -> Outputs:
        books = book_25.or_else(book_5)
        contracts = Contracts("book_snapshots", books.day, instruments.table)

        def compute(instrument: InstrumentId, frame: Frame, timeframes: Sequence[Timeframe]) -> Mapping[Timeframe, TableFrame]:
            contract = contracts.of(instrument)
            return from_book(frame.read(), contract, books.day, timeframes)

        tables, day, sources = (
            _wanted(context, BOOK_SNAPSHOTS),
            _with(books, instruments),
            contracts.with_ticks(partial(book_sources, books)),
        )
        with timeframe_days(storage.open(), tables, day, compute=compute, sources=sources, wanted=selection.computed()) as days:
            yield from _each(tables, days)

    return _book_snapshots


def _ticks(dataset: Dataset, *, optional: bool = False) -> dg.AssetIn:
    """The rows of the exchange day; with ``optional``, none where the day was never stored."""
    return dg.AssetIn(asset_key(dataset), metadata={"clock": "exchange", "optional": optional})


def _outs(tables: Tables) -> dict[str, dg.AssetOut]:
    """Every timeframe as an asset of its own, computed together; any subset can be materialized."""
    return {dataset.name: dg.AssetOut(**out_kwargs(dataset, kinds={"parquet"}), is_required=False) for dataset in tables.values()}


def _wanted(context: dg.AssetExecutionContext, tables: Tables) -> Tables:
    selected = context.op_execution_context.selected_output_names
    return {timeframe: dataset for timeframe, dataset in tables.items() if dataset.name in selected}


def _with(ticks: DailyFrames, instruments: TableFrame) -> DailyFrames:
    """The ticks, computed with what the day's instruments table says of contracts."""
    return replace(ticks, inputs={**ticks.inputs, **instruments.inputs})


def _each(tables: Tables, days: Mapping[Timeframe, DailyFrames | Unchanged]) -> Outputs:
    for timeframe, dataset in tables.items():
        yield dg.Output(days[timeframe], output_name=dataset.name)
