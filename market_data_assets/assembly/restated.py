"""Vendor files that were published again since they were fetched: a bounded walk over stored days that asks for versions alone."""

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS, RAW
from market_data_assets.errors import AuthError, MarketDataError, PartitionMissing, QuotaExhausted
from market_data_assets.sources.base import TellsVersions
from market_data_assets.sources.versions import FileVersion, noted_version
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.parallel import for_each

_SIDE_BY_SIDE = 16
_SECONDS = 1.5
"""Longest wait for one answer: the last question is asked before the time is up, so a walk may take this much longer."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk goes on: at a file of a day and raw data type, counted in the order of their addresses."""

    day: dt.date
    data_type: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Restated:
    """A file that the vendor has published again.

    Attributes:
        version: What the vendor says of it now.
        instruments: Those stored from another version of it.
    """

    day: dt.date
    url: str
    version: FileVersion
    instruments: Sequence[InstrumentId]

    @property
    def digest(self) -> str:
        """Twelve characters that tell this file and version from others."""
        return hashlib.sha256(f"{self.url} {self.version.version}".encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found.

    Attributes:
        asked: Files whose version the vendor was asked for.
        errors: What it said where it gave none, in the order of the files.
        place: Where the next walk begins; None where nothing of the days can be watched.
    """

    restated: Sequence[Restated] = ()
    asked: int = 0
    errors: Sequence[MarketDataError] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class _Watched:
    """One file that was fetched, and who is stored from which version of it."""

    place: Place
    url: str
    stored: Mapping[str, Sequence[InstrumentId]]


def find_restated(
    lake: Lake,
    source: TellsVersions,
    days: Sequence[dt.date],
    start: Place | None,
    *,
    most: int,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Walk:
    """Compare stored files with what the vendor has now, once around the days at most.

    Files of which the vendor stated no version when they were fetched are not watched.

    Args:
        days: In the order of the walk; days of which nothing is stored cost one look.
        start: The ``place`` of the walk before; None begins with the first day.
        most: Files to ask for.
        seconds: After them no file is asked for, but for the first few: every walk gets on.
        clock: Monotonic seconds.
    """
    began = clock()
    files, following = _next_files(lake, source, days, start, most=most, is_over=lambda: clock() - began > seconds / 2)
    is_refused = False

    def ask(file: tuple[int, _Watched]) -> FileVersion | MarketDataError | None:
        nonlocal is_refused
        if is_refused or (file[0] >= _SIDE_BY_SIDE and clock() - began > seconds):
            return _NOT_ASKED
        try:
            return source.version_of(file[1].url, _SECONDS)
        except MarketDataError as error:
            # A vendor that refuses one question refuses the next ones too, and should not be asked in vain.
            is_refused = is_refused or isinstance(error, AuthError | QuotaExhausted)
            return error

    answers = list(zip(files, for_each(ask, enumerate(files), _SIDE_BY_SIDE), strict=True))
    asked = [(file, answer) for file, answer in answers if answer is not _NOT_ASKED]
    left = next((file.place for file, answer in answers if answer is _NOT_ASKED), following)
    restated = [found for file, answer in asked if isinstance(answer, FileVersion) for found in _changed(file, answer)]
    return Walk(restated, len(asked), [answer for _, answer in asked if isinstance(answer, MarketDataError)], left)


_NOT_ASKED = MarketDataError("the vendor was not asked")


def _changed(file: _Watched, now: FileVersion) -> Iterator[Restated]:
    instruments = sorted(each for version, stored in file.stored.items() if version != now.version for each in stored)
    if instruments:
        yield Restated(file.place.day, file.url, now, instruments)


def _next_files(
    lake: Lake, source: TellsVersions, days: Sequence[dt.date], start: Place | None, *, most: int, is_over: Callable[[], bool]
) -> tuple[Sequence[_Watched], Place | None]:
    """The next files of the walk, and the place behind them."""
    steps = [(day, dataset) for day in days for dataset in RAW]
    first = next((at for at, (day, dataset) in enumerate(steps) if start and (day, dataset.name) == (start.day, start.data_type)), None)
    position = start.position if start is not None and first is not None else 0
    files: list[_Watched] = []
    for day, dataset in [*steps[first or 0 :], *steps[: first or 0]]:
        here, room = _watched(lake, source, dataset, day)[position:], most - len(files)
        files += here[:room]
        if len(here) > room or is_over():
            return files, Place(day, dataset.name, position + min(room, len(here)))
        position = 0
    return files, Place(steps[first or 0][0], steps[first or 0][1].name) if files else None


def _watched(lake: Lake, source: TellsVersions, dataset: Dataset, day: dt.date) -> Sequence[_Watched]:
    """The files of a stored day whose version is noted, by address; none where the day is not stored."""
    with suppress(PartitionMissing):
        noted = {entry.instrument_id: noted_version(entry.source_version) for entry in lake.manifest(dataset, day).content.files}
        files: dict[str, dict[str, list[InstrumentId]]] = {}
        for row in lake.read_table(INSTRUMENTS, day).to_pylist():
            version = noted.get(row["instrument_id"])
            if version is not None:
                instrument = Instrument.from_row(row)
                for url in _addresses(source, dataset, instrument, day, version):
                    files.setdefault(url, {}).setdefault(version.version, []).append(instrument.instrument_id)
        return [_Watched(Place(day, dataset.name, at), url, files[url]) for at, url in enumerate(sorted(files))]
    return []


def _addresses(source: TellsVersions, dataset: Dataset, instrument: Instrument, day: dt.date, version: FileVersion) -> Iterator[str]:
    """Where the file that a stored version names is, if the source knows such an address."""
    urls = source.possible_urls(dataset, instrument, day)
    yield from [url for url in urls if url.rpartition("/")[2] == version.name][:1]
