"""How long rows took from the exchange's clock to the recorder's: of the busiest instrument of each venue and data type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.days import TimeRange, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import RAW
from market_data_assets.report.page.page_day import PageDay, group_of
from market_data_assets.report.page.section import NotThere, Section
from market_data_assets.storage.manifest import FileEntry
from market_data_assets.storage.parallel import for_each

_MOST_ROWS = 2_000_000
_CLOCKS = ("timestamp", "local_timestamp")
_DAY = 86_400_000_000
PERCENTILES = (50, 90, 99)


@dataclass(frozen=True, slots=True)
class Delay:
    """``local_timestamp − timestamp`` of one feed, in ms.

    Attributes:
        percentiles: As :data:`PERCENTILES`.
        before: Rows that arrived before they happened, as the two clocks say.
        without_clock: The venue gives no time of its own: both clocks are the recorder's.
        share_of_day: Of the day's rows that were read.
    """

    group: str
    data_type: str
    instrument: str
    rows: int
    percentiles: Sequence[float]
    largest: float
    before: int
    without_clock: bool
    share_of_day: float


@dataclass(frozen=True, slots=True)
class Latency:
    """The feeds, by venue and data type."""

    delays: Sequence[Delay]


def gather(page: PageDay) -> Latency | NotThere:
    """Delays of the busiest instrument of every group and data type. Two columns of one file each are read, 2 million rows at most."""
    chosen = [(dataset, entry) for dataset in RAW for entry in _busiest(page, dataset).values()]
    if not chosen:
        return NotThere("No raw file with rows is stored for this day, so there are no arrival times.")
    delays = for_each(lambda each: delay_of(page, *each), chosen, page.workers)
    return Latency(sorted(delays, key=lambda each: (each.group, each.data_type)))


def delay_of(page: PageDay, dataset: Dataset, entry: FileEntry) -> Delay:
    """The delays of one stored file, of its first hours where it is too long."""
    instrument = InstrumentId.parse(str(entry.instrument_id))
    clocks = page.lake.read(dataset, page.day, instrument, list(_CLOCKS), _window(page, entry))
    happened, arrived = (clocks[name].cast(pa.int64()).to_numpy() for name in _CLOCKS)
    delays = (arrived - happened) / 1_000
    some = delays if len(delays) else np.full(1, np.nan)
    return Delay(
        group_of(str(instrument)),
        dataset.name,
        str(instrument),
        len(delays),
        [float(each) for each in np.percentile(some, PERCENTILES)],
        float(some.max()),
        int((delays < 0).sum()),
        bool(len(delays)) and not delays.any(),
        len(delays) / entry.rows,
    )


def _busiest(page: PageDay, dataset: Dataset) -> Mapping[str, FileEntry]:
    """The entry with the most rows of each group that has any."""
    manifest = page.manifest(dataset)
    found: dict[str, FileEntry] = {}
    for entry in () if manifest is None else manifest.content.files:
        group = group_of(str(entry.instrument_id))
        if entry.rows and (group not in found or entry.rows > found[group].rows):
            found[group] = entry
    return found


def _window(page: PageDay, entry: FileEntry) -> TimeRange | None:
    """The first hours, as many as hold about the most rows that are read; None for all."""
    if entry.rows <= _MOST_ROWS:
        return None
    start = day_start(page.day)
    return TimeRange(start - _DAY, start + _DAY * _MOST_ROWS // entry.rows)


LATENCY = Section(
    "latency",
    "Latency",
    "From the exchange's clock to the recorder's (local_timestamp − timestamp), of the busiest instrument of each group and data type.",
    gather,
)
