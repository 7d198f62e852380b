"""A committed day as a warehouse is handed it."""

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import CorruptPartition
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.stores import open_store
from market_data_assets_tests.storage.days import BTC, DAY, ETH
from market_data_assets_tests.storage.ranged_days import many_trades, written


def test_files_that_are_not_those_of_the_manifest_are_not_handed_to_a_warehouse(exact_bucket):
    store = open_store(exact_bucket)
    lake = written(store, TRADES, {BTC: many_trades(10), ETH: many_trades(10)})
    names = [partition_prefix(TRADES, DAY) + f"{each}.parquet" for each in (BTC, ETH)]
    assert lake.committed_day(TRADES, DAY).urls == tuple(map(store.url, names))
    store.put(names[0], bytes(store.get(names[1]).data)[::-1], if_generation=store.head(names[0]).generation)
    committed = lake.committed_day(TRADES, DAY)
    assert committed.urls == ()
    with pytest.raises(CorruptPartition, match="BTC-USDT"):
        committed.frames[BTC].read()
