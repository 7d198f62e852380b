"""Reading from a bucket: the needed ranges, in few requests, each once; what is damaged or replaced is never mixed."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.datasets import Dataset, Quarantined, TableFrame
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import CorruptPartition, PartitionMissing, Retryable
from market_data_assets.storage.footers import FOOTERS
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import MANIFEST, SUCCESS, partition_prefix
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.ranged_parquet import TAIL_BYTES
from market_data_assets.storage.ranged_plan import GAP_BYTES, chunk_ranges, joined, missing_ranges
from market_data_assets.storage.stored_frames import Replaced
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.stores.base import Content, Store
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.emulators.proxy import Recorded
from market_data_assets_tests.emulators.proxy_fixtures import GcsProxy
from market_data_assets_tests.faults.stores import RemoteStore
from market_data_assets_tests.storage.days import BTC, DAY, ETH, NEXT, SOL, START, frame, frames, trades
from market_data_assets_tests.storage.options import OPTIONS, PUT

CANDLES_15S = CANDLES[Timeframe.parse("15s")]
ROWS = 300_000
WINDOW = TimeRange(START + ROWS // 2, START + ROWS // 2 + 1_000)


def forget_footers() -> None:
    for sha256 in list(FOOTERS._footers):
        FOOTERS.forget(sha256)


@pytest.fixture(autouse=True)
def _no_footers() -> None:
    """Every test starts as a new process does: without a footer in memory."""
    forget_footers()


def many_trades(rows: int = ROWS, seed: int = 1) -> pa.Table:
    """One trade per microsecond, of prices that do not compress away."""
    table = trades(range(START, START + rows))
    prices = np.random.default_rng(seed).normal(60_000, 100, rows)
    return table.set_column(4, TRADES.schema.field("price"), pa.array(prices))


def candles() -> pa.Table:
    """A day of 15s candles with values that do not compress away."""
    rows, random = 5_760, np.random.default_rng(1)
    columns = []
    for field in CANDLES_15S.schema:
        if field.name == "timestamp":
            values = pa.array(START + np.arange(rows) * 15_000_000)
        elif pa.types.is_floating(field.type):
            values = pa.array(random.normal(size=rows))
        elif pa.types.is_integer(field.type):
            values = pa.array(random.integers(0, 100, rows))
        else:
            values = pa.array([None] * rows, field.type) if field.nullable else pa.array(np.zeros(rows, np.int64))
        columns.append(values.cast(field.type))
    return pa.table(columns, schema=CANDLES_15S.schema)


def written(store: Store, dataset: Dataset, tables: dict[object, pa.Table], day: dt.date = DAY) -> Lake:
    lake = Lake(store)
    lake.write_day(dataset, frames({each: TableFrame(table) for each, table in tables.items()}, day))
    return lake


def footer_of(store: Store, lake: Lake, dataset: Dataset) -> pq.FileMetaData:
    entry = lake.manifest(dataset, DAY).content.files[0]
    return pq.read_metadata(pa.BufferReader(store.get(partition_prefix(dataset, DAY) + entry.name).data))


def transferred(requests: Sequence[Recorded]) -> dict[str, list[Recorded]]:
    """What was asked of objects, by kind. What Google's client asks about a bucket for its own sake does not count."""
    found: dict[str, list[Recorded]] = {"manifest": [], "manifest check": [], "head": [], "range": []}
    for request in (each for each in requests if "/o/" in each.path):
        assert (request.method, request.status in {200, 206}) == ("GET", True)
        is_media = request.query.get("alt") == "media" or request.path.startswith("/download/")
        kind = ("manifest" if is_media else "manifest check") if request.path.endswith(MANIFEST) else "range" if is_media else "head"
        found[kind].append(request)
    return found


def counts(requests: Sequence[Recorded]) -> tuple[int, int, int, int]:
    """Manifests read, manifests looked at, files looked at, ranges read."""
    found = transferred(requests)
    return len(found["manifest"]), len(found["manifest check"]), len(found["head"]), len(found["range"])


def bytes_of(requests: Sequence[Recorded]) -> int:
    return sum(request.sent for request in transferred(requests)["range"])


def needed(footer: pq.FileMetaData, size: int, groups: Sequence[int], columns: Sequence[str]) -> int:
    """The bytes of the wanted chunks and the small gaps between them, beyond the tail that is fetched in any case."""
    tail = [(size - TAIL_BYTES, size)]
    missing = missing_ranges(joined(chunk_ranges(footer, groups, columns), 0), tail)
    return sum(end - start for start, end in missing_ranges(joined(missing, GAP_BYTES), tail))


