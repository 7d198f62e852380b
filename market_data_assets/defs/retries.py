"""When a failed step is tried again in the same run: after errors that may be gone by then, and after no others.

What was fetched before an error is stored, so another attempt asks for the rest only.

Dagster's own retry policy is only used for its arithmetic. Attached to an asset it would also repeat steps that failed for good,
and steps that somebody stopped: Ctrl-C and a termination from the UI count as failures there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from market_data_assets.errors import MarketDataError, PartitionIncomplete, QuotaExhausted, Retryable

RETRIED = {"retried": True}
"""Metadata of an output whose step may be tried again; the IO manager that writes it looks for it."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long.

    Attributes:
        most: Attempts after the first one.
        seconds: The pauses are 1, 3, 7, … times as long, each up to once more or less by chance.
    """

    most: int = 0
    seconds: float = 0.0

    @contextmanager
    def after(self, attempts: int) -> Iterator[None]:
        """Ask for another attempt of the step when the block fails with an error that may be gone by then.

        Args:
            attempts: How many have failed before this one.
        """
        try:
            yield
        except MarketDataError as error:
            if attempts >= self.most or not may_succeed_later(error):
                raise
            raise dg.RetryRequested(max_retries=self.most, seconds_to_wait=self._pause(attempts)) from error

    def _pause(self, attempts: int) -> float:
        policy = dg.RetryPolicy(max_retries=self.most, delay=self.seconds, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
        return float(policy.calculate_delay(attempts + 1))


def may_succeed_later(error: MarketDataError) -> bool:
    """Whether another attempt within minutes may succeed: of a day, whether it may for any of the instruments that failed.

    A quota that is exhausted asks for a longer pause than a run waits.
    """
    causes = error.failures.values() if isinstance(error, PartitionIncomplete) else [error]
    return any(isinstance(cause, Retryable) and not isinstance(cause, QuotaExhausted) for cause in causes)
