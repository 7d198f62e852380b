"""How much of what was expected of a day is there."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from market_data_assets.compute.completeness.record import Span
from market_data_assets.compute.contract import listed_within
from market_data_assets.domain.schemas import RAW

Cell = tuple[str, str]
"""Instrument id and data type."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One instrument of the day: when it was listed, and the data types of the lake that the vendor lists it with."""

    instrument_id: str
    listed: Span
    data_types: Sequence[str]


def expected_of(instruments: pa.Table, day: dt.date) -> Sequence[Expected]:
    """What the day's instruments table promises, of what is stored here: vendors have more data types than the lake."""
    kept = {dataset.name for dataset in RAW}
    rows = instruments.select(["instrument_id", "available_from", "available_to", "data_types"]).to_pylist()
    return [
        Expected(
            row["instrument_id"],
            listed_within(day, row["available_from"], row["available_to"]),
            [each for each in row["data_types"] if each in kept],
        )
        for row in rows
    ]


def coverage(expected: Sequence[Expected], report: pa.Table) -> Mapping[Cell, float]:
    """The share of the listed time that is there, in [0, 1], of every expected instrument and data type.

    Args:
        report: Rows of the missing-data report of the same day. Spans of one cell do not overlap.
    """
    shares = {(each.instrument_id, data_type): 1.0 for each in expected if each.listed[0] < each.listed[1] for data_type in each.data_types}
    for row in report.select(["instrument_id", "data_type", "missing_us", "expected_us"]).to_pylist():
        cell = (row["instrument_id"], row["data_type"])
        if cell in shares and row["expected_us"]:
            shares[cell] = max(0.0, shares[cell] - row["missing_us"] / row["expected_us"])
    return shares


def mean_by(shares: Mapping[Cell, float], group: Mapping[str, str]) -> Mapping[Cell, float]:
    """The mean share by group of instruments and data type; ``group`` gives the group of each instrument id."""
    sums: dict[Cell, tuple[float, int]] = {}
    for (instrument, data_type), share in shares.items():
        total, count = sums.get((group[instrument], data_type), (0.0, 0))
        sums[group[instrument], data_type] = (total + share, count + 1)
    return {cell: total / count for cell, (total, count) in sums.items()}
