"""The embedded warehouse does not read again what it has loaded."""

from dataclasses import replace

import pytest

from market_data_assets.domain.datasets import Frame
from market_data_assets.errors import CorruptPartition
from market_data_assets.storage.warehouse.base import CommittedDay, LoadStatus
from market_data_assets.storage.warehouse.embedded import EmbeddedWarehouse
from market_data_assets_tests.storage.warehouse.tables import BTC, DAY, ETH, TABLE, committed, rows


class Unread:
    """Rows of which only the identity is known."""

    quarantined = ()

    def __init__(self, version: str) -> None:
        self.source_version = version

    def read(self, columns=None):
        raise CorruptPartition("the lake", "these rows must not be read")


def day_of(btc: Frame, eth: Frame) -> CommittedDay:
    day = committed({BTC: [1, 2], ETH: [3]})
    return replace(day, frames=replace(day.frames, loaders={BTC: lambda: btc, ETH: lambda: eth}))


@pytest.fixture
def warehouse(tmp_path) -> EmbeddedWarehouse:
    found = EmbeddedWarehouse(tmp_path, [TABLE])
    found.migrate()
    return found


def loaded(version: str) -> CommittedDay:
    return day_of(replace(rows(BTC, [1, 2]), source_version=version), replace(rows(ETH, [3]), source_version="e"))


def test_rows_that_were_loaded_are_not_read_again(warehouse):
    first = warehouse.replace_day(TABLE, loaded("b"))
    again = warehouse.replace_day(TABLE, day_of(Unread("b"), Unread("e")))
    assert again == replace(first, status=LoadStatus.NOOP)


@pytest.mark.parametrize("damage", [b"", b"not Parquet"])
def test_other_rows_and_a_file_that_cannot_be_opened_are_loaded(warehouse, tmp_path, damage):
    warehouse.replace_day(TABLE, loaded("b"))
    with pytest.raises(CorruptPartition, match="must not be read"):
        warehouse.replace_day(TABLE, day_of(Unread("other"), Unread("e")))
    [file] = (tmp_path / TABLE.name).glob(f"day-{DAY}.parquet")
    file.write_bytes(damage)
    assert warehouse.replace_day(TABLE, loaded("b")).status is LoadStatus.REPLACED
    assert warehouse.row_count(TABLE, DAY) == 3


def test_rows_without_an_identity_are_always_read(warehouse):
    warehouse.replace_day(TABLE, committed({BTC: [1, 2], ETH: [3]}))
    with pytest.raises(CorruptPartition, match="must not be read"):
        warehouse.replace_day(TABLE, day_of(Unread(""), Unread("")))
