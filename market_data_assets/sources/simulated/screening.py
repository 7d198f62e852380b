"""Sets impossible rows aside as every source does, with the reasons and the limits of vendor files."""

import datetime as dt

import numpy as np
import pyarrow as pa

from market_data_assets.domain.datasets import Dataset, Quarantined, TableFrame
from market_data_assets.domain.days import DAY_MICROSECONDS, TimeRange, day_end, day_start
from market_data_assets.errors import BadData, SchemaDrift
from market_data_assets.sources.csv.tables import Field, Kind, Sign
from market_data_assets.sources.simulated.rows import NO_INSTANT, Flags, Rows
from market_data_assets.sources.tardis_tables import TABLES

TOLERANCE = 0.001
"""Share of rows that may hold impossible values (RELIABILITY row 15)."""

_MISPLACED_SHARE = 0.5
_UNITS = {1_000: "milliseconds", 1_000_000: "seconds"}


def screen(rows: Rows, dataset: Dataset, day: dt.date, *, what: str, source_version: str) -> TableFrame:
    """The usable rows of a file as a frame, the others quarantined: each row once, under its first reason.

    Args:
        what: Dataset, instrument and day, for messages.

    Raises:
        BadData: more than the tolerated share of impossible values.
        SchemaDrift: most times lie outside the day, so their unit is wrong.
    """
    allowed = TimeRange(day_start(day) - DAY_MICROSECONDS, day_end(day) + DAY_MICROSECONDS)
    rejected = np.zeros(len(rows), dtype=bool)
    quarantined: dict[str, Rows] = {}
    for reason, wrong in _problems(rows, dataset, allowed).items():
        first = wrong & ~rejected
        rejected |= first
        if first.any():
            quarantined[reason] = rows.take(first)
    _check_limits(what, len(rows), quarantined, allowed)
    return TableFrame(
        (rows.take(~rejected) if rejected.any() else rows).in_raw_order().arrow(dataset),
        tuple(_quarantine(reason, set_aside, dataset) for reason, set_aside in sorted(quarantined.items())),
        source_version,
    )


def _problems(rows: Rows, dataset: Dataset, allowed: TimeRange) -> dict[str, Flags]:
    """Which rows have which problem, by the rules of the vendor's CSV files of the same data type."""
    problems = {"out_of_day": (rows.timestamp < allowed.start) | (rows.timestamp >= allowed.end)}
    for field in TABLES[dataset.name].fields:
        # One check of a list column covers all its levels.
        if field.kind is Kind.NUMBER and not field.level:
            problems |= _number_problems(rows, field)
        elif field.kind is Kind.TIME and field.bounds is not None:
            problems |= _instant_problems(rows, field, field.bounds)
    return problems


def _number_problems(rows: Rows, field: Field) -> dict[str, Flags]:
    """NaN stands for nothing where the field may be empty: a missing level, or null."""
    (name,) = field.targets
    values = rows.floats(name)
    problems = {f"{name}_not_finite": ~np.isfinite(values) if field.required else np.isinf(values)}
    if field.sign is Sign.POSITIVE:
        problems[f"{name}_not_positive"] = values <= 0
    elif field.sign is not Sign.ANY:
        problems[f"{name}_negative"] = values < 0
    return {reason: _in_any_level(np.asarray(wrong)) for reason, wrong in problems.items()}


def _in_any_level(wrong: Flags) -> Flags:
    return wrong if wrong.ndim == 1 else np.asarray(wrong.any(axis=1))


def _instant_problems(rows: Rows, field: Field, bounds: tuple[int, int]) -> dict[str, Flags]:
    (name,) = field.targets
    values = rows[name].astype(np.int64, copy=False)
    return {f"{name}_out_of_range": ((values < bounds[0]) | (values >= bounds[1])) & (values != NO_INSTANT)}


def _check_limits(what: str, rows: int, quarantined: dict[str, Rows], allowed: TimeRange) -> None:
    counts = {reason: len(set_aside) for reason, set_aside in quarantined.items()}
    misplaced = counts.pop("out_of_day", 0)
    if sum(counts.values()) > TOLERANCE * rows:
        raise BadData(what, rows=rows, rejected=counts)
    if misplaced > _MISPLACED_SHARE * rows:
        stray = int(quarantined["out_of_day"].timestamp[0])
        raise SchemaDrift(f"{what}: {misplaced} of {rows} times are off the file's day; {_likely_unit(stray, allowed)}")


def _likely_unit(time: int, allowed: TimeRange) -> str:
    for factor, unit in _UNITS.items():
        if allowed.start <= time * factor < allowed.end:
            return f"{time} looks like {unit}, expected microseconds"
    return f"{time} is no time near it in any unit, expected microseconds"


def _quarantine(reason: str, rows: Rows, dataset: Dataset) -> Quarantined:
    table = rows.in_raw_order().arrow(dataset)
    return Quarantined(reason, len(rows), table.append_column("reason", pa.array([reason] * len(rows), pa.string())))
