"""Trying again: pauses that grow and differ, the server's own wish for a pause, and an end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from google.api_core.retry import exponential_sleep_generator, retry_target

from market_data_assets.storage.stores.gcs_errors import is_refusal, is_transient, retry_after

T = TypeVar("T")
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the store.

    Attributes:
        connect_seconds: For a connection, and for the server to take a small request.
        read_seconds: Between two bytes of an answer.
        deadline_seconds: After it no further attempt at the same request begins.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 20.0
    deadline_seconds: float = 30.0

    def for_sending(self, size: int) -> tuple[float, float]:
        """Timeouts of a request with ``size`` bytes.

        Python counts the time to send all of a body against the timeout of the connection: it must grow with the body,
        here by a slow line's share for one of 32 transfers.
        """
        return self.connect_seconds + size / _SLOWEST_BYTES_PER_SECOND, self.read_seconds


_SLOWEST_BYTES_PER_SECOND = 50_000


class Attempts:
    """The attempts at one operation. Google's client takes it as its ``retry`` and calls it for each request.

    Attributes:
        uncertain: Whether an attempt failed that the server may have carried out all the same.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._wish = 0.0
        self.uncertain = False

    def __call__(self, request: Callable[[], T]) -> Callable[[], T]:
        def persistent() -> T:
            result: T = retry_target(
                request,
                is_transient,
                self._pauses(),
                timeout=self._patience.deadline_seconds,
                on_error=self._note,
                exception_factory=_last,
            )
            return result

        return persistent

    def _note(self, error: Exception) -> None:
        self._wish = retry_after(error)
        self.uncertain = self.uncertain or not is_refusal(error)

    def _pauses(self) -> Iterator[float]:
        # Chosen at random below a bound that doubles: writers that failed together do not come back together.
        for pause in exponential_sleep_generator(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS):
            yield self._wish + pause


def _last(errors: list[Exception], *_: Any) -> tuple[Exception, Exception | None]:
    """The last error itself, where the library would wrap it."""
    return errors[-1], None
