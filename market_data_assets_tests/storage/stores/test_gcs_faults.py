"""What becomes of an operation when its request, its answer or the race is lost, and what the store says of errors."""

import datetime as dt
import os
from dataclasses import replace
from email.utils import format_datetime

import pytest
from google.api_core.retry import retry_unary
from google.auth.exceptions import RefreshError, TransportError

from market_data_assets.errors import AuthError, PreconditionFailed, QuotaExhausted, Retryable, StorageFailed
from market_data_assets.storage.stores.base import ObjectMissing
from market_data_assets.storage.stores.gcs_errors import in_our_words, is_transient
from market_data_assets.storage.stores.gcs_retry import Patience
from market_data_assets_tests.emulators.proxy_faults import corrupted, hanging, lost_answer, lost_request, refused, repeated, truncated
from market_data_assets_tests.emulators.servers import free_port
from market_data_assets_tests.storage.stores.gcs_stores import ONCE, store_in

MIB = 1 << 20
LARGE = 17 * MIB


@pytest.mark.parametrize("fault", [lost_request, lost_answer, repeated, truncated, refused(503), refused(429)])
def test_put_that_meets_a_fault_once_is_done_once_and_known_to_be_done(exact_bucket, gcs_proxy, fault):
    store = store_in(exact_bucket)
    gcs_proxy.rules.add(fault, method="POST", path="lake/a$", nth={1})
    generation = store.put("a", b"new", if_generation=0)
    found = store.get("a")
    assert (found.data, found.generation) == (b"new", generation)


@pytest.mark.parametrize("theirs", [b"other", b"new"])
def test_put_that_others_overtook_after_a_lost_answer_is_not_known(exact_bucket, gcs_proxy, theirs):
    """Also where they have stored the same bytes: they have counted from what they read, not from ours."""
    store, other = store_in(exact_bucket), store_in(exact_bucket)

    def overtaken(perform):
        perform()
        other.put("a", theirs, if_generation=other.head("a").generation)

    gcs_proxy.rules.add(overtaken, method="POST", nth={1})
    with pytest.raises(Retryable, match=r"put gs://.*/lake/a: whether it was stored is not known"):
        store.put("a", b"new", if_generation=0)
    assert store.get("a").data == theirs


def test_put_that_loses_the_race_says_so_also_after_the_server_was_busy(exact_bucket, gcs_proxy):
    store, other = store_in(exact_bucket), store_in(exact_bucket)

    def busy(perform):
        other.put("a", b"new", if_generation=0)
        return refused(429)(perform)

    gcs_proxy.rules.add(busy, method="POST", nth={1})
    with pytest.raises(PreconditionFailed, match=r"expected generation 0, found \d+"):
        store.put("a", b"new", if_generation=0)


@pytest.mark.parametrize(("fault", "nth"), [(lost_request, 2), (lost_answer, 1), (lost_answer, 2), (lost_answer, 3)])
def test_large_upload_continues_where_a_chunk_was_lost(exact_bucket, gcs_proxy, fault, nth):
    data = os.urandom(MIB) * 17
    store = store_in(exact_bucket)
    rule = gcs_proxy.rules.add(fault, method="PUT", nth={nth})
    generation = store.put("a", data, if_generation=0)
    assert (rule.matched, rule.met) == (4, 1)
    found = store.get("a")
    assert (found.data == data, found.generation) == (True, generation)


def test_address_of_an_upload_session_is_in_no_message(exact_bucket, gcs_proxy):
    """Whoever has it may continue the upload."""
    store = store_in(exact_bucket, ONCE)
    gcs_proxy.rules.add(lost_request, method="PUT")
    with pytest.raises(Retryable, match=r"put gs://.*/lake/a") as caught:
        store.put("a", b"x" * LARGE, if_generation=0)
    (session,) = {found.query["upload_id"] for found in gcs_proxy.requests if "upload_id" in found.query}
    assert session not in str(caught.value)
    assert caught.value.__cause__ is None


def test_store_that_holds_other_bytes_than_were_sent_is_told_from_one_that_holds_them(exact_bucket, gcs_proxy):
    def other_checksum(perform):
        answer = perform()
        return replace(answer, body=answer.body.replace(b'"crc32c":"', b'"crc32c":"BBBB'))

    gcs_proxy.rules.add(other_checksum, method="POST")
    with pytest.raises(StorageFailed, match="the store holds 3 bytes with crc32c"):
        store_in(exact_bucket).put("a", b"new", if_generation=0)


