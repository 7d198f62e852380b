"""What a vendor, a proxy or a network may do to a download, and what is made of it. The server is real, the pauses are not."""

import gc
import gzip
import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from market_data_assets.errors import (
    AuthError,
    DamagedFile,
    MarketDataError,
    NotListed,
    QuotaExhausted,
    Retryable,
    SchemaDrift,
    SettingsError,
    StorageFailed,
    TooLarge,
    Unusable,
)
from market_data_assets.sources.archives import gunzip
from market_data_assets.sources.download import Downloader, join_url
from market_data_assets.sources.limits import Limits
from market_data_assets_tests.faults.http_server import Answer, Fault, FaultServer
from market_data_assets_tests.sources.conftest import QUICK

CONTENT = gzip.compress(b"".join(b"%d\n" % number for number in range(20_000)))
WHOLE = Answer(CONTENT)
KEY = "canary-key-7d1f"
Make = Callable[..., Downloader]


def whole_gzip(what: str, pieces: Iterator[bytes], path: Path) -> None:
    for _ in gunzip(what, pieces, QUICK):
        pass


@pytest.fixture
def make(cache: Path, pauses: list[float]) -> Make:
    def downloader(limits: Limits = QUICK, **options: object) -> Downloader:
        return Downloader(cache, limits, sleep=pauses.append, **options)  # type: ignore[arg-type]

    return downloader


def fetch(downloader: Downloader, server: FaultServer) -> bytes:
    local = downloader.fetch(f"{server.url}/file", "file", whole_gzip)
    return local.path.read_bytes()


def leftovers(cache: Path) -> list[Path]:
    gc.collect()
    return list(cache.iterdir()) if cache.exists() else []


def test_a_whole_file_arrives_and_is_removed_after_its_last_use(server: FaultServer, make: Make, cache: Path) -> None:
    server.script("/file", WHOLE)
    local = make().fetch(f"{server.url}/file", "file", whole_gzip)
    assert local.path.read_bytes() == CONTENT
    assert local.version().split()[0] == f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    del local
    assert leftovers(cache) == []


@pytest.mark.parametrize("fault", [Fault.HALF, Fault.RESET, Fault.HANG, Fault.STALL])
def test_a_broken_connection_is_tried_again(server: FaultServer, make: Make, pauses: list[float], fault: Fault) -> None:
    server.script("/file", Answer(CONTENT, fault=fault), WHOLE)
    assert fetch(make(), server) == CONTENT
    assert len(pauses) == 1


@pytest.mark.parametrize("fault", [Fault.HALF, Fault.RESET])
def test_a_connection_that_always_breaks_may_be_retried_later(server: FaultServer, make: Make, cache: Path, fault: Fault) -> None:
    server.script("/file", Answer(CONTENT, fault=fault))
    with pytest.raises(Retryable, match=r"file: .*Error after"):
        fetch(make(), server)
    assert len(server.requests) == QUICK.attempts
    assert leftovers(cache) == []


def test_a_slow_drip_is_cut_off_by_the_total_time(server: FaultServer, make: Make) -> None:
    server.script("/file", Answer(CONTENT, fault=Fault.DRIP), WHOLE)
    limits = Limits(read_seconds=1, total_seconds=0.3, attempts=2)
    assert fetch(make(limits), server) == CONTENT
    server.script("/file", Answer(CONTENT, fault=Fault.DRIP))
    with pytest.raises(Retryable, match=r"bytes in 0.3 s, too slow"):
        fetch(make(limits), server)


def test_a_host_that_does_not_exist_may_be_retried_later(make: Make, pauses: list[float]) -> None:
    with pytest.raises(Retryable, match="ConnectError"):
        make().fetch("http://host.invalid/file", "file", whole_gzip)
    assert len(pauses) == QUICK.attempts - 1


@pytest.mark.parametrize(
    "url", ["http://[::1", "ftp://host/file", "file://relative/path", "/absolute/path", "https://", "http://host:port/x"]
)
def test_a_url_that_is_none_is_a_wrong_setting_and_not_retried(make: Make, pauses: list[float], url: str) -> None:
    with pytest.raises(SettingsError):
        make().fetch(url, "file", whole_gzip)
    assert pauses == []


@pytest.mark.parametrize(
    "damaged", [CONTENT[:-1], CONTENT[:9_000], CONTENT[:-8] + b"\0" * 8, CONTENT + b"junk", CONTENT[:500] + b"\xff\xff" + CONTENT[502:]]
)
def test_damage_is_fetched_again_and_refused_when_it_stays(server: FaultServer, make: Make, cache: Path, damaged: bytes) -> None:
    server.script("/file", Answer(damaged), WHOLE)
    assert fetch(make(), server) == CONTENT
    server.script("/file", Answer(damaged))
    with pytest.raises(DamagedFile):
        fetch(make(), server)
    assert len(server.requests) == 2 + QUICK.attempts
    assert leftovers(cache) == []


