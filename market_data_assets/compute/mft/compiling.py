"""Loops that are compiled on their first call, so that reading the registry of features costs no compiler."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def compiled(loop: Callable[P, T]) -> Callable[P, T]:
    """``loop`` compiled by numba when it is first called, without the interpreter's lock; what is compiled is kept on disk."""

    @lru_cache(1)
    def kernel() -> Callable[P, T]:
        from numba import njit  # noqa: PLC0415

        found: Callable[P, T] = njit(nogil=True, cache=True)(loop)
        return found

    @wraps(loop)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return kernel()(*args, **kwargs)

    return call
