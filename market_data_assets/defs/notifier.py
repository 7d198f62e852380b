"""Telling people: one POST of JSON to a webhook, whose URL is a secret."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dagster as dg
import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from market_data_assets.errors import MarketDataError, Retryable

_ATTEMPTS = 3
_SECONDS = 1.5
_LONGEST_PAUSE = 0.5
"""Together under five seconds, which is what a sensor may take."""
_BUSY = {408, 425, 429, 500, 502, 503, 504}


class NotificationFailed(MarketDataError):
    """The webhook could not be reached, or refused. Its URL is not in the message."""


class _Busy(Retryable):
    """The message was not accepted, and may be if it is sent again."""


class Notifier(dg.ConfigurableResource[Any]):
    """The webhook of a deployment, such as Slack's.

    Attributes:
        url: Given as an environment variable, so that Dagster stores its name and never its value; None tells nobody.
        ui_url: Where people reach the UI, without a final slash.
    """

    url: str | None
    ui_url: str

    def run_url(self, run_id: str) -> str:
        """The page of a run in the UI."""
        return f"{self.ui_url}/runs/{run_id}"

    def send(self, message: Mapping[str, object]) -> bool:
        """Post ``message`` as JSON; False where there is no URL to send it to.

        It is sent again only where it was surely not accepted: an answer that never came may have been a yes.

        Raises:
            NotificationFailed: after three attempts, or at once where it was refused or nobody knows.
        """
        if self.url is None:
            return False
        retrying = Retrying(
            retry=retry_if_exception_type(_Busy),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=_LONGEST_PAUSE / _ATTEMPTS, max=_LONGEST_PAUSE),
            reraise=True,
        )
        try:
            with _unlogged():
                retrying(_post, self.url, message)
        except _Busy as error:
            raise NotificationFailed(f"{error}, {_ATTEMPTS} times") from None
        return True


def _post(url: str, message: Mapping[str, object]) -> None:
    try:
        status = httpx.post(url, json=message, timeout=_SECONDS).status_code
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise _Busy(f"the webhook cannot be reached ({type(error).__name__})") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Only the class: what the library says may quote the URL.
        raise NotificationFailed(f"the webhook gave no answer ({type(error).__name__})") from None
    if status in _BUSY:
        raise _Busy(f"the webhook answered with status {status}")
    if not httpx.codes.is_success(status):
        raise NotificationFailed(f"the webhook answered with status {status}")


@contextmanager
def _unlogged() -> Iterator[None]:
    """httpx logs the URL of each request, at a level that Dagster's own logging shows."""
    thread = threading.get_ident()
    logger = logging.getLogger("httpx")

    def is_of_others(_record: logging.LogRecord) -> bool:
        return threading.get_ident() != thread

    logger.addFilter(is_of_others)
    try:
        yield
    finally:
        logger.removeFilter(is_of_others)
