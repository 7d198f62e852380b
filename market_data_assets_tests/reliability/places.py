"""The kinds of store that every law must hold on, and how each is made to misbehave."""

import contextlib
import datetime as dt
import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol
from unittest.mock import patch

from google.cloud import storage

from market_data_assets.storage.google_clients import storage_client
from market_data_assets.storage.stores import open_store
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.emulators import proxy_faults
from market_data_assets_tests.emulators.proxy_fixtures import GcsProxy
from market_data_assets_tests.faults.stores import Fault, FlakyStore, Wrapped

CHANGES = "POST|PUT|PATCH|DELETE"
NEVER = -1


class Killed(BaseException):
    """The process ends here: nothing catches it, and nothing is cleaned up."""


class MortalStore(Wrapped):
    """Dies before the change number ``at`` (from 0); ``changes`` counts them."""

    def __init__(self, store: Store, at: int) -> None:
        super().__init__(store)
        self._at = at
        self.changes = 0

    def _operation(self, change, call):
        if change:
            if self.changes >= self._at != NEVER:
                raise Killed
            self.changes += 1
        return call()


Count = Callable[[], int]


class Place(Protocol):
    """One kind of store.

    Attributes:
        stride: A test that could harm each change of a write harms one of so many; requests over a network take their time.
    """

    stride: int

    def new(self) -> Store:
        """An empty store; the same one is opened again by its ``url``, where other processes can."""
        ...

    def harmed(self, store: Store, at: int, fault: Fault) -> contextlib.AbstractContextManager[tuple[Store, Count]]:
        """The store, whose change number ``at`` from now on (from 0; NEVER) meets a fault; and how many changes there were."""
        ...

    def skewed(self, by: dt.timedelta) -> contextlib.AbstractContextManager[None]:
        """The clock that stamps objects is ahead by so much, for as long as this is entered."""
        ...


class _Seam:
    """Faults of a store without a network are met at the seam."""

    @contextlib.contextmanager
    def harmed(self, store: Store, at: int, fault: Fault) -> Iterator[tuple[Store, Count]]:
        flaky = FlakyStore(store, at, fault)
        yield flaky, lambda: flaky.changes


class MemoryPlace(_Seam):
    stride = 1

    def __init__(self) -> None:
        self._skew = dt.timedelta(0)

    def new(self) -> Store:
        return MemoryStore(clock=lambda: dt.datetime.now(dt.UTC) + self._skew)

    @contextlib.contextmanager
    def skewed(self, by: dt.timedelta) -> Iterator[None]:
        self._skew = by
        yield
        self._skew = dt.timedelta(0)


class LocalPlace(_Seam):
    stride = 1

    def __init__(self, folder: Path) -> None:
        self._roots = (folder / f"root-{number}" for number in itertools.count())

    def new(self) -> Store:
        return LocalStore(next(self._roots))

    @contextlib.contextmanager
    def skewed(self, by: dt.timedelta) -> Iterator[None]:
        real = time.time_ns
        with patch.object(time, "time_ns", lambda: real() + int(by.total_seconds()) * 1_000_000_000):
            yield


class GcsPlace:
    """Folders of a bucket of the emulator, behind the proxy: faults are met by HTTP requests."""

    stride = 9

    def __init__(self, bucket: str, proxy: GcsProxy) -> None:
        self._urls = (f"{bucket}/root-{number}" for number in itertools.count())
        self._client: storage.Client = storage_client()
        self.proxy = proxy

    def new(self) -> Store:
        return open_store(next(self._urls), client=lambda: self._client)

    @contextlib.contextmanager
    def harmed(self, store: Store, at: int, fault: Fault) -> Iterator[tuple[Store, Count]]:
        self.proxy.rules.clear()
        rule = self.proxy.rules.add(_BY_HTTP[fault], method=CHANGES, nth=[at + 1])
        yield store, lambda: rule.matched
        self.proxy.rules.clear()

    @contextlib.contextmanager
    def skewed(self, by: dt.timedelta) -> Iterator[None]:
        self.proxy.gcs.skew = by
        yield
        self.proxy.gcs.skew = dt.timedelta(0)

    def close(self) -> None:
        self._client.close()


_BY_HTTP = {
    Fault.LOST_REQUEST: proxy_faults.lost_request,
    Fault.LOST_ANSWER: proxy_faults.lost_answer,
    Fault.REPEATED: proxy_faults.repeated,
    Fault.REFUSED: proxy_faults.refused(507, reason="insufficientStorage"),
}
