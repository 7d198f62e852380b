"""Reading from a bucket that is written to meanwhile, or whose bytes arrive damaged: whole, new, or an error; never kept, never mixed."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import Quarantined
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import CorruptPartition, Retryable
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.stored_frames import Replaced
from market_data_assets.storage.stores.base import Content, Store
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.faults.stores import RemoteStore
from market_data_assets_tests.storage.days import BTC, DAY, START, frame, frames, trades
from market_data_assets_tests.storage.options import OPTIONS
from market_data_assets_tests.storage.ranged_days import forget_footers, many_trades, written


@pytest.fixture(autouse=True)
def _no_footers() -> None:
    """Every test starts as a new process does: without a footer in memory."""
    forget_footers()


class Interrupted(RemoteStore):
    """A distant store in which something happens before the ``at``-th range of a file is read."""

    def __init__(self, store: Store, at: int, happens: Callable[[], object]) -> None:
        super().__init__(store)
        self._at, self._happens, self._ranges = at, happens, 0

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        if name.endswith(".parquet"):
            self._ranges += 1
            if self._ranges == self._at:
                self._happens()
        return super().get(name, start=start, end=end, generation=generation)


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("instruments", [(BTC,), tuple(OPTIONS[:2])])
def test_file_that_is_replaced_between_two_ranges_is_read_whole_and_new(at, instruments):
    memory, old, new = MemoryStore(), many_trades(60_000), many_trades(60_000, seed=2)
    written(memory, TRADES, dict.fromkeys(instruments, old))
    store = Interrupted(memory, at, lambda: written(memory, TRADES, dict.fromkeys(instruments, new)))
    assert Lake(store).read(TRADES, DAY, instruments[-1]).equals(new)


@pytest.mark.parametrize("at", [1, 2])
def test_shard_that_is_replaced_between_two_ranges_is_read_whole_and_new(at):
    memory, old, new, instruments = MemoryStore(), many_trades(60_000), many_trades(60_000, seed=2), OPTIONS[:2]
    written(memory, TRADES, dict.fromkeys(instruments, old))
    store = Interrupted(memory, at, lambda: written(memory, TRADES, dict.fromkeys(instruments, new)))
    lake = Lake(store)
    found = lake.read_shard(TRADES, DAY, lake.shards(TRADES, DAY)[0], ["price"])
    assert found.column("price").to_pylist() == new.column("price").to_pylist() * len(instruments)


def test_rows_set_aside_that_are_replaced_while_they_are_read_are_those_of_the_manifest_that_was_seen():
    memory, aside = MemoryStore(), trades([START + 5, START + 6])
    Lake(memory).write_day(TRADES, frames({BTC: frame([START], [Quarantined("odd", 2, aside)])}))
    store = Interrupted(memory, 1, lambda: written(memory, TRADES, {BTC: trades([START])}))
    [found] = Lake(store).read_quarantined(TRADES, DAY, BTC)
    assert found["timestamp"].equals(aside["timestamp"])


def test_file_that_is_replaced_while_it_is_streamed_is_an_error():
    memory, old, new = MemoryStore(), many_trades(3 * TRADES.row_group_rows), many_trades(10)
    written(memory, TRADES, {BTC: old})
    lake = Lake(Interrupted(memory, 3, lambda: written(memory, TRADES, {BTC: new})))
    with pytest.raises(Replaced):
        list(lake.read_day(TRADES, DAY).loaders[BTC]().batches())


class Garbling(RemoteStore):
    """A distant store that changes one byte of ranges longer than 100 KB on their way, so many times from the ``first`` on."""

    def __init__(self, store: Store, times: int, first: int = 1) -> None:
        super().__init__(store)
        self.times, self._whole = times, first - 1

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        found = super().get(name, start=start, end=end, generation=generation)
        if not self.times or not name.endswith(".parquet") or len(found.data) < 100_000:
            return found
        if self._whole:
            self._whole -= 1
            return found
        self.times -= 1
        data = bytearray(found.data)
        data[len(data) // 2] ^= 1
        return Content(bytes(data), found.generation)


@pytest.mark.parametrize("columns", [None, ["price"]])
def test_bytes_changed_on_their_way_are_noticed_and_not_kept(columns, tmp_path):
    memory, table = MemoryStore(), many_trades(60_000)
    written(memory, TRADES, {BTC: table})
    wanted = table if columns is None else table.select(columns)
    store = Garbling(memory, times=1)
    assert Lake(store, cache=RangeCache(tmp_path / "once", 1 << 30)).read(TRADES, DAY, BTC, columns).equals(wanted)
    forget_footers()
    store = Garbling(memory, times=99)
    lake = Lake(store, cache=RangeCache(tmp_path / "always", 1 << 30))
    for _ in range(2):
        with pytest.raises((Retryable, CorruptPartition), match="BTC-USDT"):
            lake.read(TRADES, DAY, BTC, columns)
    store.times = 0
    assert lake.read(TRADES, DAY, BTC, columns).equals(wanted)


class Careless(RemoteStore):
    """A distant store that gives too little of every pinned range of a file, or that of another generation."""

    def __init__(self, store: Store, lacking: int, newer: int) -> None:
        super().__init__(store)
        self._lacking, self._newer = lacking, newer

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        found = super().get(name, start=start, end=end, generation=generation)
        if generation is None:
            return found
        return Content(found.data[: len(found.data) - self._lacking], found.generation + self._newer)


@pytest.mark.parametrize(("lacking", "newer"), [(1, 0), (0, 1)])
def test_range_that_is_not_the_one_asked_for_is_not_taken(lacking, newer, tmp_path):
    memory = MemoryStore()
    written(memory, TRADES, {BTC: many_trades(60_000)})
    with pytest.raises(Retryable, match="BTC-USDT"):
        Lake(Careless(memory, lacking, newer), cache=RangeCache(tmp_path, 1 << 30)).read(TRADES, DAY, BTC)


class Overtaken(RemoteStore):
    """A distant store in which every range that is asked for without a generation is still that of the former object."""

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        found = super().get(name, start=start, end=end, generation=generation)
        if generation is not None or not name.endswith(".parquet"):
            return found
        return Content(bytes(len(found.data)), found.generation - 1)


def test_tail_of_a_former_object_is_not_taken_for_that_of_the_file(tmp_path):
    memory, table = MemoryStore(), many_trades(60_000)
    written(memory, TRADES, {BTC: table})
    assert Lake(Overtaken(memory), cache=RangeCache(tmp_path, 1 << 30)).read(TRADES, DAY, BTC).equals(table)


@pytest.mark.parametrize("first", [1, 2, 3])
def test_bytes_changed_on_their_way_into_a_stream_are_not_kept(first, tmp_path):
    memory, table = MemoryStore(), many_trades(3 * TRADES.row_group_rows)
    written(memory, TRADES, {BTC: table})
    store = Garbling(memory, times=1, first=first)
    lake = Lake(store, cache=RangeCache(tmp_path, 1 << 30))
    with pytest.raises((Retryable, CorruptPartition), match="BTC-USDT"):
        list(lake.read_day(TRADES, DAY).loaders[BTC]().batches())
    assert pa.Table.from_batches(lake.read_day(TRADES, DAY).loaders[BTC]().batches()).equals(table)


@pytest.mark.parametrize("harm", [lambda data: data[:-1], lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:], lambda _: b""])
def test_damaged_cache_is_fetched_again(tmp_path, harm):
    memory, table = MemoryStore(), many_trades(60_000)
    written(memory, TRADES, {BTC: table})
    assert Lake(RemoteStore(memory), cache=RangeCache(tmp_path, 1 << 30)).read(TRADES, DAY, BTC).equals(table)
    for path in tmp_path.rglob("*-*"):
        if path.is_file():
            path.write_bytes(harm(path.read_bytes()))
    store = RemoteStore(memory)
    lake = Lake(store, cache=RangeCache(tmp_path, 1 << 30))
    assert lake.read(TRADES, DAY, BTC).equals(table)
    transferred_once = store.transferred
    assert lake.read(TRADES, DAY, BTC).equals(table)
    assert store.transferred == transferred_once
