"""Turning a day of frames into finished local files, several instruments at a time, each outcome recorded."""

import datetime as dt
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

from market_data_assets.domain.datasets import DailyFrames, Dataset, Finality, Frame
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import AuthError, DeliveredFile, MarketDataError, NoData, QuotaExhausted, StorageFailed, Unusable
from market_data_assets.storage.layout import aside_name, file_name, shard_of
from market_data_assets.storage.manifest import AbsentEntry, DayContent, FailedEntry, FileEntry, QuarantinedEntry, schema_fingerprint
from market_data_assets.storage.parquet_write import ParquetFacts, write_parquet
from market_data_assets.storage.quarantine import keep_rows
from market_data_assets.storage.shard_parts import ShardPart, write_part


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one instrument, or of a whole day's table.

    Attributes:
        file: It has a file of its own.
        part: Its rows go into a shard.
        quarantined: Reasons for which rows, or without ``file`` and ``part`` all of it, were set aside.
        delivered: The vendor's file that was refused, where there is one.
        data: Where the bytes of the files lie, by SHA-256.
    """

    file: FileEntry | None = None
    part: ShardPart | None = None
    absent: AbsentEntry | None = None
    error: MarketDataError | None = None
    quarantined: Sequence[QuarantinedEntry] = ()
    quarantine_file: FileEntry | None = None
    delivered: DeliveredFile | None = None
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
    """The content of the day that the outcomes make, without the shards of their parts."""
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
            encode = _encode if shard_of(self._dataset, instrument) is None else _encode_part
            return encode(self._dataset, self._frames.day, instrument, self._frames[instrument], self._folder)
        except NoData as error:
            return Outcome(absent=AbsentEntry(str(instrument), error.reason))
        except Unusable as error:
            return Outcome(quarantined=(QuarantinedEntry(str(instrument), error.reason, 0),), delivered=error.delivered)
        except (AuthError, StorageFailed):
            self.stop.set()
            raise
        except MarketDataError as error:
            if isinstance(error, QuotaExhausted):
                self._exhausted = error
            return Outcome(error=error)


def _encode(dataset: Dataset, day: dt.date, instrument: InstrumentId | None, frame: Frame, folder: Path) -> Outcome:
    path = folder / file_name(dataset, instrument)
    facts = write_parquet(path, dataset, day, instrument, frame)
    file = _entry(path.name, instrument, facts, frame.source_version)
    return _with_aside(Outcome(file=file, data={facts.sha256: path}), dataset, instrument, frame, folder)


def _encode_part(dataset: Dataset, day: dt.date, instrument: InstrumentId, frame: Frame, folder: Path) -> Outcome:
    part = write_part(folder / f"{instrument}.arrow", dataset, day, instrument, frame)
    return _with_aside(Outcome(part=part), dataset, instrument, frame, folder)


def _with_aside(outcome: Outcome, dataset: Dataset, instrument: InstrumentId | None, frame: Frame, folder: Path) -> Outcome:
    # One file of a whole day is set aside under the dataset's own name.
    owner = str(instrument or dataset.name)
    path = folder / f"aside-{aside_name(owner)}"
    kept = keep_rows(path, owner, None if instrument is None else str(instrument), frame.quarantined, frame.source_version)
    return replace(
        outcome,
        quarantined=tuple(QuarantinedEntry(owner, each.reason, each.count) for each in frame.quarantined),
        quarantine_file=kept,
        data=outcome.data if kept is None else {**outcome.data, kept.sha256: path},
    )


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
