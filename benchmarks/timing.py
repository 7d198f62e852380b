"""How the benchmarks time and print: best of a few runs, and ratios within one process, since machines are noisy."""

import time
from collections.abc import Callable
from dataclasses import dataclass


def best(run: Callable[[], object], repeats: int = 3) -> float:
    """Seconds of the fastest of ``repeats`` runs."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        met: Whether the figure meets the target of the design.
    """

    path: str
    figure: str
    target: str
    met: bool
    detail: str = ""


def at_least(path: str, ratio: float, target: float, detail: str) -> Row:
    """How many times faster than pandas."""
    return Row(path, f"{ratio:.1f}× pandas", f"≥ {target:g}×", ratio >= target, detail)


def at_most(path: str, seconds: float, target: float, detail: str = "") -> Row:
    """A time that a user waits."""
    return Row(path, _duration(seconds), f"≤ {_duration(target)}", seconds <= target, detail)


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"
