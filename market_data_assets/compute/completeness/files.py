"""Files that were expected of a day and are not there, or not whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from market_data_assets.compute.completeness.record import Missing, Span
from market_data_assets.domain.instruments import InstrumentId


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one data type of one instrument-day.

    Attributes:
        rows: Rows stored; None where no file is stored.
        absent: Why the vendor has nothing; None where it has, or was not asked.
        failed: The error of the last attempt; None where it succeeded. A file of an attempt before may be stored.
        set_aside: Rows in quarantine by reason; 0 rows stand for the whole file.
    """

    rows: int | None = None
    absent: str | None = None
    failed: str | None = None
    set_aside: Mapping[str, int] = field(default_factory=dict)


def missing_files(instrument: InstrumentId, data_type: str, listed: Span, delivery: Delivery | None) -> Iterator[Missing]:
    """What of one expected file is missing as a whole, or was set aside.

    Args:
        listed: The part of the day in which the instrument was listed; nothing is expected where it is empty.
        delivery: None where nothing is recorded.
    """
    if listed[0] >= listed[1]:
        return
    if delivery is None:
        yield Missing(instrument, data_type, "not_materialized", "nothing is recorded of it: no run asked for it", listed, listed)
        return
    if delivery.failed is not None:
        kept = delivery.rows is not None
        evidence = f"{delivery.failed}; the file of an earlier run is kept" if kept else delivery.failed
        yield Missing(instrument, data_type, "failed", evidence, listed, None if kept else listed)
    if delivery.absent is not None:
        yield Missing(instrument, data_type, delivery.absent, "the vendor answered that it has no such file", listed, listed)
    for reason, rows in sorted(delivery.set_aside.items()):
        if rows:
            yield Missing(instrument, data_type, reason, f"{rows} row(s) are in quarantine", listed, None, rows)
        elif delivery.rows is None:
            yield Missing(instrument, data_type, reason, "the whole file is in quarantine", listed, listed)
