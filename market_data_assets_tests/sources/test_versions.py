"""What a vendor says of a file without sending it is what was noted when it was fetched, until the file changes."""

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.errors import AuthError, MarketDataError, NotListed, Retryable
from market_data_assets.sources.archives import gunzip
from market_data_assets.sources.download import Downloader
from market_data_assets.sources.versions import FileVersion, note_version, noted_version, told_by_headers
from market_data_assets_tests.faults.http_server import Answer, FaultServer, serving
from market_data_assets_tests.sources.conftest import QUICK

CONTENT = gzip.compress(b"a row\n")
DATE = "Wed, 21 Oct 2015 07:28:00 GMT"


def fetched(downloader: Downloader, url: str) -> str:
    """What a stored day would note of the file."""

    def verify(what: str, pieces: object, _path: Path) -> None:
        for _ in gunzip(what, pieces, QUICK):  # type: ignore[arg-type]
            pass

    return downloader.fetch(url, "file", verify).version()


def told(downloader: Downloader, url: str) -> FileVersion | None:
    return downloader.version_of(url, "file", 2)


@pytest.mark.parametrize(
    "headers",
    [{"ETag": '"d41d8cd9"'}, {"ETag": 'W/"d41d8cd9"'}, {"Last-Modified": DATE}, {"ETag": '"with space"'}, {"ETag": '"' + "x" * 500 + '"'}],
    ids=["etag", "weak etag", "date and length", "space", "long"],
)
def test_version_asked_for_is_the_one_noted_when_the_file_was_fetched(cache: Path, headers: dict[str, str]) -> None:
    with serving() as server:
        server.script("/day/file.gz", Answer(CONTENT, headers=headers))
        downloader = Downloader(cache, QUICK)
        noted = noted_version(fetched(downloader, f"{server.url}/day/file.gz"))
        assert noted is not None
        assert noted.name == "file.gz"
        assert told(downloader, f"{server.url}/day/file.gz") == noted
    assert server.heads == ["/day/file.gz"]


@pytest.mark.parametrize(
    "changed", [Answer(CONTENT, headers={"ETag": '"2"', "Last-Modified": DATE}), Answer(CONTENT + CONTENT, headers={"Last-Modified": DATE})]
)
def test_another_tag_or_another_length_is_another_version(cache: Path, changed: Answer) -> None:
    with serving() as server:
        downloader = Downloader(cache, QUICK)
        server.script("/file", Answer(CONTENT, headers={"Last-Modified": DATE}))
        before = told(downloader, f"{server.url}/file")
        server.script("/file", changed)
        assert told(downloader, f"{server.url}/file") != before


def test_vendor_that_says_nothing_of_its_files_leaves_only_their_digest(cache: Path) -> None:
    with serving() as server:
        server.script("/file", Answer(CONTENT))
        downloader = Downloader(cache, QUICK)
        assert told(downloader, f"{server.url}/file") is None
        assert noted_version(fetched(downloader, f"{server.url}/file")) is None


def test_file_of_a_folder_has_another_version_when_it_is_written_again(cache: Path, tmp_path: Path) -> None:
    file, downloader = tmp_path / "file.gz", Downloader(cache, QUICK)
    file.write_bytes(CONTENT)
    noted = noted_version(fetched(downloader, file.as_uri()))
    assert told(downloader, file.as_uri()) == noted
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    assert told(downloader, file.as_uri()) not in {noted, None}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(status=404), NotListed),
        (Answer(status=403), AuthError),
        (Answer(status=503), Retryable),
        (Answer(status=405), MarketDataError),
    ],
)
def test_vendor_that_does_not_tell_is_asked_once(server: FaultServer, cache: Path, answer: Answer, error: type[Exception]) -> None:
    server.script("/file", answer)
    with pytest.raises(error):
        told(Downloader(cache, QUICK), f"{server.url}/file")
    assert len(server.heads) == 1


def test_server_that_is_gone_is_a_failure_that_may_pass(cache: Path) -> None:
    with serving() as server:
        url = f"{server.url}/file"
    with pytest.raises(Retryable):
        told(Downloader(cache, QUICK), url)


@given(st.text(), st.text())
def test_any_header_can_be_noted_and_read_again(etag: str, modified: str) -> None:
    version = told_by_headers("https://vendor/day/BTC.csv.gz", {"etag": etag, "last-modified": modified})
    assert version is None or noted_version(note_version("ab", version)) == version


def test_versions_of_older_days_name_no_file() -> None:
    for text in ("", "sha256:ab", "sha256:ab ", "sha256:ab etag:1", "v1 etag:1 file", "sha256:ab+sha256:cd"):
        assert noted_version(text) is None
