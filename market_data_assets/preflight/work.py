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


def is_expected(dataset: Dataset, instrument: Instrument) -> bool:
    """Whether a run stores rows of the instrument in ``dataset``, as far as the vendor has what it promises."""
    types = instrument.data_types
    if dataset in RAW:
        return dataset.name in types
    if dataset in _OF_BOOKS:
        return not _BOOKS.isdisjoint(types)
    # Features need a full grid of candles, which options do not have.
    is_skipped = dataset in MFT and instrument.instrument_id.instrument_type is InstrumentType.OPTION
    return TRADES.name in types and not is_skipped


def expected(dataset: Dataset, instruments: Iterable[Instrument]) -> Sequence[InstrumentId]:
    """The instruments that a run stores in ``dataset``; none for a table of one file a day."""
    if dataset.grain is Grain.DAY:
        return ()
    return [instrument.instrument_id for instrument in instruments if is_expected(dataset, instrument)]


def files_of(dataset: Dataset, instruments: Iterable[Instrument]) -> int:
    """How many files these instruments make in ``dataset``: contracts of one underlying share theirs."""
    if dataset.grain is Grain.DAY:
        return 1
    return len({file_name(dataset, instrument) for instrument in expected(dataset, instruments)})
