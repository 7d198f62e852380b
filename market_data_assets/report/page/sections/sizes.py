"""Rows and bytes of every table of the day, against the fourteen days before; from manifests alone."""

import datetime as dt
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from market_data_assets.catalog import MFT, PROCESSED
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.schemas import INSTRUMENTS, RAW
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.report.page.page_day import UNREADABLE, PageDay
from market_data_assets.report.page.section import NotThere, Section
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.manifest import Manifest, distinct_files
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Partition

DAYS_BEFORE = 14
LAKE = (INSTRUMENTS, *RAW, MISSING_REPORT, *PROCESSED, *MFT)
"""Every table that a whole day has."""
COMPARED = tuple(dataset for dataset in LAKE if dataset.timeframe in {None, Timeframe.parse("1m")})
"""Tables whose former days are read: of one that comes in several timeframes the others have rows in proportion, and a manifest of
thousands of options takes time to read."""
_FEWEST_DAYS = 3
_UNUSUAL = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Size:
    """Rows and bytes of one stored table of one day, and its instruments; None of a table that is about all of them."""

    rows: int
    bytes: int
    instruments: int | None


@dataclass(frozen=True, slots=True)
class Growth:
    """One table of the day.

    Attributes:
        size: None where nothing is stored.
        finality: ``provisional`` or ``final``; empty where nothing is stored, or where it does not matter.
        history: Rows of the days before and of the day, ascending in time; None where nothing is stored. Empty where the table is
            not compared.
        median_rows: Of the days before that are stored; None where none is.
        rows_ratio, bytes_ratio: To the median of the days before.
        is_unusual: Less than half or more than double the median of at least three days, or nothing where they had rows.
    """

    name: str
    size: Size | None
    finality: str
    history: Sequence[int | None]
    median_rows: int | None
    rows_ratio: float | None
    bytes_ratio: float | None
    is_unusual: bool


@dataclass(frozen=True, slots=True)
class Sizes:
    """The tables by tier, and how many of the days before are stored."""

    tiers: Sequence[tuple[str, Sequence[Growth]]]
    days_before: int
    total_bytes: int


def gather(page: PageDay) -> Sizes | NotThere:
    """Every table with its history."""
    before = [page.day - dt.timedelta(days=back) for back in range(DAYS_BEFORE, 0, -1)]
    keys = [(dataset, day) for dataset in COMPARED for day in before]
    # Only sums are kept: a manifest names every option of its day.
    found = dict(zip(keys, for_each(lambda key: stored_size(page.lake, *key), keys), strict=True))
    growths = [(dataset, growth(page, dataset, [found[key] for key in keys if key[0] == dataset])) for dataset in LAKE]
    if all(each.size is None for _, each in growths):
        return NotThere("No table of this day is stored.")
    tiers = {dataset.tier: [each for other, each in growths if other.tier == dataset.tier] for dataset in LAKE}
    stored = sum(any(found[dataset, day] is not None for dataset in COMPARED) for day in before)
    return Sizes(list(tiers.items()), stored, sum(each.size.bytes for _, each in growths if each.size is not None))


def size_of(manifest: Manifest) -> Size:
    """What the files of a manifest sum up to."""
    files = manifest.content.files
    instruments = None if any(each.instrument_id is None for each in files) else len(files)
    return Size(sum(each.rows for each in files), sum(each.size for each in distinct_files(files)), instruments)


def stored_size(lake: LakeReader, dataset: Dataset, day: dt.date) -> Size | None:
    """What is stored of a day; None where nothing is, or where its manifest cannot be read."""
    try:
        manifest = Partition(lake.store, partition_prefix(dataset, day)).current().manifest
    except UNREADABLE:
        return None
    return None if manifest is None else size_of(manifest)


def growth(page: PageDay, dataset: Dataset, before: Sequence[Size | None]) -> Growth:
    """A table of the day against its days before, ascending."""
    manifest = page.manifest(dataset)
    size = None if manifest is None else size_of(manifest)
    stored = [each for each in before if each is not None]
    median_rows = int(statistics.median(each.rows for each in stored)) if stored else None
    median_bytes = statistics.median(each.bytes for each in stored) if stored else 0
    rows_ratio = size.rows / median_rows if size is not None and median_rows else None
    return Growth(
        dataset.name,
        size,
        str(manifest.content.finality) if manifest is not None and dataset in PROCESSED else "",
        [None if each is None else each.rows for each in (*before, size)] if before else [],
        median_rows,
        rows_ratio,
        size.bytes / median_bytes if size is not None and median_bytes else None,
        len(stored) >= _FEWEST_DAYS and median_rows is not None and _is_unusual(rows_ratio, median_rows),
    )


def _is_unusual(ratio: float | None, median_rows: int) -> bool:
    if ratio is None:
        return median_rows > 0
    return not _UNUSUAL[0] <= ratio <= _UNUSUAL[1]


SIZES = Section(
    "sizes",
    f"Rows and bytes, against the {DAYS_BEFORE} days before",
    f"The small bars are the rows of the {DAYS_BEFORE} days before, then of this day; ▲ and ▼ mark a table with more than double or less"
    " than half the median. Of the timeframes of a table, 1m is compared for all.",
    gather,
)
