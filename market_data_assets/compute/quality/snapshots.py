"""Stored book snapshots: crossed or locked for a share of the time, and spreads that no market has."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from market_data_assets.compute.quality.books import WARNING_SHARE, WRONG_SHARE
from market_data_assets.compute.quality.columns import first_time, instants, numbers
from market_data_assets.compute.quality.findings import Finding

COLUMNS = ("timestamp", "timestamp_close", "crossed_us", "locked_us", "spread", "spread_bps")
WIDEST_BPS = 1_000.0
"""A tenth of the mid. Spreads of options may well be wider and are not judged by it."""
_WIDE_SHARE = 0.01


def judge_crossed_time(instrument: str, snapshots: pa.Table) -> Iterator[Finding]:
    """Crossed, and locked, for more than one in a thousand of the time warns; for more than one in twenty is wrong.

    By time and not by rows, so that every timeframe of a day has the same verdict.

    Args:
        snapshots: :data:`COLUMNS` of one instrument.
    """
    total = int((instants(snapshots, "timestamp_close") - instants(snapshots)).sum())
    for problem in ("crossed", "locked"):
        micros = numbers(snapshots, f"{problem}_us")
        found = int(micros.sum())
        if found > WARNING_SHARE * total:
            first = first_time(instants(snapshots), micros > 0)
            yield Finding(instrument, problem, found, total, found > WRONG_SHARE * total, first, f"{found / total:.2%} of the time, in µs")


def judge_spreads(instrument: str, snapshots: pa.Table, *, is_option: bool) -> Iterator[Finding]:
    """Spreads that are not above 0, which are wrong; and more than one in a hundred above :data:`WIDEST_BPS`, which warn.

    Arguments as of :func:`judge_crossed_time`.
    """
    spread, bps = numbers(snapshots, "spread"), numbers(snapshots, "spread_bps")
    times, known = instants(snapshots), ~np.isnan(spread)
    flat = known & ~(spread > 0)
    if flat.any():
        yield Finding(instrument, "spread_not_positive", int(flat.sum()), int(known.sum()), True, first_time(times, flat))
    wide = bps > WIDEST_BPS
    if not is_option and wide.sum() > _WIDE_SHARE * known.sum():
        detail = f"wider than {WIDEST_BPS:g} bps, such as {bps[np.argmax(wide)]:.6g}"
        yield Finding(instrument, "wide_spread", int(wide.sum()), int(known.sum()), False, first_time(times, wide), detail)
