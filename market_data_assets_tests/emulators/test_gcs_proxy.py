"""The proxy answers as GCS documents it, through the official client, and does the harm that its rules say."""

import base64
import contextlib
import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from google.api_core.exceptions import BadRequest, Forbidden, GoogleAPICallError, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from market_data_assets_tests.emulators.bigquery import PROJECT
from market_data_assets_tests.emulators.proxy_faults import (
    corrupted,
    hanging,
    lost_answer,
    lost_request,
    refused,
    repeated,
    slow,
    truncated,
)

NAME = "day-2024-08-08/BINANCE:PERP:BTC-USDT.parquet"


@pytest.fixture
def bucket(exact_bucket, gcs_proxy):
    client = storage.Client(project=PROJECT, credentials=AnonymousCredentials())
    yield client.bucket(exact_bucket.removeprefix("gs://"))
    client.close()


def put(bucket, name, data, generation=0, **options):
    blob = bucket.blob(name)
    blob.upload_from_string(data, if_generation_match=generation, retry=None, **options)
    return blob.generation


def got(bucket, name, **options):
    return bucket.blob(name).download_as_bytes(retry=None, **options)


def test_every_kind_of_request_minds_its_precondition(bucket):
    first = put(bucket, NAME, b"1")
    for stale in (0, 5):
        for change in (
            lambda stale=stale: put(bucket, NAME, b"2", stale),
            lambda stale=stale: bucket.copy_blob(bucket.blob(NAME), bucket, NAME, if_generation_match=stale),
            lambda stale=stale: bucket.blob(NAME).rewrite(bucket.blob(NAME), if_generation_match=stale),
        ):
            with pytest.raises(PreconditionFailed):
                change()
    for change in (
        lambda: bucket.blob(NAME).delete(if_generation_match=5),
        lambda: bucket.blob(NAME).reload(if_generation_match=5),
        lambda: got(bucket, NAME, if_generation_match=5),
        lambda: bucket.copy_blob(bucket.blob(NAME), bucket, "copy", if_source_generation_match=5),
        lambda: bucket.move_blob(bucket.blob(NAME), "copy", if_source_generation_match=5),
        lambda: bucket.move_blob(bucket.blob(NAME), "copy", if_generation_match=5),
    ):
        with pytest.raises(PreconditionFailed):
            change()
    for change in (
        lambda: bucket.delete_blob(NAME, generation=5),
        lambda: bucket.blob(NAME, generation=5).download_as_bytes(retry=None),
        lambda: bucket.blob(NAME, generation=5).reload(),
        lambda: bucket.blob("none").delete(if_generation_match=5),
        lambda: bucket.copy_blob(bucket.blob(NAME), bucket, "copy", source_generation=5),
        lambda: bucket.move_blob(bucket.blob("none"), "copy", if_generation_match=0),
    ):
        with pytest.raises(NotFound):
            change()
    assert [(blob.name, blob.generation) for blob in bucket.list_blobs()] == [(NAME, first)]
    assert bucket.blob(NAME, generation=first).download_as_bytes(retry=None) == b"1"
    bucket.blob(NAME).delete(if_generation_match=first)
    assert list(bucket.list_blobs()) == []


def test_move_replaces_its_destination_and_its_source_is_gone(bucket, gcs_proxy):
    put(bucket, "staged", b"new")
    old = put(bucket, NAME, b"old")
    moved = bucket.move_blob(bucket.blob("staged"), NAME, if_generation_match=old)
    assert moved.generation > old
    assert (got(bucket, NAME), [blob.name for blob in bucket.list_blobs()]) == (b"new", [NAME])
    gcs_proxy.gcs.moves = False
    with pytest.raises(GoogleAPICallError):
        bucket.move_blob(bucket.blob(NAME), "elsewhere", if_generation_match=0)
    assert got(bucket, NAME) == b"new"


def test_generations_grow_and_come_never_again(bucket):
    found = []
    for _ in range(10):
        found.append(put(bucket, NAME, b"same"))
        bucket.blob(NAME).delete(if_generation_match=found[-1])
    assert found == sorted(set(found))


def test_of_many_changers_at_once_one_wins(bucket):
    generation = put(bucket, NAME, b"0")

    def change(number):
        try:
            if number % 2:
                bucket.blob(NAME).delete(if_generation_match=generation, retry=None)
            else:
                put(bucket, NAME, b"%d" % number, generation)
        except (PreconditionFailed, NotFound):
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(change, range(8))) == 1


def test_upload_that_arrives_changed_is_refused(bucket, gcs_proxy):
    wrong = base64.b64encode(b"1234").decode()
    blob = bucket.blob(NAME)
    blob.crc32c = wrong
    with pytest.raises(BadRequest, match="CRC32C"):
        blob.upload_from_string(b"data", checksum=None, retry=None)
    url = f"{gcs_proxy.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=a"
    assert requests.post(url, data=b"data", headers={"X-Goog-Hash": f"crc32c={wrong}"}, timeout=5).status_code == 400
    assert requests.post(url, data=b"data", timeout=5).json()["size"] == "4"
    assert [blob.name for blob in bucket.list_blobs()] == ["a"]


