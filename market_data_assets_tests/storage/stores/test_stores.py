"""What every store promises, checked on each of them."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from market_data_assets.errors import PreconditionFailed, SettingsError, StorageFailed, UnsafeName
from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.stores.base import ObjectMissing, Store
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets.storage.stores.memory import PAGE, MemoryStore


@pytest.fixture(params=["memory", "local", "gcs"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "local":
        return LocalStore(tmp_path / "root")
    return open_store(f"{request.getfixturevalue('exact_bucket')}/lake")


def test_what_is_put_is_got(store):
    generation = store.put("a/b", b"hello", if_generation=0)
    found = store.get("a/b")
    assert (bytes(found.data), found.generation) == (b"hello", generation)


@pytest.mark.parametrize("size", [0, 5, 200_000])
def test_head_describes_the_bytes_that_are_there(store, size):
    generation = store.put("a", b"x" * size, if_generation=0)
    head = store.head("a")
    assert (head.generation, head.size, head.crc32c) == (generation, size, crc32c(b"x" * size))


def test_local_file_is_put_as_its_bytes(store, tmp_path):
    (tmp_path / "file").write_bytes(b"y" * 3_000_000)
    store.put("a", tmp_path / "file", if_generation=0, crc32c=crc32c(b"y" * 3_000_000))
    assert bytes(store.get("a").data) == b"y" * 3_000_000


@pytest.mark.parametrize("size", [10, 200_000])
def test_range_is_half_open(store, size):
    data = bytes(range(256)) * (size // 256 + 1)
    store.put("a", data, if_generation=0)
    assert bytes(store.get("a", start=2, end=7).data) == data[2:7]
    assert bytes(store.get("a", start=5).data) == data[5:]


def test_missing_object_is_said_to_be_missing(store):
    assert store.head("a") is None
    with pytest.raises(ObjectMissing):
        store.get("a")
    with pytest.raises(ObjectMissing):
        store.move("a", "b", if_generation=0)


def test_get_of_a_generation_that_is_gone_fails(store):
    old = store.put("a", b"1", if_generation=0)
    store.put("a", b"2", if_generation=old)
    with pytest.raises(ObjectMissing):
        store.get("a", generation=old)


def test_put_needs_the_generation_it_names(store):
    first = store.put("a", b"1", if_generation=0)
    with pytest.raises(PreconditionFailed):
        store.put("a", b"2", if_generation=0)
    with pytest.raises(PreconditionFailed):
        store.put("b", b"2", if_generation=first)
    second = store.put("a", b"2", if_generation=first)
    assert second > first
    assert bytes(store.get("a").data) == b"2"


def test_move_needs_the_generation_of_its_destination(store):
    store.put("a", b"1", if_generation=0)
    there = store.put("dir/b", b"2", if_generation=0)
    with pytest.raises(PreconditionFailed):
        store.move("a", "dir/b", if_generation=0)
    assert store.move("a", "dir/b", if_generation=there) == store.head("dir/b").generation > there
    assert store.head("a") is None
    assert bytes(store.get("dir/b").data) == b"1"


def test_delete_needs_the_generation_it_names(store):
    generation = store.put("a", b"1", if_generation=0)
    with pytest.raises(PreconditionFailed):
        store.delete("a", if_generation=generation - 1)
    store.delete("a", if_generation=generation)
    assert store.head("a") is None
    with pytest.raises(PreconditionFailed):
        store.delete("a", if_generation=generation)


def test_generations_are_not_used_again_after_a_deletion(store):
    seen = []
    for _ in range(20):
        seen.append(store.put("a", b"1", if_generation=0))
        store.delete("a", if_generation=seen[-1])
    assert seen == sorted(set(seen))


def test_checksum_that_does_not_match_stores_nothing(store):
    with pytest.raises(StorageFailed, match="crc32c"):
        store.put("a", b"1", if_generation=0, crc32c=123)
    assert store.head("a") is None


def test_bytes_that_were_got_outlive_the_object(store):
    generation = store.put("a", b"1" * 100_000, if_generation=0)
    found = store.get("a")
    store.put("a", b"2" * 100_000, if_generation=generation)
    assert bytes(found.data) == b"1" * 100_000


def test_listing_is_by_name_and_prefix(store):
    for name in ("b/2", "a", "b/1", "b-1", "b/c/d", "c"):
        store.put(name, b"", if_generation=0)
    assert [listed.name for listed in store.list("")] == ["a", "b-1", "b/1", "b/2", "b/c/d", "c"]
    assert [listed.name for listed in store.list("b/")] == ["b/1", "b/2", "b/c/d"]
    assert [listed.name for listed in store.list("b")] == ["b-1", "b/1", "b/2", "b/c/d"]
    assert [listed.name for listed in store.list("x/y")] == []
    assert [listed.name for listed in store.list("b/", folders=True)] == ["b/1", "b/2", "b/c/"]
    assert [listed.name for listed in store.list("", folders=True)] == ["a", "b-1", "b/", "c"]


def test_listing_tells_generation_size_and_time(store):
    generation = store.put("a", b"123", if_generation=0)
    (listed,) = store.list("a")
    assert (listed.generation, listed.size) == (generation, 3)
    assert abs(listed.updated - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)


def test_listing_goes_on_over_pages():
    store = MemoryStore()
    for number in range(PAGE + 5):
        store.put(f"a/{number:05}/x", b"", if_generation=0)
    assert len(list(store.list("a/"))) == PAGE + 5
    assert len(list(store.list("a/", folders=True))) == PAGE + 5


def test_folder_vanishes_with_its_last_object(store):
    generation = store.put("a/b/c", b"", if_generation=0)
    store.delete("a/b/c", if_generation=generation)
    assert list(store.list("", folders=True)) == []


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", ".lock", ".tmp/x", "a\0b"])
def test_names_that_leave_the_root_are_refused(store, name):
    for operation in (
        lambda: store.put(name, b"", if_generation=0),
        lambda: store.get(name),
        lambda: store.head(name),
        lambda: store.delete(name, if_generation=1),
        lambda: store.move(name, "a", if_generation=0),
        lambda: list(store.list(name)),
    ):
        with pytest.raises(UnsafeName):
            operation()


def test_of_many_creators_exactly_one_wins(store):
    barrier = threading.Barrier(16)

    def create(number: int) -> bool:
        barrier.wait()
        try:
            store.put("a", b"%d" % number, if_generation=0)
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = [number for number, success in enumerate(pool.map(create, range(16))) if success]
    assert [b"%d" % number for number in won] == [bytes(store.get("a").data)]


def test_counters_of_many_threads_lose_no_increment(store):
    store.put("a", b"0", if_generation=0)

    def increment(_: int) -> None:
        while True:
            found = store.get("a")
            try:
                store.put("a", b"%d" % (int(bytes(found.data)) + 1), if_generation=found.generation)
                return
            except PreconditionFailed:
                continue

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(increment, range(40)))
    assert bytes(store.get("a").data) == b"40"


def test_urls_open_their_stores(tmp_path):
    assert isinstance(open_store(f"file://{tmp_path}"), LocalStore)
    assert open_store("memory://shared") is open_store("memory://shared")
    assert open_store("memory://shared") is not open_store("memory://other")


@pytest.mark.parametrize("url", ["s3://bucket", "data", "file://host/data", "file://relative", "", "file:///a?b"])
def test_urls_of_no_store_are_refused(url):
    with pytest.raises(SettingsError, match="storage root"):
        open_store(url)


def test_opening_a_folder_writes_nothing(tmp_path):
    store = open_store(f"file://{tmp_path}/new")
    assert store.head("a") is None
    assert list(store.list("")) == []
    assert not (tmp_path / "new").exists()


def test_url_of_an_object_can_be_opened_by_a_person(tmp_path):
    assert open_store(f"file://{tmp_path}").url("a/B:C.parquet") == f"file://{tmp_path}/a/B:C.parquet"
    assert open_store("memory://m").url("a") == "memory://m/a"
