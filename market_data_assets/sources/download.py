"""Fetches a vendor's files and documents over HTTP or from a folder, with retries, time caps and verification."""

import datetime as dt
import hashlib
import os
import random
import re
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from market_data_assets.errors import (
    AuthError,
    DamagedFile,
    MarketDataError,
    NotListed,
    QuotaExhausted,
    Retryable,
    SettingsError,
    StorageFailed,
    TooLarge,
    Unusable,
)
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.local_file import LocalFile, temporary_file
from market_data_assets.sources.versions import FileVersion, told_by_disk, told_by_headers

_T = TypeVar("_T")
_BUSY = {408, 425, 429, 500, 502, 503, 504}
_DOCUMENT_BYTES = 256 << 20
"""Metadata of the largest venue is about 100 MB of JSON."""
_LEFTOVER_SECONDS = 2 * 86_400
_TEMPORARY_PREFIX = "download-"


_HEADER_VALUE = re.compile(r"[\x21-\x7e]+")
Verification = Callable[[str, Iterator[bytes], Path], None]
"""Reads all pieces as they arrive (they are then in the file, too), and raises ``DamagedFile`` or another ``Unusable``."""


class _Busy(Retryable):
    def __init__(self, message: str, pause: float | None) -> None:
        super().__init__(message)
        self.pause = pause


