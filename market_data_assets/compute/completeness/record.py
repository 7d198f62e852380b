"""The report of what is missing: its columns, and one finding."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from market_data_assets.domain.datasets import TIMESTAMP, Column, Dataset, Grain
from market_data_assets.domain.days import to_datetime
from market_data_assets.domain.instruments import InstrumentId

Span = tuple[int, int]
"""``[start, end)`` in µs UTC."""

_TEXT, _WHOLE = pa.string(), pa.int64()

MISSING_REPORT = Dataset(
    tier="missing_data_reports",
    name="report",
    grain=Grain.DAY,
    doc="What was expected of the day and is not there, one row per instrument, data type, reason and span; nothing else. Expected is"
    " every data type that the vendor lists an instrument with, for the part of the day in which it was listed.",
    columns={
        "instrument_id": Column(_TEXT, "", "canonical id; null for a symbol that no rule maps"),
        "venue": Column(_TEXT, "", "our name of the venue"),
        "instrument_type": Column(_TEXT, "", "SPOT_PAIR | PERP | FUTURE | OPTION | INDEX | COMBO"),
        "data_type": Column(_TEXT, "", "raw data type; null for a symbol that no rule maps"),
        "reason": Column(
            _TEXT,
            "",
            "not_listed, not_available_yet: the vendor has no file; not_materialized: nobody asked; failed: the last attempt did;"
            " schema_drift, damaged_file, bad_data, too_large: the whole file was refused; any other reason of a quarantine: rows were"
            " set aside; empty_file: no rows although the instrument was active; gap: a span without the rows that others prove;"
            " skipped_ids: single trades that the venue numbered and nobody delivered; unknown_symbol",
            nullable=False,
        ),
        "evidence": Column(_TEXT, "", "what proves it", nullable=False),
        "missing_from": Column(TIMESTAMP, "µs UTC", "start of what is missing, inclusive; null where single rows are"),
        "missing_to": Column(TIMESTAMP, "µs UTC", "its end, exclusive; null where single rows are"),
        "missing_us": Column(_WHOLE, "µs", "time that is missing; 0 where single rows are", nullable=False),
        "expected_us": Column(_WHOLE, "µs", "time of the day in which the instrument was listed", nullable=False),
        "rows": Column(_WHOLE, "1", "rows set aside or known to be missing; null where nobody can know"),
    },
)


@dataclass(frozen=True, slots=True)
class Missing:
    """One finding.

    Attributes:
        instrument: None for a symbol that no rule maps.
        span: What is missing; None where single rows are.
        listed: The part of the day in which the instrument was listed.
    """

    instrument: InstrumentId | None
    data_type: str | None
    reason: str
    evidence: str
    listed: Span = (0, 0)
    span: Span | None = None
    rows: int | None = None


def report_table(found: Iterable[Missing]) -> pa.Table:
    """The report, by instrument, data type and start."""

    def place(missing: Missing) -> tuple[str, str, Span, str]:
        return str(missing.instrument or ""), missing.data_type or "", missing.span or (0, 0), missing.reason

    rows = [_row(missing) for missing in sorted(found, key=place)]
    return pa.Table.from_pylist(rows, schema=MISSING_REPORT.schema)


def _row(missing: Missing) -> dict[str, object]:
    instrument, span = missing.instrument, missing.span
    return {
        "instrument_id": None if instrument is None else str(instrument),
        "venue": None if instrument is None else instrument.venue,
        "instrument_type": None if instrument is None else str(instrument.instrument_type),
        "data_type": missing.data_type,
        "reason": missing.reason,
        "evidence": missing.evidence,
        "missing_from": None if span is None else to_datetime(span[0]),
        "missing_to": None if span is None else to_datetime(span[1]),
        "missing_us": 0 if span is None else span[1] - span[0],
        "expected_us": missing.listed[1] - missing.listed[0],
        "rows": missing.rows,
    }
