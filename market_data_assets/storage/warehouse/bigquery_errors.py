"""What BigQuery answers instead of doing it, as this package's errors, each with the decision whether to ask again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.api_core.retry import Retry
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError

from market_data_assets.errors import AuthError, MarketDataError, QueryError, QuotaExhausted, Retryable, StorageFailed

# https://cloud.google.com/bigquery/docs/error-messages names the reasons and which of them pass by themselves.
TRANSIENT = frozenset(
    {
        "backendError",
        "badGateway",
        "internalError",
        "jobBackendError",
        "jobInternalError",
        "jobRateLimitExceeded",
        "rateLimitExceeded",
        "tableUnavailable",
        "timeout",
    }
)
_DENIED = frozenset({"accessDenied", "authError", "billingNotEnabled", "blocked", "invalidUser", "required"})
_BY_STATUS = {400: "invalid", 401: "authError", 403: "accessDenied", 404: "notFound", 409: "duplicate", 429: "rateLimitExceeded"}
_CONNECTION = (ConnectionError, requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError, TransportError)
# A daily quota comes back little by little, within hours; asking sooner than this cannot help.
_QUOTA_SECONDS = 600.0

Invalid = Callable[[str], MarketDataError]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait.

    Attributes:
        deadline_seconds: How long one request is repeated.
        pause_seconds: The first pause before it is, which doubles; each pause is a random part of that.
        job_seconds: How long a load may run.
    """

    deadline_seconds: float = 600.0
    pause_seconds: float = 1.0
    job_seconds: float = 3600.0

    def retry(self) -> Retry:
        """Repeats what fails for a reason that passes by itself. Every request of ours may be repeated: jobs have ids of their own."""
        return Retry(
            predicate=is_transient,
            initial=self.pause_seconds,
            maximum=32 * self.pause_seconds,
            multiplier=2.0,
            timeout=self.deadline_seconds,
        )


def is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed soon."""
    if isinstance(error, GoogleAPICallError):
        return reason_of(error) in TRANSIENT
    return isinstance(error, _CONNECTION) and not isinstance(error, requests.exceptions.SSLError)


def reason_of(error: GoogleAPICallError) -> str:
    """BigQuery's word for what is wrong; by the status where the answer does not come from BigQuery itself."""
    for found in error.errors or ():
        if isinstance(found, dict) and found.get("reason"):
            return str(found["reason"])
    status = int(error.code or 500)
    return "backendError" if status >= 500 else _BY_STATUS.get(status, "invalid")


def _message(error: GoogleAPICallError) -> str:
    """BigQuery's own words, without the request that the client puts before and the job that it puts after them."""
    said = next((each["message"] for each in error.errors or () if isinstance(each, dict) and each.get("message")), None)
    return str(said or error.message)


@contextmanager
def refusals(what: str, invalid: Invalid = StorageFailed) -> Iterator[None]:
    """Raise this package's error in place of the client's.

    Args:
        what: Begins the message: what was asked for, with table and day.
        invalid: Makes the error of a request that BigQuery says is wrong.

    Raises:
        AuthError, QuotaExhausted, Retryable, StorageFailed, QueryError: by reason, see :func:`error_of`.
    """
    try:
        yield
    except RetryError as error:
        raise Retryable(f"{what}: BigQuery did not answer well within the deadline ({error.cause})") from error
    except GoogleAPICallError as error:
        raise error_of(what, reason_of(error), _message(error), invalid) from error
    except (DefaultCredentialsError, RefreshError) as error:
        raise AuthError(f"{what}: Google refused the credentials of this machine ({error})") from error
    except _CONNECTION as error:
        raise Retryable(f"{what}: BigQuery cannot be reached ({error})") from error


def error_of(what: str, reason: str, message: str, invalid: Invalid = StorageFailed) -> MarketDataError:
    """The error of one reason, in BigQuery's words."""
    said = f"{what}: {message} ({reason})"
    if reason in TRANSIENT:
        return Retryable(said)
    if reason == "quotaExceeded":
        return QuotaExhausted(f"{what}: {message}", _QUOTA_SECONDS)
    if reason in _DENIED:
        return AuthError(said)
    if reason == "bytesBilledLimitExceeded":
        return QueryError(said)
    if reason == "notFound":
        return invalid(f"{said}; if it is one of our tables, run market-data migrate")
    return invalid(said) if reason in {"invalid", "invalidQuery"} else StorageFailed(said)


def messages(errors: list[dict[str, Any]] | None, most: int = 3) -> list[str]:
    """The first messages of a job's errors, each once, with the place in the file where there is one."""
    found = dict.fromkeys(" ".join(filter(None, (each.get("message"), each.get("location")))) for each in errors or ())
    return list(found)[:most]
