"""Row 12: a disk or a store that takes no more: a clear error, the old day intact, nothing left behind.

What only the local disk does, such as being read-only, is in ``storage/stores/test_local.py``.
"""

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import StorageFailed
from market_data_assets.storage.lake import Lake
from market_data_assets_tests.emulators.proxy_faults import refused
from market_data_assets_tests.faults.stores import Fault
from market_data_assets_tests.reliability.laws import check_at_rest, check_healed, names
from market_data_assets_tests.reliability.places import CHANGES, NEVER, GcsPlace, Place
from market_data_assets_tests.storage.days import BTC, DAY, START, frame, frames, trades
from market_data_assets_tests.storage.protocol import REAL
from market_data_assets_tests.storage.scenarios import NEW, OLD
from market_data_assets_tests.storage.stores.test_local import files_no_larger_than


def large_frame() -> TableFrame:
    """Trades that no compression makes small."""
    rows = 100_000
    table = trades(range(START, START + rows))
    return TableFrame(table.set_column(4, TRADES.schema.field("price"), pa.array(np.random.default_rng(1).random(rows))))


@pytest.mark.parametrize("limit", [300_000, 20_000])
def test_row_12_day_that_does_not_fit_the_scratch_disk_leaves_the_old_day(place: Place, tmp_path, limit):
    """A limit that the file meets in the scratch folder, at its data or at once."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    lake = Lake(place.new(), scratch=scratch)
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    before = names(lake.store)
    with files_no_larger_than(limit), pytest.raises(StorageFailed, match=r"write .*BTC-USDT.parquet: the file is larger"):
        lake.write_day(TRADES, frames({BTC: large_frame()}))
    assert list(scratch.iterdir()) == []
    assert names(lake.store) == before
    assert lake.read(TRADES, DAY, BTC).num_rows == 1
    assert lake.recover(TRADES, DAY).damaged == []


def test_row_12_store_that_refuses_any_change_leaves_the_old_day_or_the_new_one(place: Place):
    with place.harmed(place.new(), NEVER, Fault.REFUSED) as (store, count):
        REAL.write(store, OLD, "start")
        first = count()
        REAL.write(store, NEW, "a")
        changes = count() - first
    for at in range(1 % place.stride, changes, place.stride):
        store = place.new()
        REAL.write(store, OLD, "start")
        with place.harmed(store, at, Fault.REFUSED) as (full, _), pytest.raises(StorageFailed):
            REAL.write(full, NEW, "a")
        check_at_rest(store, [OLD, NEW])
        check_healed(store, NEW)


@pytest.mark.parametrize(
    "answer", [refused(507), refused(403, reason="retentionPolicyNotMet"), refused(413)], ids=["full", "held", "large"]
)
def test_row_12_bucket_that_takes_nothing_more_leaves_the_old_day(gcs_place: GcsPlace, answer):
    store = gcs_place.new()
    REAL.write(store, OLD, "start")
    before = names(store)
    rule = gcs_place.proxy.rules.add(answer, method=CHANGES)
    with pytest.raises(StorageFailed, match=r"gs://.*_staging"):
        REAL.write(store, NEW, "a")
    assert rule.met == 1
    assert REAL.read(store) == OLD
    assert names(store) == before
    gcs_place.proxy.rules.clear()
    check_healed(store, NEW)
