"""Reading what exists: the instruments of a day, and what is missing of it."""

import datetime as dt
from functools import cached_property
from itertools import chain
from typing import Any

import pyarrow as pa

from market_data_assets.client.deployment import Deployment, Time
from market_data_assets.client.frames import As, check_as, to_frame
from market_data_assets.client.listing import Choice, Listing
from market_data_assets.client.request import Columns, choose_columns
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.days import TimeRange, day_start, parse_day, to_datetime
from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.errors import PartitionMissing
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.parallel import for_each

_COVERAGE_FIELDS: list["pa.Field[Any]"] = [
    pa.field("day", TIMESTAMP),
    pa.field("instrument_id", pa.string()),
    pa.field("data_type", pa.string()),
    pa.field("share", pa.float64()),
]
_COVERAGE = pa.schema(_COVERAGE_FIELDS)


class AvailabilityReads(Deployment):
    """What was listed, and what of it is there."""

    def instruments(
        self,
        day: str | dt.date,
        venue: str | None = None,
        instrument_type: str | InstrumentType | None = None,
        *,
        base: str | None = None,
        quote: str | None = None,
        columns: Columns = None,
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """Every instrument that was listed at any moment of the UTC day, delisted ones too, one row each, ordered by id.

        Args:
            venue: Our name of a venue, or a vendor's name of a part of it (``binance-futures``), in any case.
            base: Asset as listed or in canonical form: ``SHIB`` finds 1000SHIB too.
        """
        check_as(as_)
        chosen = choose_columns(str(INSTRUMENTS), columns, list(INSTRUMENTS.columns), list(INSTRUMENTS.columns))
        kind = None if instrument_type is None else InstrumentType.parse(instrument_type)
        listing = self._listing if as_known_at is None else Listing(self._lake_at(as_known_at))
        return listing.of(parse_day(day), Choice(venue, kind, base, quote), tuple(chosen), as_)

    def missing(self, day: str | dt.date, *, as_known_at: Time | None = None, as_: As = "pandas") -> Any:
        """What was expected of the UTC day and is not there, one row per instrument, data type, reason and span."""
        from market_data_assets.compute.completeness.record import MISSING_REPORT  # noqa: PLC0415

        check_as(as_)
        return to_frame(self._lake_at(as_known_at).read_table(MISSING_REPORT, parse_day(day)), as_)

    def coverage(self, start: str | dt.date, end: str | dt.date, *, as_known_at: Time | None = None, as_: As = "pandas") -> Any:
        """The share of each day's listed time that is there, in [0, 1], by day, instrument and raw data type.

        Args:
            start, end: UTC days, ``[start, end)``. Days without a report have no rows.
        """
        check_as(as_)
        days = TimeRange(day_start(parse_day(start)), day_start(parse_day(end))).days()
        lake = self._lake_at(as_known_at)
        rows = list(chain.from_iterable(for_each(lambda day: _coverage_of(lake, day), days, self._at_a_time)))
        return to_frame(pa.Table.from_pylist(rows, schema=_COVERAGE), as_)

    @cached_property
    def _listing(self) -> Listing:
        return Listing(self._lake)


def _coverage_of(lake: LakeReader, day: dt.date) -> list[dict[str, object]]:
    from market_data_assets.compute.completeness.coverage import coverage, expected_of  # noqa: PLC0415
    from market_data_assets.compute.completeness.record import MISSING_REPORT  # noqa: PLC0415

    try:
        report, instruments = lake.read_table(MISSING_REPORT, day), lake.read_table(INSTRUMENTS, day)
    except PartitionMissing:
        return []
    return [
        {"day": to_datetime(day_start(day)), "instrument_id": name, "data_type": data_type, "share": share}
        for (name, data_type), share in coverage(expected_of(instruments, day), report).items()
    ]