def test_two_columns_of_candles_are_a_manifest_a_look_a_tail_and_their_chunks(exact_bucket, gcs_proxy: GcsProxy):
    store, table = open_store(exact_bucket), candles()
    lake = written(store, CANDLES_15S, {BTC: table})
    footer, size = footer_of(store, lake, CANDLES_15S), lake.manifest(CANDLES_15S, DAY).content.files[0].size
    names = [CANDLES_15S.schema.names[0], "close"]
    gcs_proxy.requests.clear()
    found = Lake(open_store(exact_bucket)).read(CANDLES_15S, DAY, BTC, names)
    assert found.equals(table.select(names))
    assert counts(gcs_proxy.requests) == (1, 0, 1, 3)
    assert bytes_of(gcs_proxy.requests) == TAIL_BYTES + needed(footer, size, [0], names) < size / 5


def test_a_time_window_of_a_large_file_is_its_row_groups_and_nothing_else(exact_bucket, gcs_proxy: GcsProxy):
    store, table = open_store(exact_bucket), many_trades()
    lake = written(store, TRADES, {BTC: table})
    footer, size = footer_of(store, lake, TRADES), lake.manifest(TRADES, DAY).content.files[0].size
    group = (ROWS // 2) // TRADES.row_group_rows
    chunks = chunk_ranges(footer, [group], ["timestamp", "price"])
    gcs_proxy.requests.clear()
    found = Lake(open_store(exact_bucket)).read(TRADES, DAY, BTC, ["price"], WINDOW)
    assert found.equals(table.select(["price"]).slice(ROWS // 2, 1_000))
    manifests, looks, heads, ranges = counts(gcs_proxy.requests)
    assert (manifests, looks, heads) == (1, 0, 1)
    assert ranges <= 1 + len(chunks)
    assert bytes_of(gcs_proxy.requests) == TAIL_BYTES + needed(footer, size, [group], ["timestamp", "price"])
    assert bytes_of(gcs_proxy.requests) < size / 2


def test_one_contract_of_a_shard_is_its_part(exact_bucket, gcs_proxy: GcsProxy):
    store = open_store(exact_bucket)
    tables = {each: many_trades(40_000, number) for number, each in enumerate(OPTIONS)}
    lake = written(store, TRADES, tables)
    entry = lake.manifest(TRADES, DAY).content.file_of(str(PUT))
    gcs_proxy.requests.clear()
    assert Lake(open_store(exact_bucket)).read(TRADES, DAY, PUT).equals(tables[PUT])
    assert counts(gcs_proxy.requests)[:3] == (1, 0, 1)
    assert bytes_of(gcs_proxy.requests) <= TAIL_BYTES + entry.part.size
    assert entry.part.size < entry.size / 3


def test_second_read_fetches_nothing_but_a_look_at_the_manifest(exact_bucket, gcs_proxy: GcsProxy, tmp_path):
    written(open_store(exact_bucket), TRADES, {BTC: many_trades(), ETH: trades([START])})
    lake = Lake(open_store(exact_bucket), cache=RangeCache(tmp_path, 1 << 30))
    first = [lake.read(TRADES, DAY, BTC, ["price"], WINDOW), lake.read(TRADES, DAY, ETH)]
    gcs_proxy.requests.clear()
    assert lake.read(TRADES, DAY, BTC, ["price"], WINDOW).equals(first[0])
    assert counts(gcs_proxy.requests) == (0, 1, 0, 0)
    another_process = Lake(open_store(exact_bucket), cache=RangeCache(tmp_path, 1 << 30))
    gcs_proxy.requests.clear()
    assert another_process.read(TRADES, DAY, BTC, ["price"], WINDOW).equals(first[0])
    assert another_process.read_as_seen(TRADES, DAY, ETH, None, None).equals(first[1])
    assert counts(gcs_proxy.requests) == (1, 0, 0, 0)


def test_more_columns_fetch_only_what_is_not_kept(exact_bucket, gcs_proxy: GcsProxy, tmp_path):
    store, table = open_store(exact_bucket), many_trades()
    lake = written(store, TRADES, {BTC: table})
    size = lake.manifest(TRADES, DAY).content.files[0].size
    cached = Lake(open_store(exact_bucket), cache=RangeCache(tmp_path, 1 << 30))
    gcs_proxy.requests.clear()
    for columns, window in ((["price"], WINDOW), (["amount", "side"], None), (None, None), (None, WINDOW)):
        cached.read(TRADES, DAY, BTC, columns, window)
    assert cached.read(TRADES, DAY, BTC).equals(table)
    assert bytes_of(gcs_proxy.requests) == size


def test_small_file_is_one_request(exact_bucket, gcs_proxy: GcsProxy):
    lake = written(open_store(exact_bucket), TRADES, {BTC: trades([START]), ETH: trades([START + 1])})
    size = lake.manifest(TRADES, DAY).content.files[0].size
    gcs_proxy.requests.clear()
    Lake(open_store(exact_bucket)).read(TRADES, DAY, BTC, ["price"])
    assert (counts(gcs_proxy.requests), bytes_of(gcs_proxy.requests)) == ((1, 0, 0, 1), size)


def test_one_look_at_a_manifest_serves_many_instruments(exact_bucket, gcs_proxy: GcsProxy):
    written(open_store(exact_bucket), TRADES, {each: trades([START]) for each in (BTC, ETH, SOL)})
    lake = Lake(open_store(exact_bucket))
    gcs_proxy.requests.clear()
    lake.manifest(TRADES, DAY)
    for each in (BTC, ETH, SOL):
        lake.read_as_seen(TRADES, DAY, each, ["price"], None)
    assert counts(gcs_proxy.requests) == (1, 0, 0, 3)
    with pytest.raises(PartitionMissing):
        lake.read_as_seen(TRADES, NEXT, BTC, None, None)


def test_streaming_gives_the_same_rows_and_fetches_each_byte_once(exact_bucket, gcs_proxy: GcsProxy):
    table = many_trades()
    lake = written(open_store(exact_bucket), TRADES, {BTC: table})
    size = lake.manifest(TRADES, DAY).content.files[0].size
    gcs_proxy.requests.clear()
    assert pa.Table.from_batches(lake.read_day(TRADES, DAY).loaders[BTC]().batches()).equals(table)
    assert bytes_of(gcs_proxy.requests) == size


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


def test_staged_file_is_found_where_publishing_has_not_come_to_it():
    memory, table = MemoryStore(), many_trades(60_000)
    lake = written(memory, TRADES, {BTC: table})
    prefix = partition_prefix(TRADES, DAY)
    entry = lake.manifest(TRADES, DAY).content.files[0]
    memory.move(prefix + entry.name, entry.staged, if_generation=0)
    memory.delete(prefix + SUCCESS, if_generation=memory.head(prefix + SUCCESS).generation)
    assert Lake(RemoteStore(memory)).read(TRADES, DAY, BTC).equals(table)
    memory.delete(entry.staged, if_generation=memory.head(entry.staged).generation)
    with pytest.raises(CorruptPartition, match=entry.name):
        Lake(RemoteStore(memory)).read(TRADES, DAY, BTC)


def test_cached_rows_outlive_their_object(tmp_path):
    memory, table = MemoryStore(), many_trades(60_000)
    lake = written(memory, TRADES, {BTC: table})
    cached = Lake(RemoteStore(memory), cache=RangeCache(tmp_path, 1 << 30))
    cached.read(TRADES, DAY, BTC)
    name = partition_prefix(TRADES, DAY) + lake.manifest(TRADES, DAY).content.files[0].name
    memory.delete(name, if_generation=memory.head(name).generation)
    # The manifest names these very bytes, and the reader has them.
    assert cached.read(TRADES, DAY, BTC).equals(table)
    written(memory, TRADES, {BTC: many_trades(60_000, seed=3)})
    assert cached.read(TRADES, DAY, BTC).equals(many_trades(60_000, seed=3))


def test_stores_that_read_in_place_keep_nothing(tmp_path):
    lake = Lake(MemoryStore(), cache=RangeCache(tmp_path, 1 << 30))
    lake.write_day(TRADES, frames({BTC: TableFrame(trades([START]))}))
    lake.read(TRADES, DAY, BTC)
    assert list(tmp_path.iterdir()) == []


READS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(list(TRADES.columns)), min_size=1, unique=True),
        st.integers(0, 300_000),
        st.integers(1, 300_000),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def stored() -> tuple[MemoryStore, pa.Table]:
    memory, table = MemoryStore(), many_trades(300_000)
    written(memory, TRADES, {BTC: table})
    return memory, table


@settings(max_examples=25)
@given(READS, st.sampled_from([0, 200_000, 1 << 30]))
def test_any_sequence_of_reads_through_any_cache_gives_what_is_stored(stored, tmp_path_factory, reads, limit):
    memory, table = stored
    folder: Path = tmp_path_factory.mktemp("cache")
    for columns, first, rows, new in reads:
        if new:
            forget_footers()
        lake = Lake(RemoteStore(memory), cache=RangeCache(folder, limit))
        found = lake.read(TRADES, DAY, BTC, columns, TimeRange(START + first, START + first + rows))
        assert found.equals(table.select(columns).slice(first, rows))
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= limit


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
