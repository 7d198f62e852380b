"""Files without rows, found from row counts, and files of which too much was set aside."""

from collections.abc import Mapping, Sequence

from market_data_assets.compute.quality.findings import Finding
from market_data_assets.domain.instruments import InstrumentId

RowCounts = Mapping[InstrumentId, int]

TOLERATED_SHARE = 1e-4
"""Share of rows in quarantine that is worth no warning. Above 1e-3 of impossible values the source refuses the whole file."""


def fell_silent(today: RowCounts, earlier: Sequence[RowCounts]) -> Sequence[InstrumentId]:
    """Instruments delivered with no rows, though they had rows on most of the earlier days that have them, in order.

    Args:
        today: Rows of each instrument delivered; one that was not delivered is no matter of this function.
        earlier: The same for some days before; an instrument that is on none of them is new and not judged.
    """
    empty = [instrument for instrument, rows in today.items() if rows == 0]
    return sorted(instrument for instrument in empty if _normally_active(instrument, earlier))


def judge_emptiness(today: RowCounts, expected: int) -> Sequence[Finding]:
    """Warns of a day without a single row although ``expected`` instruments are listed with this data type."""
    if not expected or any(today.values()):
        return []
    return [Finding("", "no_rows", expected, expected, detail=f"no row of any of {expected} instruments that the vendor lists")]


def judge_quarantine(instrument: str, stored: int | None, set_aside: Mapping[str, int]) -> Sequence[Finding]:
    """Warns of a file that was refused as a whole, and of one with more than :data:`TOLERATED_SHARE` of its rows set aside.

    Args:
        stored: Rows that are stored; None where the file is not.
        set_aside: Rows in quarantine by reason; 0 for a whole file.
    """
    rows = sum(set_aside.values())
    reasons = ", ".join(f"{reason} {count}" if count else f"{reason}, the whole file" for reason, count in sorted(set_aside.items()))
    if set_aside and stored is None:
        return [Finding(instrument, "refused_file", 1, 1, detail=reasons)]
    total = rows + (stored or 0)
    if rows > TOLERATED_SHARE * total:
        return [Finding(instrument, "rows_set_aside", rows, total, detail=reasons)]
    return []


def _normally_active(instrument: InstrumentId, earlier: Sequence[RowCounts]) -> bool:
    known = [day[instrument] for day in earlier if instrument in day]
    return 2 * sum(rows > 0 for rows in known) > len(known)
