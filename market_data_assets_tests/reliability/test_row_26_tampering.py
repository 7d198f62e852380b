"""Row 26: objects that people change, delete or add by hand: noticed, named, and healed by a re-run."""

import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.errors import CorruptPartition
from market_data_assets.storage.layout import MANIFEST, SUCCESS, partition_prefix
from market_data_assets_tests.storage.by_hand import NAME, PREFIX, names, put_by_hand, remove_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, ETH, START, frame, frames


@pytest.mark.parametrize("harm", ["changed", "deleted", "truncated"])
def test_row_26_object_harmed_by_hand_is_corrupt_and_healed_by_a_re_run(lake, harm):
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}))
    data = bytes(lake.store.get(NAME).data)
    if harm == "deleted":
        remove_by_hand(lake, NAME)
    else:
        put_by_hand(lake, NAME, data[:-9] if harm == "truncated" else data[:50] + bytes([data[50] ^ 1]) + data[51:])
    with pytest.raises(CorruptPartition, match=r"BTC-USDT.parquet.*materialize it again"):
        lake.read(TRADES, DAY, BTC)
    assert lake.read(TRADES, DAY, ETH).num_rows == 1
    assert lake.recover(TRADES, DAY).damaged == [NAME]
    assert lake.write_day(TRADES, frames({ETH: frame([START])}), partial=True).status == "noop"
    assert lake.write_day(TRADES, frames({BTC: frame([START])}), partial=True).version == 2
    assert lake.read(TRADES, DAY, BTC).num_rows == 1
    assert lake.recover(TRADES, DAY).damaged == []


def test_row_26_object_put_by_hand_is_removed_by_recovery(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    put_by_hand(lake, PREFIX + "FOREIGN.parquet", b"?")
    lake.recover(TRADES, DAY)
    assert names(lake) == [NAME, PREFIX + SUCCESS, PREFIX + MANIFEST]


def test_row_26_folders_below_a_partition_belong_to_others(lake):
    table = pa.Table.from_pylist([], INSTRUMENTS.schema)
    put_by_hand(lake, f"{partition_prefix(INSTRUMENTS, DAY)}other/object", b"!")
    lake.write_table(INSTRUMENTS, DAY, TableFrame(table))
    assert f"{partition_prefix(INSTRUMENTS, DAY)}other/object" in names(lake)