@pytest.mark.parametrize("size", [3, LARGE])
def test_store_is_told_the_checksum_and_refuses_bytes_that_were_changed_on_their_way(exact_bucket, gcs_proxy, monkeypatch, size):
    store, take = store_in(exact_bucket), gcs_proxy.gcs._store
    generation = store.put("a", b"old", if_generation=0)

    def changed(bucket, request, metadata, data, send):
        damaged = data[:-1] + bytes([data[-1] ^ 1])
        return take(bucket, replace(request, body=request.body.replace(data, damaged)), metadata, damaged, send)

    monkeypatch.setattr(gcs_proxy.gcs, "_store", changed)
    with pytest.raises(StorageFailed, match="CRC32C"):
        store.put("a", b"n" * size, if_generation=generation)
    assert (store.get("a").data, store.head("a").generation) == (b"old", generation)


@pytest.mark.parametrize("moves", [True, False])
def test_move_is_done_or_not_known_after_a_fault(exact_bucket, gcs_proxy, moves):
    gcs_proxy.gcs.moves = moves
    store = store_in(exact_bucket)
    verb = "moveTo" if moves else "copyTo"
    gcs_proxy.rules.add(lost_request, path=verb, nth={1})
    gcs_proxy.rules.add(lost_answer, path=verb, nth={3})
    store.put("a", b"1", if_generation=0)
    store.move("a", "b", if_generation=0)
    assert (store.head("a"), store.get("b").data) == (None, b"1")
    store.put("c", b"2", if_generation=0)
    with pytest.raises(Retryable, match="whether it was moved is not known"):
        store.move("c", "d", if_generation=0)
    assert store.get("d").data == b"2"


def test_copy_whose_source_another_mover_deleted_first_is_a_move(exact_bucket, gcs_proxy):
    gcs_proxy.gcs.moves = False
    store, other = store_in(exact_bucket), store_in(exact_bucket)
    store.put("a", b"1", if_generation=0)

    def overtaken(perform):
        answer = perform()
        other.delete("a", if_generation=other.head("a").generation)
        return answer

    gcs_proxy.rules.add(overtaken, path="copyTo")
    assert store.move("a", "b", if_generation=0) == store.head("b").generation


@pytest.mark.parametrize("fault", [lost_request, lost_answer])
def test_deletion_that_lost_its_answer_finds_that_generation_gone(exact_bucket, gcs_proxy, fault):
    store = store_in(exact_bucket)
    generation = store.put("a", b"1", if_generation=0)
    gcs_proxy.rules.add(fault, method="DELETE", nth={1})
    store.delete("a", if_generation=generation)
    assert store.head("a") is None


def test_deletion_of_what_is_not_there_asks_for_what_is_there(exact_bucket):
    store = store_in(exact_bucket)
    store.delete("a", if_generation=0)
    store.put("a", b"1", if_generation=0)
    with pytest.raises(PreconditionFailed):
        store.delete("a", if_generation=0)


@pytest.mark.parametrize("fault", [lost_request, lost_answer, truncated, refused(500), refused(502)])
def test_reads_are_tried_again(exact_bucket, gcs_proxy, fault):
    store = store_in(exact_bucket)
    store.put("a", b"x" * 100_000, if_generation=0)
    for read in (lambda: store.get("a"), lambda: store.head("a"), lambda: list(store.list(""))):
        gcs_proxy.rules.clear()
        rule = gcs_proxy.rules.add(fault, method="GET", nth={1})
        assert read()
        assert rule.met == 1


