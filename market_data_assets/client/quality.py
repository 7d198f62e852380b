"""Reading what the checks found."""

import datetime as dt
from contextlib import suppress
from typing import Any

import pyarrow as pa

from market_data_assets.client.deployment import Deployment, Time
from market_data_assets.client.frames import As, check_as, to_frame
from market_data_assets.domain.days import parse_day
from market_data_assets.errors import PartitionMissing


class QualityReads(Deployment):
    """What looks wrong with a day."""

    def quality(self, day: str | dt.date, *, as_known_at: Time | None = None, as_: As = "pandas") -> Any:
        """What the checks of the UTC day found, one row per finding, and one per check that found nothing.

        In the order of the day's steps; of each check the worst findings first, and as many as are kept: ``findings`` says how
        many there were. Checks that have not run yet have no rows.

        Raises:
            PartitionMissing: no check of the day has run.
        """
        from market_data_assets.compute.quality.record import QUALITY_REPORTS  # noqa: PLC0415

        check_as(as_)
        lake, of_day, found = self._lake_at(as_known_at), parse_day(day), list[pa.Table]()
        for report in QUALITY_REPORTS.values():
            with suppress(PartitionMissing):
                found.append(lake.read_table(report, of_day))
        if not found:
            raise PartitionMissing("quality_reports", of_day, "run the checks of that day first")
        return to_frame(pa.concat_tables(found), as_)
