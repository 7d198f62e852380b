"""What a vendor would have to deliver: files, and their bytes as far as they are known."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, BOOK_SNAPSHOT_25, RAW, TRADES
from market_data_assets.errors import Retryable
from market_data_assets.preflight.neighbours import Neighbours
from market_data_assets.preflight.work import expected_instruments
from market_data_assets.sources.base import LocatesFiles, Source
from market_data_assets.sources.download import local_path
from market_data_assets.storage.layout import file_name

_TYPICAL_RATIO = 2.3
DELIVERED_PER_STORED = {TRADES.name: _TYPICAL_RATIO, BOOK_SNAPSHOT_5.name: 1.05, BOOK_SNAPSHOT_25.name: 1.1}
"""Bytes of the vendor's gzip for each byte of our Parquet.

Of recorded Binance files in Tardis' layout: trades of 21,000 rows 2.28 (2.5 on days of millions), books of 5 levels 0.87 to
1.12, of 25 levels 0.98 to 1.07 (1.37 on days of a million). Other data types, of which no large file was at hand, are taken
to be like trades, since their columns repeat as those do.
"""


@dataclass(frozen=True, slots=True)
class Downloads:
    """Vendor files of some days.

    Attributes:
        files: How many; instruments that share one count once. 0 where nothing is delivered in files.
        known_bytes: Of those that lie in a folder, by their size there.
        estimated_bytes: Of the others, from stored days nearby.
        absent: Files that are not in the folder, although they are listed.
        unsized: Files of which nothing nearby tells a size.
    """

    files: int = 0
    known_bytes: int = 0
    estimated_bytes: int = 0
    absent: int = 0
    unsized: int = 0

    @property
    def bytes(self) -> int:
        """Known and estimated together."""
        return self.known_bytes + self.estimated_bytes

    def __add__(self, other: "Downloads") -> "Downloads":
        return Downloads(
            self.files + other.files,
            self.known_bytes + other.known_bytes,
            self.estimated_bytes + other.estimated_bytes,
            self.absent + other.absent,
            self.unsized + other.unsized,
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """One vendor file: what tells it from others, and where it may lie in a folder."""

    key: tuple[str, ...]
    paths: Sequence[Path] = ()


class Addresses:
    """Where a source has its files. While its metadata cannot be reached, it is taken to have one for each of ours."""

    def __init__(self, source: Source) -> None:
        self._source = source if isinstance(source, LocatesFiles) else None
        self._is_silent = False

    def of(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> _Place | None:
        """The file of an instrument-day; None where the source delivers no such files."""
        if self._source is None:
            return None
        if not self._is_silent:
            try:
                urls = tuple(self._source.file_urls(dataset, instrument, day))
                return _Place(urls, [path for path in map(local_path, urls) if path is not None]) if urls else None
            except Retryable:
                self._is_silent = True
        return _Place((str(day), instrument.tardis_exchange or "", file_name(dataset, instrument.instrument_id)))


def downloads_of(addresses: Addresses, neighbours: Neighbours, dataset: Dataset, days: Mapping[dt.date, Iterable[Instrument]]) -> Downloads:
    """What one raw data type takes; nothing for any other table, and for a source without files.

    Raises:
        AuthError, Unusable: as of the vendor's metadata, which says which instruments share a file.
    """
    if dataset not in RAW:
        return Downloads()
    return sum((_of_day(addresses, neighbours, dataset, day, listed) for day, listed in days.items()), Downloads())


def _of_day(addresses: Addresses, neighbours: Neighbours, dataset: Dataset, day: dt.date, listed: Iterable[Instrument]) -> Downloads:
    sharing: dict[tuple[str, ...], tuple[_Place, list[Instrument]]] = {}
    for instrument in expected_instruments(dataset, listed):
        if (place := addresses.of(dataset, instrument, day)) is not None:
            sharing.setdefault(place.key, (place, []))[1].append(instrument)
    return sum((_file(place, neighbours, dataset, instruments) for place, instruments in sharing.values()), Downloads())


def _file(place: _Place, neighbours: Neighbours, dataset: Dataset, instruments: Sequence[Instrument]) -> Downloads:
    if place.paths:
        sizes = [path.stat().st_size for path in place.paths if path.is_file()]
        return Downloads(1, known_bytes=sizes[0]) if sizes else Downloads(0, absent=1)
    found = [neighbours.size(dataset, str(instrument.instrument_id)) for instrument in instruments]
    stored = [size.bytes for size in found if size is not None]
    if not stored:
        return Downloads(1, unsized=1)
    return Downloads(1, estimated_bytes=round(sum(stored) * DELIVERED_PER_STORED.get(dataset.name, _TYPICAL_RATIO)))
