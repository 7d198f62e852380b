"""Planning a backfill: look at what is stored, find the days to make, and add up what they take."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from market_data_assets.domain.universe import Universe
from market_data_assets.preflight.downloads import Addresses
from market_data_assets.preflight.neighbours import Neighbours, nearest
from market_data_assets.preflight.pace import Pace, measured_pace
from market_data_assets.preflight.plan import BackfillPlan, Duration
from market_data_assets.preflight.space import free_bytes
from market_data_assets.preflight.stored import StoredRange
from market_data_assets.preflight.universe import Vendor, listed_by_day
from market_data_assets.preflight.work import LAKE
from market_data_assets.preflight.workload import Workload
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.warehouse.base import Warehouse

_HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a plan is made for.

    Attributes:
        root_url: Where the lake is.
        kind: Of the warehouse: ``embedded`` or ``bigquery``.
    """

    lake: LakeReader
    warehouse: Warehouse
    vendor: Vendor
    root_url: str
    kind: str


def plan_backfill(deployed: Deployed, days: Sequence[dt.date], selected: Universe, days_per_hour: float | None = None) -> BackfillPlan:
    """What it takes to have every tier of ``days`` for the instruments that are selected. Nothing is written.

    Args:
        days: Ascending, at least one.
        days_per_hour: How quickly a run is, instead of what was measured here.

    Raises:
        StorageFailed, Retryable: the store or the warehouse refused or stayed silent.
        Retryable, AuthError, SettingsError, Unusable: the vendor's metadata is needed, and as of it.
    """
    stored = StoredRange.read(deployed.lake.store, deployed.warehouse, days)
    listed = listed_by_day(deployed.lake, deployed.vendor, days, stored.started, selected)
    to_make = stored.to_make(listed)
    near = nearest(stored.started, (to_make or days)[0], (to_make or days)[-1])
    neighbours = Neighbours.of(stored.lake.sizes((dataset, day) for day in near for dataset in LAKE))
    work = Workload(Addresses(deployed.vendor.source), deployed.kind, days, to_make, listed, stored, neighbours)
    pace = measured_pace({(dataset, day): stored.lake.get((dataset, day)) for day in {*days, *near} for dataset in LAKE})
    duration = _duration(pace, days_per_hour, len(to_make), work.raw_rows)
    free, on_bucket = free_bytes(deployed.root_url), deployed.root_url.startswith("gs://")
    return BackfillPlan(
        days=days,
        to_make=to_make,
        instruments=len({instrument.instrument_id for day in to_make or days for instrument in listed[day].instruments}),
        origins=Counter(listed[day].origin for day in to_make),
        tables=work.tables,
        operations=work.operations,
        duration=duration,
        pace=pace,
        limits=work.limits(duration.seconds, free, on_bucket=on_bucket),
        on_bucket=on_bucket,
        warehouse=deployed.kind,
        free=free,
        refused=sum(day.day != 1 for day in to_make) if deployed.vendor.only_free_days else 0,
    )


def _duration(pace: Pace | None, days_per_hour: float | None, days: int, raw_rows: int | None) -> Duration:
    if days_per_hour is not None:
        return Duration(days / days_per_hour * _HOUR, f"at {days_per_hour:g} days an hour")
    if pace is None:
        return Duration(None, "no day has been run here yet")
    rate = "at the rate of the one day run here" if pace.days == 1 else f"at the rate of the last {pace.days} days run here"
    basis = f"{rate} and loads into the warehouse on top"
    return Duration(days * pace.seconds_per_day if raw_rows is None else raw_rows * pace.seconds_per_row, basis)
