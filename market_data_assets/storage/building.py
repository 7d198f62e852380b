"""Turning a day of frames into finished local files, several instruments at a time, each outcome recorded."""

import datetime as dt
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from market_data_assets.domain.datasets import DailyFrames, Dataset, Finality, Frame, Quarantined
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import AuthError, MarketDataError, NoData, QuotaExhausted, StorageFailed, Unusable
from market_data_assets.storage.layout import file_name
from market_data_assets.storage.manifest import AbsentEntry, DayContent, FailedEntry, FileEntry, QuarantinedEntry, schema_fingerprint
from market_data_assets.storage.parquet_write import ParquetFacts, write_parquet, write_rows


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one instrument, or of a whole day's table. Exactly one of the first four says something."""

    file: FileEntry | None = None
    absent: AbsentEntry | None = None
    error: MarketDataError | None = None
    quarantined: Sequence[QuarantinedEntry] = ()
    quarantine_file: FileEntry | None = None
    data: Mapping[str, Path] = field(default_factory=dict)


def build_day(dataset: Dataset, frames: DailyFrames, folder: Path, workers: int) -> Mapping[InstrumentId, Outcome]:
    """Evaluate and encode every frame into ``folder``; at most ``workers`` instrument-days are in memory.

    A quota that is exhausted fails the instruments that have not been asked for.

    Raises:
        AuthError, StorageFailed: at once; every further instrument would meet the same.
        Exception: whatever is not one of this package's errors, at once.
    """
    builder = _Builder(dataset, frames, folder)
    with ThreadPoolExecutor(workers, thread_name_prefix=f"build-{dataset.name}") as pool:
        futures = {instrument: pool.submit(builder.build, instrument) for instrument in frames}
        try:
            wait(futures.values(), return_when=FIRST_EXCEPTION)
            for future in futures.values():
                if future.done():
                    future.result()
            return {instrument: future.result() for instrument, future in futures.items()}
        finally:
            builder.stop.set()
            for future in futures.values():
                future.cancel()


def build_table(dataset: Dataset, day: dt.date, frame: Frame, folder: Path) -> Outcome:
    """Encode the one frame of a whole day into ``folder``.

    Raises:
        MarketDataError: whatever the frame raises; a table is stored whole or not at all.
    """
    return _encode(dataset, day, None, frame, folder)


def content_of(dataset: Dataset, outcomes: Sequence[Outcome], finality: Finality, inputs: Mapping[str, str]) -> DayContent:
    """The content of the day that the outcomes make."""
    return DayContent(
        files=tuple(outcome.file for outcome in outcomes if outcome.file is not None),
        absent=tuple(outcome.absent for outcome in outcomes if outcome.absent is not None),
        quarantined=tuple(entry for outcome in outcomes for entry in outcome.quarantined),
        quarantine_files=tuple(outcome.quarantine_file for outcome in outcomes if outcome.quarantine_file is not None),
        finality=finality,
        inputs=dict(inputs),
        schema_fingerprint=schema_fingerprint(dataset),
    )


def failures_of(outcomes: Mapping[InstrumentId, Outcome]) -> Mapping[InstrumentId, MarketDataError]:
    """The error of each instrument that failed."""
    return {instrument: outcome.error for instrument, outcome in outcomes.items() if outcome.error is not None}


def failed_entries(failures: Mapping[InstrumentId, MarketDataError]) -> Sequence[FailedEntry]:
    """The failures as they stand in the manifest."""
    return tuple(FailedEntry(str(instrument), f"{type(error).__name__}: {error}") for instrument, error in sorted(failures.items()))


class _Builder:
    def __init__(self, dataset: Dataset, frames: DailyFrames, folder: Path) -> None:
        self._dataset, self._frames, self._folder = dataset, frames, folder
        self._exhausted: QuotaExhausted | None = None
        self.stop = threading.Event()

    def build(self, instrument: InstrumentId) -> Outcome:
        if self.stop.is_set():
            return Outcome()  # nobody will look at it: the whole day is given up
        try:
            if self._exhausted is not None:
                raise self._exhausted
            return _encode(self._dataset, self._frames.day, instrument, self._frames[instrument], self._folder)
        except NoData as error:
            return Outcome(absent=AbsentEntry(str(instrument), error.reason))
        except Unusable as error:
            return Outcome(quarantined=(QuarantinedEntry(str(instrument), error.reason, 0),))
        except (AuthError, StorageFailed):
            self.stop.set()
            raise
        except MarketDataError as error:
            if isinstance(error, QuotaExhausted):
                self._exhausted = error
            return Outcome(error=error)


def _encode(dataset: Dataset, day: dt.date, instrument: InstrumentId | None, frame: Frame, folder: Path) -> Outcome:
    name = file_name(dataset, instrument)
    path = folder / name
    facts = write_parquet(path, dataset, day, instrument, frame)
    file = _entry(name, instrument, facts, frame.source_version)
    aside = _write_aside(folder / f"aside-{name}", frame.quarantined)
    # One file of a whole day is set aside under the dataset's own name.
    owner = str(instrument or dataset.name)
    quarantined = tuple(QuarantinedEntry(owner, each.reason, each.count) for each in frame.quarantined)
    data = {facts.sha256: path}
    if aside is None:
        return Outcome(file=file, quarantined=quarantined, data=data)
    data[aside.sha256] = folder / f"aside-{name}"
    return Outcome(file, quarantined=quarantined, quarantine_file=_entry(name, instrument, aside, frame.source_version), data=data)


def _write_aside(path: Path, quarantined: Sequence[Quarantined]) -> ParquetFacts | None:
    tables = [each.rows for each in quarantined if each.rows is not None and each.rows.num_rows]
    if not tables:
        return None
    return write_rows(path, pa.concat_tables(tables, promote_options="permissive"))


def _entry(name: str, instrument: InstrumentId | None, facts: ParquetFacts, source_version: str) -> FileEntry:
    return FileEntry(
        name=name,
        instrument_id=None if instrument is None else str(instrument),
        rows=facts.rows,
        size=facts.size,
        crc32c=facts.crc32c,
        sha256=facts.sha256,
        row_groups=facts.row_groups,
        uncompressed_bytes=facts.uncompressed_bytes,
        min_timestamp=facts.min_timestamp,
        max_timestamp=facts.max_timestamp,
        source_version=source_version,
        staged="",
    )