def test_zero_bytes_are_fetched_again_and_are_never_an_empty_day(server: FaultServer, make: Make) -> None:
    server.script("/file", Answer(b""), WHOLE)
    assert fetch(make(), server) == CONTENT
    server.script("/file", Answer(b""))
    with pytest.raises(Retryable, match="0 bytes"):
        fetch(make(), server)


@pytest.mark.parametrize("page", [b"<html>Service unavailable</html>", b'{"message": "no"}'])
def test_a_page_with_status_200_is_drift_at_once(server: FaultServer, make: Make, page: bytes, cache: Path) -> None:
    server.script("/file", Answer(page))
    with pytest.raises(SchemaDrift, match=r"HTML|JSON"):
        fetch(make(), server)
    assert len(server.requests) == 1
    assert leftovers(cache) == []


BOMB = gzip.compress(bytes(100 << 20))


@pytest.mark.parametrize(
    ("refused", "error"),
    [(CONTENT[:9_000], DamagedFile), (CONTENT + b"junk", DamagedFile), (b"<html>" + bytes(3 << 20), SchemaDrift), (BOMB, TooLarge)],
    ids=["truncated", "junk after the end", "page", "bomb"],
)
def test_a_refused_file_travels_whole_with_its_refusal_and_goes_with_it(
    server: FaultServer, make: Make, cache: Path, refused: bytes, error: type[Unusable]
) -> None:
    server.script("/file", Answer(refused))
    with pytest.raises(error) as caught:
        fetch(make(), server)
    delivered = caught.value.delivered
    assert delivered is not None
    assert delivered.path.read_bytes() == refused
    assert leftovers(cache) == [delivered.path]
    del delivered, caught
    assert leftovers(cache) == []


@pytest.mark.parametrize("fault", [Fault.HALF, Fault.RESET])
def test_a_refused_file_that_does_not_arrive_whole_is_not_kept(server: FaultServer, make: Make, cache: Path, fault: Fault) -> None:
    server.script("/file", Answer(b"<html>" + bytes(3 << 20), fault=fault))
    with pytest.raises(SchemaDrift) as caught:
        fetch(make(), server)
    assert caught.value.delivered is None
    assert leftovers(cache) == []


def test_too_many_bytes_are_too_large_before_all_have_arrived(server: FaultServer, make: Make, cache: Path) -> None:
    server.script("/file", Answer(bytes(5 << 20)))
    with pytest.raises(TooLarge, match="1000 bytes as delivered") as caught:
        make(Limits(delivered_bytes=1_000)).fetch(f"{server.url}/file", "file", lambda _, pieces, __: sum(map(len, pieces)))
    assert caught.value.delivered is None
    assert leftovers(cache) == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_file_is_absent_and_not_failed(server: FaultServer, make: Make, status: int) -> None:
    server.script("/file", Answer(b"gone", status))
    with pytest.raises(NotListed, match=f"status {status}"):
        fetch(make(), server)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("token", [KEY, None])
def test_refused_credentials_stop_at_once(server: FaultServer, make: Make, status: int, token: str | None) -> None:
    server.script("/file", Answer(b"no", status))
    with pytest.raises(AuthError, match=r"the API key (was refused|is missing)"):
        fetch(make(token=token), server)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 405, 451])
def test_a_request_the_vendor_does_not_understand_fails_without_retry(server: FaultServer, make: Make, status: int) -> None:
    server.script("/file", Answer(b"no", status))
    with pytest.raises(MarketDataError, match=f"status {status}") as caught:
        fetch(make(), server)
    assert type(caught.value) is MarketDataError
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599, 204])
def test_a_busy_vendor_is_asked_again_after_growing_pauses(server: FaultServer, make: Make, pauses: list[float], status: int) -> None:
    server.script("/file", Answer(b"", status), Answer(b"", status), WHOLE)
    assert fetch(make(), server) == CONTENT
    first, second = pauses
    assert 0.5 <= first <= 1
    assert 1 <= second <= 2


def test_a_vendor_that_stays_busy_may_be_retried_later(server: FaultServer, make: Make) -> None:
    server.script("/file", Answer(b"", 503))
    with pytest.raises(Retryable, match="status 503"):
        fetch(make(), server)


@pytest.mark.parametrize(
    ("asked", "pause"), [("7", 7), ("300", 300), ("Thu, 08 Aug 2024 00:00:30 GMT", 30), ("Thu, 08 Aug 2024 00:00:30 -0000", 30)]
)
def test_the_pause_that_the_vendor_asks_for_is_made(server: FaultServer, make: Make, pauses: list[float], asked: str, pause: float) -> None:
    server.script("/file", Answer(b"", 429, {"Retry-After": asked}), WHOLE)
    assert fetch(make(now=lambda: 1_723_075_200.0), server) == CONTENT
    assert pauses == [pause]


@pytest.mark.parametrize("asked", ["", "soon", "-5", "1.5e3", "Thu, 08 Aug 2020 00:00:00 GMT"])
def test_an_unreadable_or_past_pause_is_our_own(server: FaultServer, make: Make, pauses: list[float], asked: str) -> None:
    server.script("/file", Answer(b"", 429, {"Retry-After": asked}), WHOLE)
    assert fetch(make(), server) == CONTENT
    assert 0.5 <= pauses[0] <= 1


