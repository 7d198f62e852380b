"""What the GCS store asks of Google, and what it never asks."""

import logging
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from market_data_assets.errors import PreconditionFailed, SettingsError, StorageFailed
from market_data_assets.storage.google_clients import storage_client
from market_data_assets.storage.stores import gcs, open_store
from market_data_assets.storage.stores.base import ObjectMissing
from market_data_assets.storage.stores.gcs import GcsStore
from market_data_assets_tests.storage.stores.gcs_stores import store_in

MIB = 1 << 20


def changes(proxy):
    return [found for found in proxy.requests if found.method != "GET"]


def test_every_change_carries_its_precondition(exact_bucket, gcs_proxy):
    store = store_in(exact_bucket)
    generation = store.put("a", b"1", if_generation=0)
    moved = store.move("a", "b", if_generation=0)
    store.delete("b", if_generation=moved)
    assert [(found.method, found.query["ifGenerationMatch"]) for found in changes(gcs_proxy)] == [
        ("POST", "0"),
        ("POST", "0"),
        ("DELETE", str(moved)),
    ]
    assert moved > generation


def test_nothing_is_asked_about_the_bucket_itself(exact_bucket, gcs_proxy):
    store = store_in(exact_bucket)
    generation = store.put("a/b", b"1", if_generation=0)
    store.get("a/b", generation=generation)
    store.head("a/b")
    list(store.list("", folders=True))
    store.delete("a/b", if_generation=generation)
    assert len(gcs_proxy.requests) == 5
    assert not [found.path for found in gcs_proxy.requests if not re.search(r"/b/[^/]+/o(/|$)", found.path)]


def test_each_operation_is_one_request_and_says_who_asks(exact_bucket, gcs_proxy):
    store = store_in(exact_bucket)
    for operation in (
        lambda: store.put("a", b"1", if_generation=0),
        lambda: store.head("a"),
        lambda: store.get("a"),
        lambda: store.get("a", start=0, end=1),
        lambda: list(store.list("")),
        lambda: store.move("a", "b", if_generation=0),
    ):
        gcs_proxy.requests.clear()
        operation()
        (found,) = gcs_proxy.requests
        assert found.headers["user-agent"].startswith("market-data-assets/")


def test_store_that_cannot_move_is_asked_once_and_copies_from_then_on(exact_bucket, gcs_proxy):
    gcs_proxy.gcs.moves = False
    store = store_in(exact_bucket)
    for name in ("a", "b"):
        generation = store.put(name, name.encode(), if_generation=0)
        there = store.put(f"to/{name}", b"old", if_generation=0)
        with pytest.raises(PreconditionFailed):
            store.move(name, f"to/{name}", if_generation=0)
        gcs_proxy.requests.clear()
        moved = store.move(name, f"to/{name}", if_generation=there)
        assert (store.head(name), store.head(f"to/{name}").generation) == (None, moved)
        assert bytes(store.get(f"to/{name}").data) == name.encode()
        copied, deleted = changes(gcs_proxy)
        assert (copied.query["ifGenerationMatch"], copied.query["sourceGeneration"]) == (str(there), str(generation))
        assert deleted.query["ifGenerationMatch"] == str(generation)
    with pytest.raises(ObjectMissing):
        store.move("gone", "to/gone", if_generation=0)


def test_missing_source_does_not_make_a_store_that_can_move_copy(exact_bucket, gcs_proxy):
    store = store_in(exact_bucket)
    with pytest.raises(ObjectMissing):
        store.move("gone", "b", if_generation=0)
    store.put("a", b"1", if_generation=0)
    store.move("a", "b", if_generation=0)
    assert "moveTo" in changes(gcs_proxy)[-1].path


def test_plain_emulator_serves_what_needs_no_help(bucket):
    store = open_store(bucket)
    generation = store.put("a/BINANCE:PERP:BTC-USDT.parquet", b"1234", if_generation=0)
    with pytest.raises(PreconditionFailed):
        store.put("a/BINANCE:PERP:BTC-USDT.parquet", b"5", if_generation=0)
    assert store.get("a/BINANCE:PERP:BTC-USDT.parquet", start=1, end=3, generation=generation).data == b"23"
    store.move("a/BINANCE:PERP:BTC-USDT.parquet", "b", if_generation=0)
    assert [listed.name for listed in store.list("")] == ["b"]
    store.delete("b", if_generation=store.head("b").generation)
    assert list(store.list("")) == []


def test_large_file_goes_in_chunks_and_arrives_whole(exact_bucket, gcs_proxy, tmp_path):
    data = os.urandom(MIB) * 20
    (tmp_path / "large").write_bytes(data)
    store = store_in(exact_bucket)
    generation = store.put("a", tmp_path / "large", if_generation=0)
    start, *chunks = changes(gcs_proxy)
    assert (start.method, start.query["uploadType"], start.query["ifGenerationMatch"]) == ("POST", "resumable", "0")
    assert [(found.method, found.received) for found in chunks] == [("PUT", 8 * MIB), ("PUT", 8 * MIB), ("PUT", 4 * MIB)]
    assert (store.get("a").data, store.head("a").generation) == (data, generation)
    with pytest.raises(PreconditionFailed):
        store.put("a", tmp_path / "large", if_generation=0)


