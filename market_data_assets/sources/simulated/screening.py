"""Sets impossible rows aside as every source does, with the reasons and the limits of vendor files."""

import datetime as dt

import numpy as np
import pyarrow as pa

from market_data_assets.domain.datasets import Dataset, Quarantined, TableFrame
from market_data_assets.domain.days import DAY_MICROSECONDS, day_end, day_start
from market_data_assets.errors import BadData, SchemaDrift
from market_data_assets.sources.simulated.rows import Flags, Rows

TOLERANCE = 0.001
"""Share of rows that may hold impossible values (RELIABILITY row 15)."""

_MISPLACED_SHARE = 0.5


def screen(rows: Rows, dataset: Dataset, day: dt.date, *, what: str, source_version: str) -> TableFrame:
    """The usable rows of a file as a frame, the others quarantined: each row once, under its first reason.

    Args:
        what: Dataset, instrument and day, for messages.

    Raises:
        BadData: more than the tolerated share of impossible values.
        SchemaDrift: most times lie outside the day, so their unit is wrong.
    """
    rejected = np.zeros(len(rows), dtype=bool)
    quarantined: dict[str, Rows] = {}
    for reason, wrong in _problems(rows, day).items():
        first = wrong & ~rejected
        rejected |= first
        if first.any():
            quarantined[reason] = rows.take(first)
    _check_limits(what, len(rows), {reason: len(set_aside) for reason, set_aside in quarantined.items()})
    return TableFrame(
        (rows.take(~rejected) if rejected.any() else rows).in_raw_order().arrow(dataset),
        tuple(_quarantine(reason, set_aside, dataset) for reason, set_aside in sorted(quarantined.items())),
        source_version,
    )


def _problems(rows: Rows, day: dt.date) -> dict[str, Flags]:
    """Which rows have which problem."""
    low, high = day_start(day) - DAY_MICROSECONDS, day_end(day) + DAY_MICROSECONDS
    problems = {"out_of_day": (rows.timestamp < low) | (rows.timestamp >= high)}
    for name in rows.columns:
        if name in {"price", "amount"}:
            values = rows.floats(name)
            problems[f"{name}_not_finite"], problems[f"{name}_not_positive"] = ~np.isfinite(values), values <= 0
        elif name.startswith(("ask_", "bid_")):
            # NaN is a missing level, and NaN <= 0 is false.
            values = rows.floats(name)
            problems[f"{name}_not_finite"] = np.asarray(np.isinf(values).any(axis=1))
            problems[f"{name}_not_positive"] = np.asarray((values <= 0).any(axis=1))
    return problems


def _check_limits(what: str, rows: int, counts: dict[str, int]) -> None:
    misplaced = counts.get("out_of_day", 0)
    impossible = {reason: count for reason, count in counts.items() if reason != "out_of_day"}
    if sum(impossible.values()) > TOLERANCE * rows:
        raise BadData(what, rows=rows, rejected=impossible)
    if misplaced > _MISPLACED_SHARE * rows:
        raise SchemaDrift(
            f"{what}: {misplaced} of {rows} times are off the file's day; expected microseconds, these look like milliseconds"
        )


def _quarantine(reason: str, rows: Rows, dataset: Dataset) -> Quarantined:
    table = rows.in_raw_order().arrow(dataset)
    return Quarantined(reason, len(rows), table.append_column("reason", pa.array([reason] * len(rows), pa.string())))
