"""What a person can do to a store behind the lake's back, and what a test asks of a lake."""

from market_data_assets.domain.datasets import DailyFrames
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import PartitionIncomplete
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import REVISIONS, object_name, partition_prefix
from market_data_assets_tests.storage.days import BTC, DAY

PREFIX = partition_prefix(TRADES, DAY)
NAME = object_name(TRADES, DAY, BTC)


def put_by_hand(lake: Lake, name: str, data: bytes) -> None:
    head = lake.store.head(name)
    lake.store.put(name, data, if_generation=0 if head is None else head.generation)


def remove_by_hand(lake: Lake, name: str) -> None:
    lake.store.delete(name, if_generation=lake.store.head(name).generation)


def names(lake: Lake) -> list[str]:
    """Every object but those of former versions."""
    return [listed.name for listed in lake.store.list("") if not listed.name.startswith(REVISIONS)]


def kept_names(lake: Lake) -> list[str]:
    """The objects of former versions."""
    return [listed.name for listed in lake.store.list(REVISIONS)]


def write_ignoring_failures(lake: Lake, days: DailyFrames, *, partial: bool = False) -> None:
    try:
        lake.write_day(TRADES, days, partial=partial)
    except PartitionIncomplete:
        return
