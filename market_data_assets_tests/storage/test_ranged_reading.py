"""Reading from a bucket: the needed ranges, in few requests, each once."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.domain.datasets import Dataset, TableFrame
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import CorruptPartition, PartitionMissing
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import MANIFEST, SUCCESS, partition_prefix
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.ranged_parquet import TAIL_BYTES
from market_data_assets.storage.ranged_plan import GAP_BYTES, chunk_ranges, joined, missing_ranges
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.emulators.proxy import Recorded
from market_data_assets_tests.emulators.proxy_fixtures import GcsProxy
from market_data_assets_tests.faults.stores import RemoteStore
from market_data_assets_tests.storage.days import BTC, DAY, ETH, NEXT, SOL, START, frames, trades
from market_data_assets_tests.storage.options import OPTIONS, PUT
from market_data_assets_tests.storage.ranged_days import CANDLES_15S, ROWS, WINDOW, candles, forget_footers, many_trades, written


@pytest.fixture(autouse=True)
def _no_footers() -> None:
    """Every test starts as a new process does: without a footer in memory."""
    forget_footers()


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