class Downloader:
    """Fetches files and documents of one vendor. Safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        *,
        token: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``folder`` takes the temporary files; ``token`` is sent as a bearer header and is in no message.

        Raises:
            SettingsError: a token that no header can carry. The HTTP library would quote it in its own refusal.
        """
        if token is not None and _HEADER_VALUE.fullmatch(token) is None:
            raise SettingsError("the API key holds a space, a line break or a character beyond ASCII; no header can carry it")
        self._folder, self._limits, self._token = folder, limits, token
        self._clock, self._now, self._sleep = clock, now, sleep
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def fetch(self, url: str, what: str, verify: Verification) -> LocalFile:
        """One file, verified. ``file://`` URLs are read in place and verified when they are parsed.

        Raises:
            NotListed: the vendor has no such file.
            AuthError: credentials missing or refused.
            Retryable: the network or the vendor failed in every attempt, or the file is empty.
            Unusable: what arrived was damaged in every attempt, or is not what was promised, or is too large. It carries
                the file, unless that is larger than the limit of a download.
            StorageFailed: the local disk refused.
        """
        if (path := local_path(url)) is not None:
            return self._in_place(path, url, what)
        return self._retrying(lambda: self._download(url, what, verify))

    def version_of(self, url: str, what: str, seconds: float) -> FileVersion | None:
        """What the vendor says of a file now, asked once and without fetching it; None where it says nothing.

        Args:
            seconds: Longest wait for the answer.

        Raises:
            NotListed: the vendor has no such file any more.
            AuthError, Retryable, QuotaExhausted: as :meth:`fetch`. MarketDataError: it does not answer such requests.
        """
        if (path := local_path(url)) is not None:
            return self._in_place(path, url, what).told
        try:
            response = self._http().head(url, headers=self._headers(), timeout=seconds)
        except httpx.HTTPError as error:
            raise Retryable(f"{what}: {type(error).__name__} from {_without_user(url)}: {error}") from None
        self._check_status(response, what)
        return told_by_headers(url, response.headers)

    def fetch_document(self, url: str, what: str) -> bytes:
        """A small answer such as JSON or XML, in memory. Raises as :meth:`fetch`."""
        if (path := local_path(url)) is not None:
            file = self._in_place(path, url, what)
            if file.path.stat().st_size > _DOCUMENT_BYTES:
                raise TooLarge(what, limit=f"{_DOCUMENT_BYTES} bytes")
            return file.path.read_bytes()
        return self._retrying(lambda: self.read_document(url, what))

    def __repr__(self) -> str:
        return f"Downloader({str(self._folder)!r}, {'with' if self._token else 'without'} a token)"

    def _in_place(self, path: Path, url: str, what: str) -> LocalFile:
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise NotListed(f"{what}: there is no file {path}") from None
        except OSError as error:
            raise StorageFailed(f"{what}: {path} cannot be read: {error.strerror}") from None
        if not path.is_file():
            raise NotListed(f"{what}: {path} is not a file")
        if found.st_size == 0:
            raise Retryable(f"{what}: {path} is empty (0 bytes); an empty day is a gzip of nothing")
        self._limits.check_delivered(what, found.st_size)
        return LocalFile(path, told=told_by_disk(url, found))

    def _retrying(self, attempt: Callable[[], _T]) -> _T:
        retrying = Retrying(
            retry=retry_if_exception(_may_succeed_later),
            stop=stop_after_attempt(self._limits.attempts),
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(attempt)

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        # Full jitter: clients that failed together must not come back together.
        backoff = self._limits.backoff_seconds * 2 ** (state.attempt_number - 1) * (0.5 + random.random() / 2)
        asked = error.pause if isinstance(error, _Busy) and error.pause is not None else 0.0
        return float(max(asked, min(backoff, self._limits.longest_pause_seconds)))

    def _download(self, url: str, what: str, verify: Verification) -> LocalFile:
        digest = hashlib.sha256()
        temporary = self._temporary_file(what)
        is_whole = False
        told: FileVersion | None = None

        def answered(headers: httpx.Headers) -> None:
            nonlocal told
            told = told_by_headers(url, headers)

        try:
            with temporary.open("wb") as file:

                def arriving() -> Generator[bytes, None, None]:
                    nonlocal is_whole
                    with closing(self._stream(url, what, decoded=False, answered=answered)) as stream:
                        for piece in stream:
                            file.write(piece)
                            digest.update(piece)
                            yield piece
                    file.flush()
                    is_whole = True

                with closing(arriving()) as pieces:
                    try:
                        verify(what, pieces, temporary)
                    except Unusable:
                        _exhaust(pieces)
                        raise
        except BaseException as error:
            if isinstance(error, Unusable) and is_whole:
                error.delivered = temporary_file(temporary, digest.hexdigest(), told)
                raise
            temporary.unlink(missing_ok=True)
            if isinstance(error, OSError) and not isinstance(error, MarketDataError):
                raise StorageFailed(f"{what}: cannot be stored in {self._folder}: {error.strerror}") from None
            raise
        return temporary_file(temporary, digest.hexdigest(), told)

    def scratch_file(self, what: str) -> LocalFile:
        """An empty file in the folder of downloads, removed when nothing refers to this record any more.

        Raises:
            StorageFailed: the local disk refused.
        """
        return temporary_file(self._temporary_file(what))

    def read_document(self, url: str, what: str) -> bytes:
        """:meth:`fetch_document` over HTTP in one attempt, for use within an attempt of :meth:`fetch`."""
        parts: list[bytes] = []
        size = 0
        with closing(self._stream(url, what, decoded=True)) as pieces:
            for piece in pieces:
                parts.append(piece)
                size += len(piece)
                if size > _DOCUMENT_BYTES:
                    raise TooLarge(what, limit=f"{_DOCUMENT_BYTES} bytes")
        if not size:
            raise Retryable(f"{what}: the answer is empty (0 bytes)")
        return b"".join(parts)

    def _stream(
        self, url: str, what: str, *, decoded: bool, answered: Callable[[httpx.Headers], None] = lambda _headers: None
    ) -> Generator[bytes, None, None]:
        """The body of a successful answer as it arrives, after its headers. To be closed by the caller; within the limits.

        Left half read to the garbage collector, it would be closed at any moment, also while the connection pool is locked.
        """
        limits, started, size = self._limits, self._clock(), 0
        try:
            with self._http().stream("GET", url, headers=self._headers()) as response:
                self._check_status(response, what)
                answered(response.headers)
                with closing(_body(response, decoded=decoded)) as body:
                    for piece in body:
                        limits.check_delivered(what, size := size + len(piece))
                        if self._clock() - started > limits.total_seconds:
                            raise Retryable(f"{what}: {size} bytes in {limits.total_seconds:g} s, too slow to wait for the rest")
                        yield piece
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise Retryable(f"{what}: {type(error).__name__} after {size} bytes from {_without_user(url)}: {error}") from None
        except httpx.InvalidURL as error:
            raise SettingsError(f"{what}: {_without_user(url)!r} is not a URL: {error}") from None

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _check_status(self, response: httpx.Response, what: str) -> None:
        status, shown = response.status_code, f"{what}: status {response.status_code} from {_without_user(str(response.url))}"
        if status == 200:
            return
        if status in {404, 410}:
            raise NotListed(shown)
        if status in {401, 403}:
            raise AuthError(
                f"{shown}: the API key is missing, wrong or expired" if not self._token else f"{shown}: the API key was refused"
            )
        if status in _BUSY or status >= 500:
            pause = self._retry_after(response)
            if pause is not None and pause > self._limits.longest_pause_seconds:
                raise QuotaExhausted(what, pause)
            raise _Busy(shown, pause)
        if status < 300:
            raise Retryable(f"{shown}, expected 200")
        raise MarketDataError(shown)

    def _retry_after(self, response: httpx.Response) -> float | None:
        """Seconds that the vendor asks to wait, from a number or a date; None where it asks for nothing readable."""
        text = response.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text)
        try:
            date = parsedate_to_datetime(text)
        except ValueError:
            return None
        if date.tzinfo is None:
            date = date.replace(tzinfo=dt.UTC)
        return max(0.0, date.timestamp() - self._now())

    def _http(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                limits = self._limits
                timeout = httpx.Timeout(min(limits.read_seconds, limits.total_seconds), connect=limits.connect_seconds)
                # Files are compressed already; a second, transparent compression would only hide what was delivered.
                self._client = httpx.Client(timeout=timeout, follow_redirects=True, headers={"Accept-Encoding": "identity"})
                weakref.finalize(self, self._client.close)
            return self._client

    def _temporary_file(self, what: str) -> Path:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._remove_leftovers()
            handle, name = tempfile.mkstemp(prefix=_TEMPORARY_PREFIX, dir=self._folder)
        except OSError as error:
            raise StorageFailed(f"{what}: cannot be stored in {self._folder}: {error.strerror}") from None
        os.close(handle)
        return Path(name)

    def _remove_leftovers(self) -> None:
        """Files of processes that were killed. A download in progress is younger than the total time of its attempts."""
        oldest = self._now() - max(_LEFTOVER_SECONDS, 2 * self._limits.total_seconds)
        for path in self._folder.glob(f"{_TEMPORARY_PREFIX}*"):
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except FileNotFoundError:
                continue


def _exhaust(pieces: Iterator[bytes]) -> None:
    """Let the rest of a refused file arrive, since it is kept as a whole or not at all."""
    with suppress(MarketDataError):
        for _ in pieces:
            pass


def local_path(url: str) -> Path | None:
    """The path of a ``file://`` URL; None for ``http://`` and ``https://``.

    Raises:
        SettingsError: any other URL, or one that names a host and a file.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SettingsError(f"URL {url!r}: {error}") from None
    if parts.scheme in {"http", "https"} and parts.netloc:
        return None
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
        raise SettingsError(f"URL {_without_user(url)!r}: expected https://host/…, http://host/… or file:///absolute/path")
    return Path(unquote(parts.path))


def join_url(base: str, *parts: str) -> str:
    """``base`` with path parts below it."""
    return "/".join([base.rstrip("/"), *parts])


def _body(response: httpx.Response, *, decoded: bool) -> Generator[bytes, None, None]:
    yield from response.iter_bytes() if decoded else response.iter_raw()


def _may_succeed_later(error: BaseException) -> bool:
    """Network failures, and damage: a second delivery of the same file may be whole. A wrong format stays wrong."""
    return (isinstance(error, Retryable) and not isinstance(error, QuotaExhausted)) or isinstance(error, DamagedFile)


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
