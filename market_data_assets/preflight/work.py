"""What a run of one day stores: the tables of the lake, and of which of the day's instruments each has rows."""

from collections.abc import Iterable, Mapping, Sequence

from market_data_assets.catalog import MFT, PROCESSED, TABLES
from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.domain.datasets import Dataset, Grain
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, BOOK_SNAPSHOT_25, INSTRUMENTS, RAW, TRADES
from market_data_assets.storage.layout import file_name
from market_data_assets.storage.warehouse.base import WarehouseTable

LAKE: tuple[Dataset, ...] = (INSTRUMENTS, *RAW, MISSING_REPORT, *PROCESSED, *MFT)
"""Every table of the lake that the daily job writes, in the order of the tiers."""

SOURCES: Mapping[WarehouseTable, Dataset] = dict(zip(TABLES, PROCESSED, strict=True))
"""The table of the lake that each analytics table is loaded from."""

_BOOKS = frozenset({BOOK_SNAPSHOT_5.name, BOOK_SNAPSHOT_25.name})
_OF_BOOKS = tuple(BOOK_SNAPSHOTS.values())


def expected_instruments(dataset: Dataset, instruments: Iterable[Instrument]) -> Sequence[Instrument]:
    """Those that a run stores rows of in ``dataset``, as far as the vendor has what it promises; none for a table of one file a day."""
    if dataset.grain is Grain.DAY:
        return ()
    # Looked up once for all of them: a plan of a year asks this of millions.
    needed, without_options = _needed(dataset), dataset in MFT
    chosen = [each for each in instruments if not needed.isdisjoint(each.data_types)]
    # Features need a full grid of candles, which options do not have.
    return [each for each in chosen if each.instrument_id.instrument_type is not InstrumentType.OPTION] if without_options else chosen


def expected(dataset: Dataset, instruments: Iterable[Instrument]) -> Sequence[InstrumentId]:
    """The ids of :func:`expected_instruments`."""
    return [each.instrument_id for each in expected_instruments(dataset, instruments)]


def _needed(dataset: Dataset) -> frozenset[str]:
    """Raw data types of which an instrument must have one to have rows in ``dataset``."""
    if dataset in RAW:
        return frozenset({dataset.name})
    return _BOOKS if dataset in _OF_BOOKS else frozenset({TRADES.name})


def files_of(dataset: Dataset, instruments: Iterable[Instrument]) -> int:
    """How many files these instruments make in ``dataset``: contracts of one underlying share theirs."""
    if dataset.grain is Grain.DAY:
        return 1
    return len({file_name(dataset, instrument) for instrument in expected(dataset, instruments)})