def test_checksum_that_does_not_match_is_found_before_anything_is_sent(exact_bucket, gcs_proxy, tmp_path):
    (tmp_path / "file").write_bytes(b"1")
    store = store_in(exact_bucket)
    for data in (b"1", tmp_path / "file"):
        with pytest.raises(StorageFailed, match=r"put gs://.*/lake/a: content has crc32c \d+, expected 5"):
            store.put("a", data, if_generation=0, crc32c=5)
    assert gcs_proxy.requests == []


def test_local_file_that_is_not_there_is_named(exact_bucket, tmp_path):
    with pytest.raises(StorageFailed, match="missing"):
        store_in(exact_bucket).put("a", tmp_path / "missing", if_generation=0)


def test_listing_goes_on_over_pages_in_order_of_name(exact_bucket, gcs_proxy, monkeypatch):
    monkeypatch.setattr(gcs, "_PAGE", 3)
    store = store_in(exact_bucket)
    names = ["a", "b/1", "b/2", "b-1", "c/1/x", "c/1/y", "c/2", "d", "é"]
    for name in names:
        store.put(name, b"", if_generation=0)
    gcs_proxy.requests.clear()
    assert [listed.name for listed in store.list("")] == sorted(names)
    assert len(gcs_proxy.requests) == 3
    assert [listed.name for listed in store.list("", folders=True)] == ["a", "b-1", "b/", "c/", "d", "é"]
    assert [listed.name for listed in store.list("c/", folders=True)] == ["c/1/", "c/2"]
    assert all("items(name,generation,size,updated)" in found.query["fields"] for found in gcs_proxy.requests)


def test_what_other_tools_leave_beside_the_lake_is_no_object(exact_bucket):
    """The console makes folders as empty objects whose names end in a slash."""
    bucket = storage_client().bucket(exact_bucket.removeprefix("gs://"))
    for name in ("lake/folder/", "lake/.hidden", "lake/a", "other/b", "lake-2/c"):
        bucket.blob(name).upload_from_string(b"")
    store = store_in(exact_bucket)
    assert [listed.name for listed in store.list("")] == ["a"]
    assert [listed.name for listed in store.list("folder/", folders=True)] == []


def test_many_threads_share_32_connections(exact_bucket, gcs_proxy, caplog):
    store = store_in(exact_bucket)
    with caplog.at_level(logging.DEBUG, "urllib3.connectionpool"), ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda number: store.put(f"a/{number}", b"1", if_generation=0), range(96)))
        assert {bytes(found.data) for found in pool.map(lambda number: store.get(f"a/{number}"), range(96))} == {b"1"}
    said = [record.getMessage() for record in caplog.records]
    assert not [message for message in said if "pool is full" in message]
    to_proxy = gcs_proxy.url.removeprefix("http://")
    assert len([message for message in said if re.match(rf"Starting new HTTP connection .*{to_proxy}", message)]) <= 32


def test_each_process_has_a_client_of_its_own(exact_bucket, monkeypatch):
    made = []
    store = GcsStore(exact_bucket.removeprefix("gs://"), client=lambda: made.append(storage_client()) or made[-1])
    store.head("a")
    store.head("a")
    assert len(made) == 1
    monkeypatch.setattr(os, "getpid", lambda: -1)
    store.head("a")
    assert len(made) == 2


def test_urls_of_buckets_open_their_stores():
    assert open_store("gs://lake").url("a/b") == "gs://lake/a/b"
    assert open_store("gs://lake.example.com/data/").url("a") == "gs://lake.example.com/data/a"


@pytest.mark.parametrize("url", ["gs://", "gs:///a", "gs://b", "gs://Upper", "gs://user@bucket", "gs://bucket?a=b", "gs://bucket:80/a"])
def test_urls_of_no_bucket_are_refused(url):
    with pytest.raises(SettingsError, match="storage root"):
        open_store(url)


def test_opening_local_stores_does_not_load_google():
    script = "import sys; from market_data_assets.storage.stores import open_store; open_store('memory://a'); "
    script += "sys.exit(any(name.startswith(('google.cloud', 'google.auth', 'requests')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_bucket_that_does_not_exist_is_no_empty_lake(bucket):
    store = store_in("gs://there-is-no-such-bucket")
    with pytest.raises(StorageFailed, match="put gs://there-is-no-such-bucket/lake/a: 404"):
        store.put("a", b"1", if_generation=0)
    with pytest.raises(StorageFailed, match="list gs://there-is-no-such-bucket/lake/: 404"):
        list(store.list(""))
