"""Processed tiers: candles from trades and book snapshots from books, all timeframes of a day in one pass over its ticks."""

from collections.abc import Callable, Iterator, Mapping

import dagster as dg

from market_data_assets.compute.book_snapshots import from_book
from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles import from_trades
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.contract import contract_of
from market_data_assets.defs.resources import Selection
from market_data_assets.defs.specs import asset_key, out_kwargs
from market_data_assets.domain.datasets import DailyFrames, Dataset, Frame, TableFrame
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, INSTRUMENTS, TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import NotListed
from market_data_assets.storage.spill import fan_out

FromTicks = Callable[..., Mapping[Timeframe, Frame]]


def processed_assets(
    name: str, ticks: Dataset, outputs: Mapping[Timeframe, Dataset], compute: FromTicks, partitions: dg.PartitionsDefinition[str]
) -> dg.AssetsDefinition:
    """Every timeframe of one kind as an asset of its own, computed together; any subset can be materialized."""

    @dg.multi_asset(
        name=name,
        outs={dataset.name: dg.AssetOut(**out_kwargs(dataset, kinds={"parquet"}), is_required=False) for dataset in outputs.values()},
        ins={
            "ticks": dg.AssetIn(asset_key(ticks), metadata={"clock": "exchange"}),
            "instruments": dg.AssetIn(asset_key(INSTRUMENTS)),
        },
        partitions_def=partitions,
        can_subset=True,
    )
    def _processed(
        context: dg.AssetExecutionContext, selection: Selection, ticks: DailyFrames, instruments: TableFrame
    ) -> Iterator[dg.Output[DailyFrames]]:
        wanted = [timeframe for timeframe, dataset in outputs.items() if dataset.name in context.op_execution_context.selected_output_names]
        rows = {InstrumentId.parse(row["instrument_id"]): row for row in instruments.table.to_pylist()}

        def all_timeframes(instrument: InstrumentId, frame: Frame) -> Mapping[Timeframe, Frame]:
            if instrument not in rows:
                raise NotListed(f"{name} {ticks.day}: {instrument} has ticks, but the day's instruments do not list it")
            return compute(frame.read(), contract_of(rows[instrument]), ticks.day, wanted)

        with fan_out(selection.of(ticks), all_timeframes, wanted) as days:
            for timeframe in wanted:
                yield dg.Output(days[timeframe], output_name=outputs[timeframe].name)

    return _processed


def candle_assets(partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """``candles_{timeframe}`` from trades."""
    return processed_assets("candles", TRADES, CANDLES, from_trades, partitions)


def book_snapshot_assets(partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """``book_snapshots_{timeframe}`` from 5-level books."""
    return processed_assets("book_snapshots", BOOK_SNAPSHOT_5, BOOK_SNAPSHOTS, from_book, partitions)
