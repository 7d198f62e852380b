"""Row counts of one instrument in the manifest, in the file and in the warehouse: always the same."""

from collections.abc import Iterator, Mapping

from market_data_assets.compute.quality.findings import Finding


def judge_counts(counts: Mapping[str, Mapping[str, int]]) -> Iterator[Finding]:
    """Instruments whose row counts differ between places. They are wrong: readers would see different days.

    Args:
        counts: Place, such as ``manifest`` → rows by instrument id; an instrument that a place does not know has no rows there.
    """
    for instrument in sorted({each for rows in counts.values() for each in rows}):
        found = {place: rows.get(instrument, 0) for place, rows in counts.items()}
        if len(set(found.values())) > 1:
            listed = ", ".join(f"{place} {rows}" for place, rows in found.items())
            spread = max(found.values()) - min(found.values())
            yield Finding(instrument, "row_counts_apart", spread, max(found.values()), True, detail=listed)
