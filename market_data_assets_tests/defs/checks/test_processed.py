"""The checks of stored candles, on a lake in memory."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.defs.checks.processed import CANDLE_TIER, judge_tier
from market_data_assets.domain.datasets import DailyFrames, TableFrame
from market_data_assets.domain.timeframes import TIMEFRAMES, Timeframe
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.compute.candles.trades import DAY, OPTION, SECOND, SPOT, Trade, numbered, table

MINUTE, FIVE = Timeframe.parse("1m"), Timeframe.parse("5m")
TRADES = table(numbered([Trade(number * 977 * SECOND, 100 + number % 7, 1 + number % 3) for number in range(80)]))
MADE = {contract: from_ticks(Feeds(TRADES), contract, DAY, TIMEFRAMES) for contract in (SPOT, OPTION)}


def stored(*timeframes: Timeframe, changed: Mapping[Timeframe, pa.Table] | None = None) -> Lake:
    """A pair and an option; ``changed`` are other candles of the pair."""
    lake = Lake(MemoryStore())
    for timeframe in timeframes:
        frames = {contract.instrument_id: made[timeframe] for contract, made in MADE.items()}
        if changed and timeframe in changed:
            frames[SPOT.instrument_id] = TableFrame(changed[timeframe])
        loaders = {instrument: (lambda frame=frame: frame) for instrument, frame in frames.items()}
        lake.write_day(CANDLES[timeframe], DailyFrames(DAY, loaders))
    return lake


def problems(lake: Lake, *wanted: Timeframe) -> set[tuple[str, str, str]]:
    """Instrument, table and check of every finding."""
    judged = judge_tier(lake, CANDLE_TIER, [CANDLES[timeframe] for timeframe in wanted], DAY, 2)
    assert {dataset.timeframe for dataset, _ in judged} == set(wanted)
    assert all(each.instruments == 2 for each in judged.values())
    return {(finding.instrument, dataset.name, check.name) for (dataset, check), each in judged.items() for finding in each.findings}


def test_every_table_of_ours_passes_every_check() -> None:
    assert problems(stored(*TIMEFRAMES), *TIMEFRAMES) == set()


@pytest.mark.parametrize("wanted", [(FIVE,), (MINUTE, FIVE)])
def test_coarser_table_is_compared_with_the_finer_one_whatever_was_asked_for(wanted: tuple[Timeframe, ...]) -> None:
    candles = MADE[SPOT][FIVE].table
    place = candles.column_names.index("trade_count")
    more = candles.set_column(place, candles.schema.field(place), pc.add(candles["trade_count"], 1))
    found = problems(stored(MINUTE, FIVE, changed={FIVE: more}), *wanted)
    assert (str(SPOT.instrument_id), "candles_5m", "equals_merge_of_finer") in found
    assert {table for _, table, _ in found} == {"candles_5m"}
    assert {instrument for instrument, _, _ in found} == {str(SPOT.instrument_id)}


def test_table_without_a_finer_one_beside_it_is_judged_alone() -> None:
    lake = stored(FIVE, changed={FIVE: MADE[SPOT][FIVE].table.slice(1)})
    assert problems(lake, FIVE) == {(str(SPOT.instrument_id), "candles_5m", "buckets_complete")}
