"""A monthly view as an asset: built from the days stored, the same again, and changed with its days."""

import datetime as dt
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from market_data_assets.assembly.views import VIEWS
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.defs.assets.views import view_asset
from market_data_assets.defs.io_managers import LakeIOManager
from market_data_assets.defs.partitions import monthly
from market_data_assets.defs.resources import LakeResource
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.views import view_prefix
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, NEXT_DAY, buckets, lake_at, write_buckets, write_instruments
from market_data_assets_tests.storage.view_files import view_file

MONTH = dt.date(2024, 8, 1)
MINUTES = CANDLES[Timeframe.parse("1m")]
BY_INSTRUMENT = next(view for view in VIEWS if view.name == "by_instrument_id")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = lake_at(tmp_path)
    write_buckets(lake, MINUTES, DAY, {each: buckets(MINUTES, each, ["2024-08-08T00:00"]) for each in (BTC, ETH)})
    write_buckets(lake, MINUTES, NEXT_DAY, {BTC: buckets(MINUTES, BTC, ["2024-08-09T00:00"])})
    write_instruments(lake, DAY, {str(BTC): "binance-futures"})
    return lake


def run(folder: Path) -> dict[str, object]:
    """Materialize August; the metadata of the run."""
    asset = view_asset(BY_INSTRUMENT, monthly(dt.date(2024, 1, 1)))
    storage = LakeResource(root=folder.as_uri(), workers=1)
    done = dg.materialize([asset], partition_key="2024-08-01", resources={"storage": storage, "lake": LakeIOManager(lake=storage)})
    (event,) = done.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def rows(lake: Lake, instrument: object) -> pa.Table:
    return view_file(lake.store, view_prefix(BY_INSTRUMENT.name, BY_INSTRUMENT.label, str(instrument), MONTH), MINUTES.name)


def test_month_is_built_kept_and_follows_its_days(lake: Lake, tmp_path: Path) -> None:
    facts = run(tmp_path)
    assert (facts["dagster/partition_row_count"], facts["files"], facts["values"], facts["changed"]) == (4, 3, 2, 2)
    assert len(facts["days_without_data"]) == 29
    daily = [lake.read(MINUTES, day, BTC, MINUTES.visible_columns) for day in (DAY, NEXT_DAY)]
    assert rows(lake, BTC).equals(pa.concat_tables(daily))

    assert run(tmp_path)["changed"] == 0

    write_buckets(lake, MINUTES, DAY, {BTC: buckets(MINUTES, BTC, ["2024-08-08T00:00", "2024-08-08T00:01"])})
    facts = run(tmp_path)
    assert (facts["dagster/partition_row_count"], facts["values"], facts["changed"]) == (4, 1, 2)
    assert rows(lake, BTC).num_rows == 3
    gone = view_prefix(BY_INSTRUMENT.name, BY_INSTRUMENT.label, str(ETH), MONTH)
    assert not [each.name for each in lake.store.list(gone) if each.name.endswith(".parquet")]
