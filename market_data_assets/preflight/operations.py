"""How many operations a run asks of the store, by the classes that a bucket bills.

Writes follow from the commit protocol and are exact: a file is staged and moved, a partition takes its manifest, its _SUCCESS and
two listings. Reads are of the inputs, the checks and what Dagster shows of a partition; their numbers were counted on runs.
"""

from dataclasses import dataclass

from market_data_assets.catalog import MFT
from market_data_assets.client.costs import Rates
from market_data_assets.compute.quality.record import QUALITY_REPORTS
from market_data_assets.preflight.stored import State
from market_data_assets.storage.ranged_plan import PIECE_BYTES

_LISTED_AT_A_TIME = 1_000
LISTINGS_PER_DAY = 3 * len(MFT)
"""The check of each table of features lists the days of candles: for what it judges, and before and after it for its inputs."""

_PAGE_WRITES = 1

READS_PER_DAY = 950
"""Of a day without instruments: manifests, which every step asks for, the table of instruments, inputs of reports and of the page."""

READS_PER_FILE = 12
"""Of a file from its commit to the last check that reads it, as long as it is small enough to be fetched at once."""

READS_PER_LOOK_BACK_DAY = 1
"""Of a table of candles on each day that features look back to, stored or not: whether its manifest is still the one that is known."""

READS_PER_LOOK_BACK_FILE = 6
"""Of an instrument's candles of a day that features look back to."""

READS_OF_TICKS = 5
"""How often all of a day's ticks are read: by candles, by book snapshots, by the report of what is missing and by checks."""


@dataclass(frozen=True, slots=True)
class Operations:
    """Operations on a store; deletions are free.

    Attributes:
        writes: Class A: uploads, moves and listings.
        reads: Class B: of an object, of a range of one, or of what is known of one.
    """

    writes: int = 0
    reads: int = 0

    def __add__(self, other: "Operations") -> "Operations":
        return Operations(self.writes + other.writes, self.reads + other.reads)

    def dollars(self, rates: Rates) -> float:
        """What a bucket of Standard class bills for them."""
        return rates.listing.of(self.writes) + rates.request.of(self.reads)


def commit_of(state: State, files: int) -> Operations:
    """Committing one partition of so many files, and whatever reads it on the same day.

    What is stored and differs is kept as a revision, which is counted for all of its files: the most it can be. A partition that
    is complete is found to be as it was.
    """
    listings = 1 + -(-(files + 2) // _LISTED_AT_A_TIME)
    reads = READS_PER_FILE * files
    if state is State.COMPLETE:
        return Operations(listings, reads)
    if state is State.MISSING:
        return Operations(2 * files + 2 + listings, reads)
    return Operations(3 * files + 3 + listings, reads + files)


def day_besides(look_back_days: int, look_back_files: int) -> Operations:
    """What a day takes besides its partitions: the reports of its checks, its page, and what features look back to.

    Args:
        look_back_days: Days that features look back to, for each of their tables.
        look_back_files: Files of candles there, of the instruments that have features.
    """
    reads = READS_PER_DAY + READS_PER_LOOK_BACK_DAY * look_back_days + READS_PER_LOOK_BACK_FILE * look_back_files
    reports = sum((commit_of(State.MISSING, 1) for _ in QUALITY_REPORTS), Operations())
    return Operations(LISTINGS_PER_DAY + _PAGE_WRITES, reads) + reports


def large_files(tick_bytes: int) -> Operations:
    """What ticks take beyond one request a file, since large files are fetched in pieces."""
    return Operations(reads=READS_OF_TICKS * (tick_bytes // PIECE_BYTES))
