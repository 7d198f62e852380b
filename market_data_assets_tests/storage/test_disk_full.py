"""A disk that refuses: a clear error, the old day intact, nothing left behind."""

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import StorageFailed
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets_tests.storage.days import BTC, DAY, START, frame, frames, trades
from market_data_assets_tests.storage.stores.test_local import files_below, files_no_larger_than


def large_frame() -> TableFrame:
    """Trades that no compression makes small."""
    rows = 100_000
    table = trades(range(START, START + rows))
    return TableFrame(table.set_column(4, TRADES.schema.field("price"), pa.array(np.random.default_rng(1).random(rows))))


@pytest.mark.parametrize("limit", [300_000, 20_000])
def test_day_that_does_not_fit_leaves_the_old_day(tmp_path, limit):
    """A limit that the file meets in the scratch folder, at its data or at once."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    lake = Lake(LocalStore(tmp_path / "root"), scratch=scratch)
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    before = files_below(tmp_path)
    with files_no_larger_than(limit), pytest.raises(StorageFailed, match=r"write .*BTC-USDT.parquet: the file is larger"):
        lake.write_day(TRADES, frames({BTC: large_frame()}))
    assert files_below(tmp_path) == before
    assert lake.read(TRADES, DAY, BTC).num_rows == 1
    assert lake.recover(TRADES, DAY).damaged == []
