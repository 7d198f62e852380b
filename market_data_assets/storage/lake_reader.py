"""Reading days from the lake: by instrument, whole, or by the exchange's clock."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from functools import partial

import pyarrow as pa

from market_data_assets.domain.datasets import DailyFrames, Dataset, Finality, Frame, Loader
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.shards import parse_shard_name
from market_data_assets.errors import MarketDataError, PartitionMissing, QueryError, UnsafeName
from market_data_assets.storage.exchange_day import exchange_day_frame, touches
from market_data_assets.storage.layout import day_of_prefix, days_prefix, partition_prefix
from market_data_assets.storage.manifest import DayContent, Manifest
from market_data_assets.storage.parallel import for_each
from market_data_assets.storage.partition import Current, Partition
from market_data_assets.storage.publish import holds, is_published
from market_data_assets.storage.quarantine_read import quarantined_rows
from market_data_assets.storage.range_cache import RangeCache
from market_data_assets.storage.shard_read import read_shard, shards_of
from market_data_assets.storage.stored_frames import Replaced, StoredFrame
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.unavailable import unavailable
from market_data_assets.storage.warehouse.base import CommittedDay

_READ_ATTEMPTS = 20
_DAY = dt.timedelta(days=1)


class LakeReader:
    """Datasets by day in one store, to be read.

    Args:
        cache: Where ranges of files that come from a distant store are kept; None keeps nothing.
    """

    def __init__(self, store: Store, cache: RangeCache | None = None) -> None:
        self._store = store
        # What is read in place is kept already.
        self._cache = None if store.reads_in_place else cache
        self._manifests: dict[str, Current] = {}

    @property
    def store(self) -> Store:
        """Where the objects are."""
        return self._store

    def manifest(self, dataset: Dataset, day: dt.date) -> Manifest:
        """The committed manifest of a day.

        Raises:
            PartitionMissing: nothing was ever stored for it.
            CorruptPartition, UnsupportedFormat: it cannot be read.
        """
        manifest = self._current(self._partition(dataset, day)).manifest
        if manifest is None:
            raise self._missing(dataset, day)
        return manifest

    def read_day(self, dataset: Dataset, day: dt.date) -> DailyFrames:
        """The stored day, lazily. Its ``inputs`` name the day that is read.

        Instruments that failed raise ``Retryable`` when they are asked for, and those set aside as a whole ``Unusable``.

        Raises:
            PartitionMissing, CorruptPartition, UnsupportedFormat: as :meth:`manifest`.
        """
        return self._frames(dataset, day, self.manifest(dataset, day).content)

    def committed_day(self, dataset: Dataset, day: dt.date) -> CommittedDay:
        """The stored day for a load into a warehouse; errors as :meth:`manifest`."""
        manifest = self.manifest(dataset, day)
        return CommittedDay(
            self._frames(dataset, day, manifest.content),
            manifest.version,
            manifest.content.content_hash,
            sum(entry.rows for entry in manifest.content.files),
            self._urls(self._partition(dataset, day), manifest),
        )

    def _urls(self, partition: Partition, manifest: Manifest) -> tuple[str, ...]:
        """The files of the day in the bucket, if all of them lie under their published names; none otherwise.

        The former day's may still be there, or somebody has changed or removed one: who is handed the names compares nothing.
        """
        files = {partition.published_name(entry): entry for entry in manifest.content.files if entry.rows}
        urls = tuple(map(self._store.url, files))
        if not all(url.startswith("gs://") for url in urls) or not is_published(partition, manifest):
            return ()
        heads = for_each(self._store.head, files)
        return urls if all(holds(head, entry) for head, entry in zip(heads, files.values(), strict=True)) else ()

    def read_exchange_day(self, dataset: Dataset, day: dt.date) -> DailyFrames:
        """The rows whose exchange time lies in ``day``, lazily: from its raw day and, where stored, its neighbours.

        Vendors cut days by arrival, so rows of ``day`` lie in the next file too, and in the one before where the
        recorder's clock ran behind. Provisional until the next raw day is stored with every instrument.

        Raises:
            PartitionMissing, CorruptPartition, UnsupportedFormat: as :meth:`manifest`; a missing neighbour is no error.
        """
        around = (day - _DAY, day, day + _DAY)
        found = for_each(partial(self._content_or_none, dataset), around, 1 if self._store.reads_in_place else len(around))
        days = {each: content for each, content in zip(around, found, strict=True) if content is not None}
        if day not in days:
            raise self._missing(dataset, day)
        own = days[day]
        loaders: dict[InstrumentId, Loader] = {}
        for instrument in sorted({each for content in days.values() for each in _present(content)}):
            parts = self._parts(dataset, day, days, instrument)
            if parts:
                loaders[instrument] = partial(exchange_day_frame, dataset, day, parts)
            elif instrument in _present(own):
                loaders[instrument] = self._loader(dataset, day, own, instrument)
        absent = {InstrumentId.parse(entry.instrument_id): entry.reason for entry in own.absent}
        still = {instrument: reason for instrument, reason in absent.items() if instrument not in loaders}
        following = days.get(day + _DAY)
        complete = following is not None and not following.failed and own.finality is Finality.FINAL
        finality, fringe = Finality.FINAL if complete else Finality.PROVISIONAL, loaders.keys() - _present(own)
        return DailyFrames(day, loaders, still, finality, _inputs(dataset, days), fringe=frozenset(fringe))

    def read(
        self,
        dataset: Dataset,
        day: dt.date,
        instrument: InstrumentId,
        columns: Sequence[str] | None = None,
        time_range: TimeRange | None = None,
    ) -> pa.Table:
        """Rows of one instrument-day.

        Args:
            columns: In the order wanted; None for all, hidden ones too.
            time_range: Half-open, by exchange time; None for all.

        Raises:
            QueryError: the day says nothing about the instrument, or the dataset lacks a column.
            NoData: the instrument is absent that day. Unusable: it was set aside. Retryable: it failed.
            PartitionMissing, CorruptPartition, UnsupportedFormat: as :meth:`manifest`.
        """
        return self._read(dataset, day, self.manifest(dataset, day), instrument, columns=columns, time_range=time_range)

    def read_as_seen(
        self, dataset: Dataset, day: dt.date, instrument: InstrumentId, columns: Sequence[str] | None, time_range: TimeRange | None
    ) -> pa.Table:
        """As :meth:`read`, by the manifest as this reader last saw it: one look at it serves many instruments.

        Rows that a newer commit has replaced since, and that are gone, are read as they are now.
        """
        seen = self._manifests.get(self._partition(dataset, day).prefix)
        manifest = self.manifest(dataset, day) if seen is None or seen.manifest is None else seen.manifest
        return self._read(dataset, day, manifest, instrument, columns=columns, time_range=time_range)

    def read_table(
        self, dataset: Dataset, day: dt.date, columns: Sequence[str] | None = None, time_range: TimeRange | None = None
    ) -> pa.Table:
        """Rows of the one table of a day, for a dataset of one file per day; errors as :meth:`read`."""
        return self._read(dataset, day, self.manifest(dataset, day), None, columns=columns, time_range=time_range)

    def read_quarantined(self, dataset: Dataset, day: dt.date, instrument: InstrumentId | None = None) -> Sequence[pa.Table]:
        """The rows of an instrument (None: of the one table of a day) that were set aside, with their ``reason``, as delivered.

        Raises:
            PartitionMissing, CorruptPartition, UnsupportedFormat: as :meth:`manifest`.
        """
        return list(quarantined_rows(self._store, dataset, self.manifest(dataset, day), day, instrument))

    def read_shard(
        self, dataset: Dataset, day: dt.date, shard: str, columns: Sequence[str] | None = None, time_range: TimeRange | None = None
    ) -> pa.Table:
        """Rows of all instruments that are stored in a shard, such as the options of an underlying.

        Ordered by instrument, then as delivered. Instruments that failed, were set aside or are absent have no rows here; the
        manifest says which they are.

        Args:
            shard: Its name, such as ``DERIBIT:OPTION:BTC-USD``.
            columns: In the order wanted; ``instrument_id``, a dictionary column, comes first where they do not name it. None
                for all, hidden ones too.
            time_range: Half-open, by exchange time; None for all.

        Raises:
            QueryError: the day says nothing about such a shard, or the dataset lacks a column.
            Retryable, Unusable, NoData: none of its instruments is stored; as :meth:`read` of the first of them.
            UnknownInstrument: not the name of a shard.
            PartitionMissing, CorruptPartition, UnsupportedFormat: as :meth:`manifest`.
        """
        return self._read_shard(dataset, day, parse_shard_name(shard), columns=columns, time_range=time_range)

    def read_exchange_shard(self, dataset: Dataset, day: dt.date, shard: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a shard whose exchange time lies in ``day``: from its own day and, where stored, its neighbours.

        They are those of the instruments that :meth:`read_exchange_day` has rows of. Not ordered between days; columns and errors as
        :meth:`read_shard`, but that any of the days may lack the shard, and neighbours may not be stored.
        """
        name, own = parse_shard_name(shard), self.manifest(dataset, day).content
        # The rows of the day of those that were set aside, or failed, are not known: a few late ones do not stand for them.
        unknown = frozenset(map(str, _present(own))) - {entry.instrument_id for entry in own.files}
        around = [(each, self._content_or_none(dataset, each)) for each in (day, day - _DAY, day + _DAY)]
        days = [each for each, content in around if content is not None and _of_shard(dataset, content, name, unknown)]
        if not days:
            raise self._no_shard(dataset, day, own, name)
        span = TimeRange.of_day(day)
        parts = [self._read_shard(dataset, each, name, columns=columns, time_range=span, without=unknown) for each in days]
        return pa.concat_tables(parts).unify_dictionaries()

    def shards(self, dataset: Dataset, day: dt.date) -> Sequence[str]:
        """The shards that hold instruments of the day, in order; errors as :meth:`manifest`."""
        return list(shards_of(dataset, (entry.instrument_id for entry in self.manifest(dataset, day).content.files)))

    def instruments(self, dataset: Dataset, day: dt.date) -> Sequence[InstrumentId]:
        """The instruments that are stored, in order; errors as :meth:`manifest`."""
        content = self.manifest(dataset, day).content
        return sorted(InstrumentId.parse(entry.instrument_id) for entry in content.files if entry.instrument_id is not None)

    def days(self, dataset: Dataset) -> Sequence[dt.date]:
        """The days that were ever committed, ascending."""
        partitions = [self._partition(dataset, day) for day in self._listed_days(dataset)]
        found = for_each(lambda partition: partition.is_stored(), partitions)
        return [day_of_prefix(dataset, partition.prefix) for partition, exists in zip(partitions, found, strict=True) if exists]

    def _partition(self, dataset: Dataset, day: dt.date) -> Partition:
        return Partition(self._store, partition_prefix(dataset, day), cache=self._cache)

    def _missing(self, dataset: Dataset, day: dt.date) -> PartitionMissing:
        return PartitionMissing(str(dataset), day)

    def _current(self, partition: Partition) -> Current:
        """The manifest as it is now, parsed once per generation."""
        known = self._manifests.get(partition.prefix)
        if known is None or known.generation != partition.generation():
            known = partition.current()
            self._manifests[partition.prefix] = known
        return known

    def _content_or_none(self, dataset: Dataset, day: dt.date) -> DayContent | None:
        manifest = self._current(self._partition(dataset, day)).manifest
        return None if manifest is None else manifest.content

    def _frames(self, dataset: Dataset, day: dt.date, content: DayContent) -> DailyFrames:
        loaders = {instrument: self._loader(dataset, day, content, instrument) for instrument in _present(content)}
        absent = {InstrumentId.parse(entry.instrument_id): entry.reason for entry in content.absent}
        return DailyFrames(day, loaders, absent, content.finality, _inputs(dataset, {day: content}))

    def _loader(self, dataset: Dataset, day: dt.date, content: DayContent, instrument: InstrumentId) -> Loader:
        entry = content.file_of(str(instrument))
        if entry is None:
            return partial(_raise, unavailable(dataset, day, content, str(instrument)))
        return partial(StoredFrame, self._partition(dataset, day), dataset, entry)

    def _parts(self, dataset: Dataset, day: dt.date, days: Mapping[dt.date, DayContent], instrument: InstrumentId) -> Sequence[StoredFrame]:
        """The stored files that rows of the exchange day may lie in; none if its own file should be there and is not."""
        own = days[day].file_of(str(instrument))
        if own is None and instrument in _present(days[day]):
            return ()
        entries = [(each, content.file_of(str(instrument))) for each, content in sorted(days.items())]
        return [
            StoredFrame(self._partition(dataset, each), dataset, entry)
            for each, entry in entries
            if entry is not None and (entry is own or touches(entry, day))
        ]

    def _read(
        self,
        dataset: Dataset,
        day: dt.date,
        manifest: Manifest,
        instrument: InstrumentId | None,
        *,
        columns: Sequence[str] | None,
        time_range: TimeRange | None,
    ) -> pa.Table:
        for _ in range(_READ_ATTEMPTS):
            content = manifest.content
            entry = content.file_of(None if instrument is None else str(instrument))
            if entry is None:
                raise unavailable(dataset, day, content, str(instrument or dataset.name))
            try:
                return StoredFrame(self._partition(dataset, day), dataset, entry).read(columns, time_range)
            except Replaced as error:
                replaced = error
                manifest = self.manifest(dataset, day)
        raise replaced

    def _read_shard(
        self,
        dataset: Dataset,
        day: dt.date,
        name: str,
        *,
        columns: Sequence[str] | None,
        time_range: TimeRange | None,
        without: Collection[str | None] = (),
    ) -> pa.Table:
        for _ in range(_READ_ATTEMPTS):
            content = self.manifest(dataset, day).content
            instruments = _of_shard(dataset, content, name, without)
            if not instruments:
                raise self._no_shard(dataset, day, content, name)
            try:
                return read_shard(self._partition(dataset, day), dataset, content, instruments, columns=columns, time_range=time_range)
            except Replaced as error:
                replaced = error
        raise replaced

    def _no_shard(self, dataset: Dataset, day: dt.date, content: DayContent, shard: str) -> MarketDataError:
        for entries in (content.failed, content.quarantined, content.absent):
            mentioned = shards_of(dataset, (entry.instrument_id for entry in entries)).get(shard)
            if mentioned is not None:
                return unavailable(dataset, day, content, mentioned[0])
        near = get_close_matches(shard, shards_of(dataset, (entry.instrument_id for entry in content.files)))
        return QueryError.unknown(f"{dataset} {day}: shard", shard, near)

    def _listed_days(self, dataset: Dataset) -> Sequence[dt.date]:
        found = []
        for listed in self._store.list(days_prefix(dataset), folders=True):
            below = "" if dataset.partition is None else f"{dataset.partition}/"
            try:
                found.append(day_of_prefix(dataset, listed.name + below))
            except UnsafeName:
                continue  # not a day's folder, so not ours
        return found


def _inputs(dataset: Dataset, days: Mapping[dt.date, DayContent]) -> Mapping[str, str]:
    return {f"{dataset}/{day}": content.content_hash for day, content in sorted(days.items())}


def _present(content: DayContent) -> frozenset[InstrumentId]:
    """Instruments that have, or should have, rows: stored, set aside or failed."""
    names = {entry.instrument_id for entry in content.files} | {entry.instrument_id for entry in content.quarantined}
    names |= {entry.instrument_id for entry in content.failed}
    return frozenset(InstrumentId.parse(name) for name in names if name is not None)


def _of_shard(dataset: Dataset, content: DayContent, name: str, without: Collection[str | None]) -> Sequence[str]:
    """The stored instruments of a shard, in order, but some."""
    stored = (entry.instrument_id for entry in content.files if entry.instrument_id not in without)
    return shards_of(dataset, stored).get(name, [])


def _raise(error: MarketDataError) -> Frame:
    raise error
