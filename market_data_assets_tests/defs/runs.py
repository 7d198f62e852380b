"""Running days of the real graph in this process, on folders of the test's own."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg

from market_data_assets.client import MarketData
from market_data_assets.definitions import build_definitions
from market_data_assets.defs.jobs import REPORTS_GROUP, VIEWS_GROUP
from market_data_assets.defs.runs import QUIET, DayOutcome, run_day
from market_data_assets.settings import Settings

DAY = dt.date(2024, 8, 8)


def settings_at(folder: Path, **variables: str) -> Settings:
    """Settings with everything below ``folder``; ``variables`` are MDA_ names without the prefix."""
    chosen: Mapping[str, str] = {f"MDA_{name.upper()}": value for name, value in variables.items()}
    # Binance's own candles come from a folder without any, so that no test asks the network for them.
    klines = {"MDA_BINANCE_VISION_URL": str(folder / "klines"), "MDA_RETRY_SECONDS": "0"}
    return Settings.load({"MDA_ROOT": str(folder / "lake"), "MDA_WORKERS": "2", **klines, **chosen})


def materialize(settings: Settings, day: dt.date = DAY, instruments: Sequence[str] = ()) -> DayOutcome:
    """Every asset of the day on an instance that is gone afterwards."""
    with dg.DagsterInstance.ephemeral() as instance:
        return run_day(build_definitions(settings), instance, day, instruments)


def make(settings: Settings, day: dt.date = DAY, instruments: Sequence[str] = ()) -> None:
    """Every table of the day, without its checks and its page, which take half of the time. Raises what fails."""
    whole = build_definitions(settings)
    selection = dg.AssetSelection.all() - dg.AssetSelection.groups(VIEWS_GROUP, REPORTS_GROUP)
    tables = dg.Definitions(assets=whole.assets, resources=whole.resources, jobs=[dg.define_asset_job("tables", selection)])
    config = {**QUIET, "resources": {"selection": {"config": {"instruments": list(instruments)}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        tables.resolve_job_def("tables").execute_in_process(partition_key=day.isoformat(), instance=instance, run_config=config)


def errors(outcome: DayOutcome) -> list[str]:
    """The errors of a day, to be shown by an assertion."""
    return [f"{asset.asset}: {asset.error}" for asset in outcome.assets if asset.error is not None]


def reader(settings: Settings) -> MarketData:
    """The read package on the same storage."""
    return MarketData(settings)
