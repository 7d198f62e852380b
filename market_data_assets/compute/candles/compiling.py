"""How functions that only compiled code calls are compiled."""

from numba import njit

inner = njit(nogil=True, cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True)  # type: ignore[call-overload]
"""Inlined, since handing over tuples of arrays costs more than what most of them do (half of the pass over a book). Without the
wrapper that reads a call's arguments from Python, which takes as long to compile as the function itself."""
