"""What Google's client raises, in our words: which of it may be tried again, and what to tell a person."""

import datetime as dt
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

import requests
import urllib3
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError, TransportError
from google.cloud.storage.exceptions import InvalidResponse

from market_data_assets.errors import AuthError, MarketDataError, QuotaExhausted, Retryable, StorageFailed
from market_data_assets.storage.google_clients import no_credentials

FAILURES = (
    GoogleAPICallError,
    InvalidResponse,
    GoogleAuthError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    HTTPException,
    ConnectionError,
)
"""Everything that a request may end with, other than an answer."""

PRECONDITION = 412
BEYOND_THE_END = 416
# What servers say to a kind of request they do not know: fake-gcs-server 400, others 404, 405 or 501.
UNKNOWN_REQUEST = frozenset({400, 404, 405, 501})

_LONGEST_WAIT_SECONDS = 300
_TRANSIENT_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
# Refusals with status 403 that are about the object, not about who asks.
_PROTECTED = frozenset({"retentionPolicyNotMet", "objectUnderActiveHold", "objectUnderObjectRetention"})
_BROKEN_CONNECTION = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.JSONDecodeError,
    urllib3.exceptions.HTTPError,
    HTTPException,
    ConnectionError,
    TransportError,
)
# Whoever knows it can continue the upload.
_UPLOAD_ID = re.compile(r"upload_id=[^&\s'\")]+")


def status_of(error: Exception) -> int:
    """The HTTP status of the answer, 0 without one."""
    if isinstance(error, GoogleAPICallError):
        return int(error.code or 0)
    return int(error.response.status_code) if isinstance(error, InvalidResponse) else 0


def is_transient(error: Exception) -> bool:
    """Whether the same request may have another answer a moment later."""
    if isinstance(error, RefreshError):
        return bool(error.retryable)
    if retry_after(error) > _LONGEST_WAIT_SECONDS:
        return False
    return status_of(error) in _TRANSIENT_STATUS or isinstance(error, _BROKEN_CONNECTION) or _reason(error) in _TOO_FAST


def is_refusal(error: Exception) -> bool:
    """Whether the server says that it has not even begun."""
    return status_of(error) == 429 or _reason(error) in _TOO_FAST


def is_missing(error: Exception) -> bool:
    """Whether there is no such object. That there is no such bucket has the same status, and differs by GCS's words."""
    return status_of(error) == 404 and "bucket does not exist" not in _said(error)


def retry_after(error: Exception) -> float:
    """Seconds that the server asks to wait, 0 if it does not."""
    text = getattr(getattr(error, "response", None), "headers", {}).get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (until if until.tzinfo else until.replace(tzinfo=dt.UTC)).timestamp() - time.time())


def in_our_words(error: Exception, what: str) -> MarketDataError:
    """The error of this package for one of :data:`FAILURES`. ``what`` is the operation and the object's URL.

    Neither credentials nor the address of an upload's session are in the message.
    """
    if isinstance(error, DefaultCredentialsError):
        return no_credentials(what)
    waiting = retry_after(error)
    if waiting > _LONGEST_WAIT_SECONDS:
        return QuotaExhausted(what, waiting)
    status, said = status_of(error), f"{what}: {_said(error)}"
    if is_transient(error):
        return Retryable(said)
    if isinstance(error, GoogleAuthError) or status == 401 or (status == 403 and _reason(error) not in _PROTECTED):
        return AuthError(f"{said}; the credentials in use do not allow it")
    return StorageFailed(said)


def _said(error: Exception) -> str:
    """Status and message of the answer, or what happened to the connection, in one line."""
    status = status_of(error)
    if status:
        message = _answered(error).get("message") or getattr(getattr(error, "response", None), "text", "") or str(error)
        return _one_line(f"{status} {message}")
    # The outer error of a refused connection repeats the URL; the inner one says why.
    inner = error.args[0] if error.args else error
    return _one_line(f"{type(error).__name__}: {getattr(inner, 'reason', None) or inner}")


def _one_line(text: str) -> str:
    return _UPLOAD_ID.sub("upload_id=…", " ".join(text.split()))[:300]


def _reason(error: Exception) -> str:
    """Google's one word for why, such as ``rateLimitExceeded``; empty where it gave none."""
    details = _answered(error).get("errors")
    first = details[0] if isinstance(details, list) and details else {}
    return str(first.get("reason", "")) if isinstance(first, dict) else ""


def _answered(error: Exception) -> dict[str, Any]:
    """The error as the server describes it in JSON; empty where it does not."""
    response = getattr(error, "response", None)
    if not isinstance(response, requests.Response):
        return {}
    try:
        body = response.json()
    except requests.RequestException:
        return {}
    described = body.get("error") if isinstance(body, dict) else None
    return described if isinstance(described, dict) else {}


@contextmanager
def translated(operation: str, url: str) -> Iterator[None]:
    """Turn what Google's client raises into errors of this package that say which operation on which object."""
    try:
        yield
    except FAILURES as error:
        raise in_our_words(error, f"{operation} {url}") from None
