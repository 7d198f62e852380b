"""Days made one after the other in this process: all but the last are final, and none is out of date."""

from collections import Counter
from pathlib import Path

import dagster as dg

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.definitions import build_definitions
from market_data_assets.defs.runs import run_days, steps_of
from market_data_assets.deployment import open_lake, open_warehouse
from market_data_assets.domain.datasets import Finality
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.upkeep.scope import Scope
from market_data_assets.upkeep.stale import find_stale
from market_data_assets_tests.client.lakes import NEXT_DAY
from market_data_assets_tests.defs.runs import DAY, errors, settings_at

MINUTES = CANDLES[Timeframe.parse("1m")]


def test_a_day_is_computed_when_the_ticks_of_the_next_one_are_there(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, instruments="BINANCE:FUTURE:BTC-USDT-240927", data_types="trades")
    whole = build_definitions(settings)
    # The checks take half of the time, and say nothing of the order.
    definitions = dg.Definitions(whole.assets, jobs=whole.jobs, resources=whole.resources)
    steps = Counter[str]()
    with dg.DagsterInstance.ephemeral() as instance:
        first, last = run_days(definitions, instance, [DAY, NEXT_DAY], on_step=lambda day, _: steps.update([str(day)]))
    assert (first.day, last.day, errors(first), errors(last)) == (DAY, NEXT_DAY, [], [])
    lake = open_lake(settings)
    assert [lake.manifest(MINUTES, day).content.finality for day in (DAY, NEXT_DAY)] == [Finality.FINAL, Finality.PROVISIONAL]
    assert find_stale(lake, open_warehouse(settings), Scope.parse(None, None, [])).days == []
    assert [asset.status for outcome in (first, last) for asset in outcome.assets if asset.asset == str(TRADES)] == ["committed"] * 2
    assert steps.total() == steps_of(definitions, 2)
    assert steps[str(NEXT_DAY)] > steps[str(DAY)]