def test_resumable_upload_minds_its_precondition_at_its_end(bucket, gcs_proxy):
    data = bytes(range(256)) * 4_096

    def start():
        url = bucket.blob(NAME).create_resumable_upload_session(if_generation_match=0)
        half = {"Content-Range": f"bytes 0-{len(data) // 2 - 1}/{len(data)}"}
        answer = requests.put(url, data=data[: len(data) // 2], headers=half, timeout=5)
        assert (answer.status_code, answer.headers["Range"]) == (308, f"bytes=0-{len(data) // 2 - 1}")
        return url

    rest = {"Content-Range": f"bytes {len(data) // 2}-{len(data) - 1}/{len(data)}"}
    winner, loser = start(), start()
    asked = requests.put(winner, headers={"Content-Range": f"bytes */{len(data)}"}, timeout=5)
    assert asked.headers["Range"] == f"bytes=0-{len(data) // 2 - 1}"
    for _ in range(2):  # the end, and again after a lost answer
        answer = requests.put(winner, data=data[len(data) // 2 :], headers=rest, timeout=5)
        assert answer.json()["size"] == str(len(data))
    assert requests.put(loser, data=data[len(data) // 2 :], headers=rest, timeout=5).status_code == 412
    assert got(bucket, NAME) == data
    assert {record.path for record in gcs_proxy.requests if record.method == "PUT"} == {f"/upload/storage/v1/b/{bucket.name}/o/{NAME}"}


def test_large_object_of_the_official_client_goes_up_and_down(bucket, gcs_proxy):
    data = bytes(range(256)) * 40_000
    blob = bucket.blob(NAME, chunk_size=4 << 20)
    blob.upload_from_string(data, if_generation_match=0, checksum="crc32c", retry=None)
    assert got(bucket, NAME, checksum="crc32c") == data
    assert got(bucket, NAME, start=5, end=9) == data[5:10]
    assert (gcs_proxy.requests[-1].range, gcs_proxy.requests[-1].sent) == ("bytes=5-9", 5)


@pytest.mark.parametrize(("fault", "stored", "heard"), [
    (lost_answer, True, requests.ConnectionError),
    (lost_request, False, requests.ConnectionError),
    (hanging(0.01), False, requests.ConnectionError),
    (repeated, True, PreconditionFailed),
    (refused(429, retry_after="1"), False, GoogleAPICallError),
    (refused(503), False, GoogleAPICallError),
    (refused(403), False, Forbidden),
    (slow(0.01), True, None),
])  # fmt: skip
def test_rule_does_its_harm_to_the_request_it_names(bucket, gcs_proxy, fault, stored, heard):
    rule = gcs_proxy.rules.add(fault, method="POST", path="/day-2024-08-08/", nth=[2])
    put(bucket, "day-2024-08-08/first", b"1")
    put(bucket, "other", b"1")
    with contextlib.nullcontext() if heard is None else pytest.raises(heard):
        put(bucket, NAME, b"2")
    assert (rule.matched, rule.met) == (2, 1)
    assert (bucket.get_blob(NAME) is not None) is stored


def test_downloads_arrive_cut_or_changed(bucket, gcs_proxy):
    put(bucket, NAME, b"x" * 1_000)
    url = f"{gcs_proxy.url}/download/storage/v1/b/{bucket.name}/o/{NAME.replace('/', '%2F')}?alt=media"
    gcs_proxy.rules.add(truncated, path="^/download/", nth=[1])
    gcs_proxy.rules.add(corrupted, path="^/download/", nth=[2])
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        requests.get(url, timeout=5)
    assert requests.get(url, timeout=5).content == b"x" * 500 + b"y" + b"x" * 499


def test_chances_come_from_the_seed(bucket, gcs_proxy):
    def outcomes():
        gcs_proxy.rules.clear(seed=5)
        gcs_proxy.rules.add(refused(503), method="GET", chance=0.5)
        return [requests.get(f"{gcs_proxy.url}/storage/v1/b/{bucket.name}", timeout=5).status_code for _ in range(20)]

    found = outcomes()
    assert set(found) == {200, 503}
    assert outcomes() == found


def test_clock_of_the_server_can_be_set(bucket, gcs_proxy):
    put(bucket, NAME, b"1")
    [before] = [blob.updated for blob in bucket.list_blobs()]
    gcs_proxy.gcs.skew = dt.timedelta(days=-400)
    assert [blob.updated - before for blob in bucket.list_blobs()] == [dt.timedelta(days=-400)]
