"""Files that many instruments share: each is fetched once, and its outcome, good or bad, is everybody's."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from market_data_assets.errors import MarketDataError

_Key = TypeVar("_Key", bound=Hashable)
_File = TypeVar("_File")


@dataclass(slots=True)
class _Attempt(Generic[_File]):
    """The one attempt at a file. Whoever comes while it is under way waits for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    file: _File | None = None
    error: MarketDataError | None = None


class SharedFiles(Generic[_Key, _File]):
    """Files by key, each fetched when it is first asked for and kept while this is held. Safe to use from several threads.

    A failure is kept, too: it is not the instruments that ask one after the other who retry, but the next run.
    """

    def __init__(self, fetch: Callable[[_Key], _File]) -> None:
        self._fetch = fetch
        self._attempts: dict[_Key, _Attempt[_File]] = {}
        self._lock = threading.Lock()

    def get(self, key: _Key) -> _File:
        """The file of ``key``.

        Raises:
            MarketDataError: whatever fetching it raised, with the same message for everybody.
        """
        with self._lock:
            attempt = self._attempts.setdefault(key, _Attempt())
        with attempt.lock:
            if attempt.file is None and attempt.error is None:
                try:
                    attempt.file = self._fetch(key)
                except MarketDataError as error:
                    attempt.error = _copy(error)
        if attempt.error is not None:
            raise _copy(attempt.error)
        assert attempt.file is not None
        return attempt.file

    def clear(self) -> list[_File]:
        """Let go of every file, and give back those that were there."""
        with self._lock:
            attempts = list(self._attempts.values())
            self._attempts.clear()
        return [attempt.file for attempt in attempts if attempt.file is not None]


def _copy(error: MarketDataError) -> MarketDataError:
    """The same error without its traceback, whose frames would keep files alive and mix up threads."""
    copied = type(error).__new__(type(error))
    copied.args = error.args
    copied.__dict__.update(error.__dict__)
    return copied
