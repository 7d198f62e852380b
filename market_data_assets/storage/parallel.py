"""Operations on a store, several at a time."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

PARALLEL = 32
"""Most operations on a store at a time."""
T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


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


def submit(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
    """Begin one operation on a store, among at most 32 of the whole process. It must not wait for another one."""
    return _pool(os.getpid()).submit(function, *args, **kwargs)


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    # A forked process inherits the pool, but none of its threads.
    return ThreadPoolExecutor(PARALLEL, thread_name_prefix=f"ranges-{process}")
