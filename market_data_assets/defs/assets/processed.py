"""Processed tiers: candles from every raw feed and book snapshots from books, all timeframes of a day in one pass over its ticks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import dagster as dg

from market_data_assets.assembly.feeds import DayFeeds
from market_data_assets.compute.book_snapshots import from_book
from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles import from_ticks
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.contract import Contract, contract_of
from market_data_assets.defs.resources import LakeResource, Selection
from market_data_assets.defs.specs import asset_key, out_kwargs
from market_data_assets.domain.datasets import DailyFrames, Dataset, Frame, TableFrame
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
from market_data_assets.errors import NotListed
from market_data_assets.storage.spill import fan_out

Outputs = Mapping[Timeframe, Dataset]


def candle_assets(partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """``candles_{timeframe}`` from trades, with what books, tickers, liquidations and option chains add to them."""

    @dg.multi_asset(
        name="candles",
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
    ) -> Iterator[dg.Output[DailyFrames]]:
        chain = partial(storage.open().read_exchange_shard, OPTIONS_CHAIN, trades.day)
        feeds = DayFeeds(trades, book_25.or_else(book_5), tickers, liquidations, chains, chain)
        contracts, wanted = _contracts("candles", trades, instruments), _wanted(context, CANDLES)

        def all_timeframes(instrument: InstrumentId, frame: Frame) -> Mapping[Timeframe, Frame]:
            contract = contracts(instrument)
            return from_ticks(feeds.of(instrument, frame.read()), contract, trades.day, wanted)

        with fan_out(selection.of(feeds.candle_day()), all_timeframes, wanted) as days:
            for timeframe in wanted:
                yield dg.Output(days[timeframe], output_name=CANDLES[timeframe].name)

    return _candles


def book_snapshot_assets(partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """``book_snapshots_{timeframe}`` from the deepest book of each instrument: 25 levels where they are stored, else 5."""

    @dg.multi_asset(
        name="book_snapshots",
        outs=_outs(BOOK_SNAPSHOTS),
        ins={
            "book_5": _ticks(BOOK_SNAPSHOT_5, optional=True),
            "book_25": _ticks(BOOK_SNAPSHOT_25, optional=True),
            "instruments": dg.AssetIn(asset_key(INSTRUMENTS)),
        },
        partitions_def=partitions,
        can_subset=True,
    )
    def _book_snapshots(
        context: dg.AssetExecutionContext, selection: Selection, book_5: DailyFrames, book_25: DailyFrames, instruments: TableFrame
    ) -> Iterator[dg.Output[DailyFrames]]:
        books = book_25.or_else(book_5)
        contracts, wanted = _contracts("book_snapshots", books, instruments), _wanted(context, BOOK_SNAPSHOTS)

        def all_timeframes(instrument: InstrumentId, frame: Frame) -> Mapping[Timeframe, Frame]:
            contract = contracts(instrument)
            return from_book(frame.read(), contract, books.day, wanted)

        with fan_out(selection.of(books), all_timeframes, wanted) as days:
            for timeframe in wanted:
                yield dg.Output(days[timeframe], output_name=BOOK_SNAPSHOTS[timeframe].name)

    return _book_snapshots


def _ticks(dataset: Dataset, *, optional: bool = False) -> dg.AssetIn:
    """The rows of the exchange day; with ``optional``, none where the day was never stored."""
    return dg.AssetIn(asset_key(dataset), metadata={"clock": "exchange", "optional": optional})


def _outs(outputs: Outputs) -> dict[str, dg.AssetOut]:
    """Every timeframe as an asset of its own, computed together; any subset can be materialized."""
    return {dataset.name: dg.AssetOut(**out_kwargs(dataset, kinds={"parquet"}), is_required=False) for dataset in outputs.values()}


def _wanted(context: dg.AssetExecutionContext, outputs: Outputs) -> Sequence[Timeframe]:
    selected = context.op_execution_context.selected_output_names
    return [timeframe for timeframe, dataset in outputs.items() if dataset.name in selected]


def _contracts(name: str, ticks: DailyFrames, instruments: TableFrame) -> Callable[[InstrumentId], Contract]:
    rows = {InstrumentId.parse(row["instrument_id"]): row for row in instruments.table.to_pylist()}

    def contract(instrument: InstrumentId) -> Contract:
        if instrument not in rows:
            raise NotListed(f"{name} {ticks.day}: {instrument} has ticks, but the day's instruments do not list it")
        return contract_of(rows[instrument])

    return contract