@pytest.mark.parametrize("asked", ["301", "86400", "Fri, 09 Aug 2024 00:00:00 GMT"])
def test_a_pause_longer_than_a_run_waits_is_a_quota(server: FaultServer, make: Make, pauses: list[float], asked: str) -> None:
    server.script("/file", Answer(b"", 429, {"Retry-After": asked}))
    with pytest.raises(QuotaExhausted, match="longer than a run waits"):
        fetch(make(now=lambda: 1_723_075_200.0), server)
    assert pauses == []


def test_the_key_is_sent_as_a_header_and_is_in_no_message_or_log(server: FaultServer, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    downloader = make(token=KEY)
    seen = [repr(downloader)]
    for answer in (
        Answer(b"", 401),
        Answer(b"", 500),
        Answer(b"<html>"),
        Answer(CONTENT, fault=Fault.RESET),
        Answer(b"", 404),
        Answer(b"", 400),
    ):
        server.script("/file", answer)
        with pytest.raises(MarketDataError) as caught:
            fetch(downloader, server)
        seen += [str(caught.value), repr(caught.value), repr(caught.value.__context__), repr(caught.value.__cause__)]
    assert all(headers["Authorization"] == f"Bearer {KEY}" for _, headers in server.requests)
    assert all(KEY not in path for path in server.paths())
    assert KEY not in "".join(seen) + caplog.text


def test_a_user_in_the_url_is_not_in_the_message(server: FaultServer, make: Make) -> None:
    server.script("/file", Answer(b"", 500))
    with pytest.raises(Retryable) as caught:
        make().fetch(f"{server.url.replace('//', f'//user:{KEY}@')}/file", "file", whole_gzip)
    assert KEY not in str(caught.value)


def test_the_key_does_not_follow_a_redirect_to_another_host(server: FaultServer, make: Make) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    server.script("/file", Answer(b"", 302, {"Location": f"{elsewhere}/moved"}))
    server.script("/moved", WHOLE)
    assert fetch(make(token=KEY), server) == CONTENT
    assert "Authorization" not in server.requests[-1][1]


def test_downloads_in_parallel_do_not_disturb_each_other(server: FaultServer, make: Make) -> None:
    downloader, bodies, found = make(), {}, {}
    for number in range(12):
        bodies[number] = gzip.compress(b"%d\n" % number * 5_000)
        server.script(f"/{number}", Answer(bodies[number]))

    def work(number: int) -> None:
        local = downloader.fetch(f"{server.url}/{number}", "file", whole_gzip)
        found[number] = local.path.read_bytes()

    threads = [threading.Thread(target=work, args=(number,)) for number in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == bodies


def test_a_disk_that_refuses_is_told_as_such(server: FaultServer, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    server.script("/file", WHOLE)
    with pytest.raises(StorageFailed, match="cannot be stored"):
        Downloader(blocked, QUICK).fetch(f"{server.url}/file", "file", whole_gzip)


def test_leftovers_of_killed_processes_are_removed_and_young_files_are_not(server: FaultServer, cache: Path) -> None:
    cache.mkdir()
    old = cache / "download-old"
    old.write_bytes(b"x")
    other = cache / "somebody-elses"
    other.write_bytes(b"x")
    server.script("/file", WHOLE)
    young = Downloader(cache, QUICK)
    fetch(young, server)
    assert old.exists()
    later = Downloader(cache, QUICK, now=lambda: old.stat().st_mtime + 1_000_000)
    fetch(later, server)
    assert not old.exists()
    assert other.exists()


def test_a_file_url_is_read_in_place(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "a b#c.gz"
    path.write_bytes(CONTENT)
    local = make().fetch(path.as_uri(), "file", whole_gzip)
    assert local.path == path
    assert local.version().split()[0] == f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    del local
    gc.collect()
    assert path.exists()


def test_a_file_url_of_nothing_is_absent_and_of_an_empty_file_may_be_retried(tmp_path: Path, make: Make) -> None:
    with pytest.raises(NotListed, match="no file"):
        make().fetch((tmp_path / "missing").as_uri(), "file", whole_gzip)
    with pytest.raises(NotListed, match="not a file"):
        make().fetch(tmp_path.as_uri(), "file", whole_gzip)
    (tmp_path / "empty").touch()
    with pytest.raises(Retryable, match="0 bytes"):
        make().fetch((tmp_path / "empty").as_uri(), "file", whole_gzip)


def test_documents_are_read_whole_and_never_empty(server: FaultServer, make: Make) -> None:
    server.script("/document", Answer(b"", 503), Answer(b""), Answer(b'{"a": 1}'))
    assert make().fetch_document(f"{server.url}/document", "document") == b'{"a": 1}'


def test_urls_join_with_one_slash() -> None:
    assert join_url("https://host/", "v1", "a") == join_url("https://host", "v1", "a") == "https://host/v1/a"