def test_bytes_that_were_changed_on_the_way_are_not_taken(exact_bucket, gcs_proxy):
    store = store_in(exact_bucket)
    store.put("a", b"x" * 1_000, if_generation=0)
    gcs_proxy.rules.add(corrupted, method="GET", path="/download/")
    with pytest.raises(Retryable, match=r"get gs://.*/lake/a: the 1000 bytes that arrived do not have the crc32c"):
        store.get("a")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (refused(400), StorageFailed),
        (refused(401), AuthError),
        (refused(403), AuthError),
        (refused(403, reason="userRateLimitExceeded"), Retryable),
        (refused(403, reason="retentionPolicyNotMet"), StorageFailed),
        (refused(404, reason="The specified bucket does not exist."), StorageFailed),
        (refused(408), Retryable),
        (refused(429), Retryable),
        (refused(429, retry_after="3000"), QuotaExhausted),
        (refused(503), Retryable),
        (refused(503, retry_after="3000"), QuotaExhausted),
        (refused(507), StorageFailed),
        (lost_request, Retryable),
        (truncated, Retryable),
    ],
)
def test_errors_say_operation_object_and_reason(exact_bucket, gcs_proxy, fault, expected):
    store = store_in(exact_bucket, ONCE)
    for name in "ab":
        store.put(name, b"x" * 1_000, if_generation=0)
    gcs_proxy.rules.add(fault)
    for operation, call in {
        "get": lambda: store.get("a"),
        "head": lambda: store.head("a"),
        "list": lambda: list(store.list("a")),
        "put": lambda: store.put("c", b"1", if_generation=0),
        "delete": lambda: store.delete("a", if_generation=1),
    }.items():
        if fault is truncated and operation == "delete":
            continue  # its answer is empty
        with pytest.raises(expected, match=rf"(?s)(head|{operation}) gs://lake-\w+/lake/[ac]: ") as caught:
            call()
        assert type(caught.value) is expected
        assert caught.value.__cause__ is None


def test_date_in_retry_after_is_a_wait_too(exact_bucket, gcs_proxy):
    later = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1), usegmt=True)
    gcs_proxy.rules.add(refused(429, retry_after=later))
    with pytest.raises(QuotaExhausted) as caught:
        store_in(exact_bucket).head("a")
    assert 3_500 < caught.value.retry_after_seconds <= 3_600


def test_pauses_are_what_the_server_asks_for_and_a_little_more(exact_bucket, gcs_proxy, monkeypatch):
    pauses = []
    monkeypatch.setattr(retry_unary.time, "sleep", pauses.append)
    gcs_proxy.rules.add(refused(429, retry_after="7"), nth={1})
    gcs_proxy.rules.add(refused(503), nth={2})
    assert store_in(exact_bucket).head("a") is None
    first, second = pauses
    assert 7 <= first <= 7.25
    assert 0 <= second <= 0.5


def test_server_that_does_not_answer_is_given_up(exact_bucket, gcs_proxy):
    gcs_proxy.rules.add(hanging(1), nth={1})
    store = store_in(exact_bucket, Patience(read_seconds=0.2, deadline_seconds=0))
    with pytest.raises(Retryable, match=r"head gs://.*: ReadTimeout: .*Read timed out"):
        store.head("a")


def test_server_that_is_not_there_is_no_missing_object(exact_bucket, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Retryable, match=r"head gs://.*: ConnectionError: .*refused"):
        store_in(exact_bucket, ONCE).head("a")


def test_bytes_have_time_to_leave_on_a_slow_line():
    connect, read = Patience(connect_seconds=10, read_seconds=20).for_sending(8 * MIB)
    assert (connect > 60, read) == (True, 20)


def test_credentials_that_cannot_be_renewed_are_refused_and_token_servers_out_of_reach_are_not():
    assert type(in_our_words(RefreshError("invalid_grant"), "head gs://b/a")) is AuthError
    assert type(in_our_words(TransportError("no route"), "head gs://b/a")) is Retryable
    assert is_transient(RefreshError("try again", retryable=True))


@pytest.mark.parametrize("size", [0, 10])
@pytest.mark.parametrize(
    ("start", "end"), [(0, None), (0, 0), (0, 4), (3, 3), (4, 2), (3, None), (8, 20), (9, 10), (10, 11), (12, None), (0, 99)]
)
def test_ranges_are_those_of_a_slice(exact_bucket, size, start, end):
    store = store_in(exact_bucket)
    data = bytes(range(size))
    generation = store.put("a", data, if_generation=0)
    found = store.get("a", start=start, end=end, generation=generation)
    assert (found.data, found.generation) == (data[start:end], generation)
    with pytest.raises(ObjectMissing):
        store.get("a", start=start, end=end, generation=generation - 1)
    with pytest.raises(ObjectMissing):
        store.get("b", start=start, end=end)


def test_range_that_ends_early_inside_the_object_is_not_taken(exact_bucket, gcs_proxy):
    store = store_in(exact_bucket)
    store.put("a", bytes(range(100)), if_generation=0)

    def fewer(perform):
        answer = perform()
        return replace(answer, body=answer.body[:-1])

    gcs_proxy.rules.add(fewer, path="/download/")
    with pytest.raises(Retryable, match=r"9 bytes arrived of the range \[10, 20\)"):
        store.get("a", start=10, end=20)
