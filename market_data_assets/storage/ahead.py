"""Making the next item while the last one is worked on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def ahead(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """The same items; the next one is made in a thread of its own while the caller works on the one before.

    Parsing and encoding then share two cores. At most one item more than without it is in memory.
    """
    # The thread ends with the block. Left to a generator's own end it would be joined by the garbage collector, which
    # may run while a thread is being started, and then waits for a lock that it holds itself.
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        yield _submitted(pool, items)


def _submitted(pool: ThreadPoolExecutor, items: Iterator[Item]) -> Iterator[Item]:
    following = pool.submit(next, items, None)
    while (item := following.result()) is not None:
        following = pool.submit(next, items, None)
        yield item
