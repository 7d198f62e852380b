"""How much of what was expected is there: by group and data type, by group and hour, and of the instruments with the least."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.compute.completeness.coverage import Cell, Expected, mean_by
from market_data_assets.domain.days import day_start
from market_data_assets.domain.schemas import RAW
from market_data_assets.report.page.page_day import PageDay, group_of
from market_data_assets.report.page.section import NotThere, Section

_HOUR = 3_600_000_000
_EDGES = np.arange(25, dtype=np.int64) * _HOUR
_WORST = 12
_STEPS = ((1.0, "whole"), (0.99, "nearly"), (0.9, "most"), (0.5, "half"), (1e-9, "little"))
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One square: its share in [0, 1], and the class of its colour."""

    share: float
    step: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Squares by row and column; None where nothing was expected."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[HeatCell | None]]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The maps, the one by data type first."""

    maps: Sequence[HeatMap]


def gather(page: PageDay) -> Coverage | NotThere:
    """The maps of a day."""
    if page.shares is None or page.missing is None:
        return NotThere("The report of what is missing is not stored for this day, so nobody can say how much of it is there.")
    if not page.shares:
        return NotThere("No instrument was listed on this day, so nothing was expected.")
    groups = {each.instrument_id: group_of(each.instrument_id) for each in page.expected}
    maps = [
        heat_map("By group and data type", mean_by(page.shares, groups), _TYPES),
        heat_map("By group and hour, UTC", by_hour(page.expected, page.missing, day_start(page.day)), _HOURS),
    ]
    worst = _worst(page.shares)
    if worst:
        maps.append(heat_map("The instruments with the least", worst, _TYPES))
    return Coverage(maps)


def heat_map(title: str, shares: Mapping[Cell, float], order: Sequence[str]) -> HeatMap:
    """Shares as a map: rows as they come for the first time, columns in ``order``."""
    present = {column for _, column in shares}
    rows = list(dict.fromkeys(row for row, _ in shares))
    columns = [column for column in order if column in present]
    return HeatMap(title, rows, columns, [[_cell(shares.get((row, column))) for column in columns] for row in rows])


def by_hour(expected: Sequence[Expected], report: pa.Table, start: int) -> Mapping[Cell, float]:
    """The share of the listed time that is there, of every group and hour in which anything was listed.

    Args:
        report: Rows of the missing-data report. Spans of one instrument and data type do not overlap.
        start: 00:00 UTC of the day.
    """
    wanted: dict[str, Floats] = defaultdict(lambda: np.zeros(24))
    for each in expected:
        wanted[group_of(each.instrument_id)] += _hours(each.listed[0] - start, each.listed[1] - start) * len(each.data_types)
    lacking: dict[str, Floats] = defaultdict(lambda: np.zeros(24))
    listed = {each.instrument_id for each in expected}
    for instrument, first, end in zip(
        report["instrument_id"].to_pylist(), _instants(report, "missing_from"), _instants(report, "missing_to"), strict=True
    ):
        if instrument in listed and first is not None and end is not None:
            lacking[group_of(instrument)] += _hours(first - start, end - start)
    shares: dict[Cell, float] = {}
    for group, hours in sorted(wanted.items()):
        there = 1 - lacking[group] / np.where(hours > 0, hours, 1)
        shares |= {(group, _HOURS[at]): max(float(there[at]), 0.0) for at in np.flatnonzero(hours > 0).tolist()}
    return shares


def _hours(start: int, end: int) -> Floats:
    """How much of each hour of the day lies in ``[start, end)``, µs from midnight."""
    return np.asarray(np.maximum(np.minimum(_EDGES[1:], end) - np.maximum(_EDGES[:-1], start), 0), np.float64)


def _instants(table: pa.Table, name: str) -> Sequence[int | None]:
    return table[name].cast(pa.int64()).to_pylist()


def _worst(shares: Mapping[Cell, float]) -> Mapping[Cell, float]:
    """The cells of the instruments that have the least, the least first; none where all of them have everything."""
    of_instrument: dict[str, list[float]] = defaultdict(list)
    for (instrument, _), share in shares.items():
        of_instrument[instrument].append(share)
    means = {instrument: sum(each) / len(each) for instrument, each in of_instrument.items()}
    least = sorted((share, instrument) for instrument, share in means.items() if share < 1)[:_WORST]
    order = {instrument: place for place, (_, instrument) in enumerate(least)}
    cells = [cell for cell in shares if cell[0] in order]
    return {cell: shares[cell] for cell in sorted(cells, key=lambda cell: (order[cell[0]], cell[1]))}


def _cell(share: float | None) -> HeatCell | None:
    if share is None:
        return None
    return HeatCell(share, next((name for least, name in _STEPS if share >= least), "none"))


_TYPES = [dataset.name for dataset in RAW]
_HOURS = [f"{hour:02}" for hour in range(24)]

COVERAGE = Section(
    "coverage",
    "Coverage",
    "The share of the listed time that is stored, in percent; nothing is drawn where nothing was expected.",
    gather,
)
