"""Books that stand still while trades go on: a step of its own, since it needs the trades, too."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import suppress

import dagster as dg
import numpy as np

from market_data_assets.compute.quality.books import book_rows, judge_staleness
from market_data_assets.compute.quality.columns import Int64s, instants
from market_data_assets.compute.quality.findings import Finding
from market_data_assets.defs.checks.reporting import Check, Judged
from market_data_assets.defs.checks.steps import Evidence, Judgements, Step, check_results, stored_content
from market_data_assets.defs.resources import LakeResource, Selection
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import DailyFrames, Dataset
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, BOOK_SNAPSHOT_25, TRADES
from market_data_assets.errors import NoData, PartitionMissing, Retryable, Unusable
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.parallel import for_each

NOT_STALE = Check(
    "book_not_stale",
    "No span in which the book repeats itself under new times although three trades or more happened; only warns: the last state is known.",
)
_BOOKS = {asset_key(book): book for book in (BOOK_SNAPSHOT_5, BOOK_SNAPSHOT_25)}
_STEP = Step("book_staleness", dict.fromkeys(_BOOKS, (NOT_STALE,)), [asset_key(TRADES)])


def staleness_checks() -> dg.AssetChecksDefinition:
    """One check for each depth of book. They wait for the trades, and stop nothing."""

    @dg.multi_asset_check(name="book_staleness_checks", specs=_STEP.specs, can_subset=True)
    def _checks(context: dg.AssetCheckExecutionContext, storage: LakeResource, selection: Selection) -> Iterator[dg.AssetCheckResult]:
        lake = storage.open()
        day = _STEP.day(context, lake, _BOOKS)
        required = [_BOOKS[key] for key in _STEP.selected(context)]

        def inputs() -> Mapping[str, str]:
            return {**lake.read_exchange_day(TRADES, day).inputs, **stored_content(lake, day, _BOOKS.values(), required)}

        yield from check_results(
            context, _STEP, lake, day, Evidence(inputs, lambda: _judge_books(lake, day, storage.workers)), anew=selection.refresh
        )

    return _checks


def _judge_books(lake: Lake, day: dt.date, workers: int) -> Judgements:
    """The books that are stored."""
    judged: dict[tuple[dg.AssetKey, Check], Judged] = {}
    for key, book in _BOOKS.items():
        with suppress(PartitionMissing):
            judged[key, NOT_STALE] = _judge_day(lake, book, day, workers)
    return judged


def _judge_day(lake: Lake, book: Dataset, day: dt.date, workers: int) -> Judged:
    trades, frames, judged = lake.read_exchange_day(TRADES, day), lake.read_day(book, day), Judged()
    for rows, findings in for_each(lambda instrument: _judge(instrument, frames, trades), lake.instruments(book, day), workers):
        judged.add(rows, findings)
    return judged


def _judge(instrument: InstrumentId, frames: DailyFrames, trades: DailyFrames) -> tuple[int, list[Finding]]:
    book = book_rows(frames[instrument].batches())
    if not book.repeated.any():
        return len(book.times), []
    return len(book.times), list(judge_staleness(str(instrument), book, _trade_times(trades, instrument)))


def _trade_times(trades: DailyFrames, instrument: InstrumentId) -> Int64s:
    """When the instrument traded; never, where its trades are not stored: other checks say so."""
    if instrument in trades:
        try:
            return instants(trades[instrument].read(["timestamp"]))
        except (NoData, Retryable, Unusable):
            pass
    return np.empty(0, np.int64)
