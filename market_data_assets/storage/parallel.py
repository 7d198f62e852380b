"""Operations on a store, several at a time."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

PARALLEL = 32
"""Most operations on a store at a time."""
T = TypeVar("T")
R = TypeVar("R")


def for_each(function: Callable[[T], R], items: Iterable[T], limit: int = PARALLEL) -> Sequence[R]:
    """``function`` of every item, in order, at most ``limit`` at a time. The first error stops what has not begun."""
    waiting = list(items)
    if limit == 1 or len(waiting) < 2:
        return [function(item) for item in waiting]
    with ThreadPoolExecutor(min(limit, len(waiting)), thread_name_prefix="store") as pool:
        futures = [pool.submit(function, item) for item in waiting]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()
