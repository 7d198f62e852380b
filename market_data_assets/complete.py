"""Frames of any shape by day, instrument and data type: ``CompleteDataArchitecture`` writes them, ``CompleteDataReader`` reads them.

A thin façade for code that was written against these two classes. It keeps its tables in the lake's own store, apart from those of
the graph, and with the lake's guarantees: a write replaces an instrument's day as a whole or changes nothing. One copy is written,
by date; the same rows are found by venue, instrument, type or timeframe. New code reads with ``MarketData``.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from market_data_assets.domain.datasets import DailyFrames, Dataset, Grain, TableFrame
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.domain.venues import find_instrument, find_markets
from market_data_assets.errors import PartitionMissing, QueryError
from market_data_assets.settings import Settings
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import day_of_prefix, days_prefix, partition_prefix
from market_data_assets.storage.stores import open_store

Partitions = dict[str, str]
"""``by_date`` → name of the stored table below the bucket. Contracts of one option underlying share a file there."""

EXECUTION, ML, AVAILABILITY = "execution_data", "ml_data", "instrument_availability"
_TIERS = {EXECUTION: "execution", ML: "ml", AVAILABILITY: "availability"}
_NO_TIMEFRAME = "none"
_FOLDER = re.compile(r"data_type-(?P<data_type>[A-Za-z0-9_.-]+)(?:/timeframe-(?P<timeframe>[A-Za-z0-9]+))?")
_INSTRUMENTS = "available_instruments"


@dataclass(frozen=True, slots=True)
class _Kind:
    """One data type of one tier, at one timeframe where the tier has them."""

    tier: str
    data_type: str
    timeframe: str | None = None

    @property
    def dataset(self) -> Dataset:
        """The record of its tables: whatever columns they were written with."""
        folder = f"data_type-{self.data_type}" + (f"/timeframe-{self.timeframe or _NO_TIMEFRAME}" if self.tier == ML else "")
        if not _FOLDER.fullmatch(folder):
            raise QueryError(f"data type {self.data_type!r}: expected letters, digits, '_', '-' and '.' only")
        grain = Grain.DAY if self.tier == AVAILABILITY else Grain.INSTRUMENT
        return Dataset(self.tier, self.data_type, self.tier, {}, partition=folder, grain=grain, open_columns=True)


_AVAILABLE = _Kind(AVAILABILITY, _INSTRUMENTS)


class CompleteDataArchitecture:
    """Writes frames of the three tiers. The caller's frame is never changed.

    Args:
        gcs_bucket: Name of the bucket. Where the deployment's lake is on local files (``MDA_ROOT``), a folder of that name in it;
            a URL such as ``gs://name`` or ``file:///folder`` is taken as it is.
        local_temp_dir: Folder for files that are being built; made when it does not exist.
    """

    def __init__(self, gcs_bucket: str, local_temp_dir: str = "temp_partitions") -> None:
        scratch = Path(local_temp_dir)
        scratch.mkdir(parents=True, exist_ok=True)
        self._lake = _open(gcs_bucket, scratch)

    def partition_execution_data(self, df: pd.DataFrame, date: dt.date, venue: str, instrument_id: str, data_type: str) -> Partitions:
        """Store the ticks of one instrument's UTC day, replacing what was stored of that data type.

        Raises:
            QueryError: a data type that cannot be a folder, an instrument of another venue, a frame that is no table.
            UnknownInstrument, SettingsError: no such instrument id or venue.
        """
        return self._write(_Kind(EXECUTION, data_type), df, date, _instrument_of(venue, instrument_id))

    def partition_ml_data(  # noqa: PLR0917 - the signature that callers have
        self, df: pd.DataFrame, date: dt.date, venue: str, instrument_id: str, data_type: str, timeframe: str | None = None
    ) -> Partitions:
        """Store bars, features or signals of one instrument's UTC day and timeframe; errors as :meth:`partition_execution_data`."""
        return self._write(_Kind(ML, data_type, _timeframe(timeframe)), df, date, _instrument_of(venue, instrument_id))

    def partition_availability_data(self, df: pd.DataFrame, date: dt.date) -> Partitions:
        """Store which instruments were available on a UTC day, replacing what was stored for it."""
        return self._write(_AVAILABLE, df, date, None)

    def save_and_upload_partitions(self, df: pd.DataFrame, partitions: Mapping[str, str], data_category: str) -> Partitions:
        """Store ``df`` under each of ``partitions``, as the other methods return them; the URL of each.

        Raises:
            QueryError: a name that none of them returns, or a partition of another category.
        """
        urls = {}
        for name, path in partitions.items():
            kind, day, instrument = _parse(path)
            if kind.tier != data_category:
                raise QueryError(f"partition {path} belongs to {kind.tier}, not to {data_category!r}")
            self._write(kind, df, day, instrument)
            urls[name] = self._lake.store.url(path)
        return urls

    def _write(self, kind: _Kind, df: pd.DataFrame, date: dt.date, instrument: InstrumentId | None) -> Partitions:
        dataset, day, frame = kind.dataset, _day(date), TableFrame(_table(df))
        if instrument is None:
            self._lake.write_table(dataset, day, frame)
        else:
            self._lake.write_day(dataset, DailyFrames(day, {instrument: lambda: frame}), partial=True)
        return {"by_date": f"{partition_prefix(dataset, day)}{instrument or kind.data_type}.parquet"}


class CompleteDataReader:
    """Reads what :class:`CompleteDataArchitecture` wrote: exactly the rows that match every argument given, none where nothing does.

    Beside the columns that were written there are those that tell the rows apart (``date``, ``year``, ``month``, ``day``,
    ``data_tier``, ``venue``, ``instrument_id``, ``data_type``, ``timeframe``), unless a column of that name was written.

    Args:
        gcs_bucket: As for the writer.
    """

    def __init__(self, gcs_bucket: str) -> None:
        self._lake = _open(gcs_bucket)

    def read_execution_data(
        self, date: dt.date, venue: str | None = None, instrument_id: str | None = None, data_type: str | None = None
    ) -> pd.DataFrame:
        """Ticks of a UTC day."""
        return self._read(EXECUTION, _day(date), _choice(venue, instrument_id), data_type)

    def read_ml_data(
        self,
        date: dt.date,
        venue: str | None = None,
        instrument_id: str | None = None,
        data_type: str | None = None,
        timeframe: str | None = None,
    ) -> pd.DataFrame:
        """Bars, features and signals of a UTC day."""
        return self._read(ML, _day(date), _choice(venue, instrument_id), data_type, _timeframe(timeframe))

    def read_availability_data(self, date: dt.date, venue: str | None = None, instrument_type: str | None = None) -> pd.DataFrame:
        """The instruments that were available on a UTC day.

        Raises:
            QueryError: a filter on a column that was not written.
        """
        day = _day(date)
        try:
            frame = self._lake.read_table(_AVAILABLE.dataset, day).to_pandas()
        except PartitionMissing:
            return pd.DataFrame()
        if venue is not None:
            frame = _matching(frame, "venue", lambda text: find_markets(text)[0].venue, venue)
        if instrument_type is not None:
            frame = _matching(frame, "instrument_type", InstrumentType.parse, instrument_type)
        return _with_partition(frame, _AVAILABLE, day, None).reset_index(drop=True)

    def _read(
        self, tier: str, day: dt.date, wanted: Callable[[InstrumentId], bool], data_type: str | None, timeframe: str | None = None
    ) -> pd.DataFrame:
        frames = []
        for kind in self._kinds(tier, day):
            if data_type not in {None, kind.data_type} or timeframe not in {None, kind.timeframe}:
                continue
            for instrument in filter(wanted, self._lake.instruments(kind.dataset, day)):
                frame = self._lake.read(kind.dataset, day, instrument).to_pandas()
                frames.append(_with_partition(frame, kind, day, instrument))
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def _kinds(self, tier: str, day: dt.date) -> Iterator[_Kind]:
        """What the tier has of a day, by name."""
        prefix = f"{tier}/by_date/day-{day}/"
        names = {listed.name.removeprefix(prefix).rpartition("/")[0] for listed in self._lake.store.list(prefix)}
        for name in sorted(names):
            match = _FOLDER.fullmatch(name)
            if match:
                timeframe = match["timeframe"]
                yield _Kind(tier, match["data_type"], None if timeframe == _NO_TIMEFRAME else timeframe)


def _open(bucket: str, scratch: Path | None = None) -> Lake:
    return Lake(open_store(_url(bucket)), scratch=scratch)


def _url(bucket: str) -> str:
    if "://" in bucket:
        return bucket
    root = Settings.load().root_url
    return f"gs://{bucket}" if root.startswith("gs://") else f"{root}/{bucket}"


def _day(date: dt.date) -> dt.date:
    """The UTC day of a date, or of a datetime; a naive one is UTC."""
    if isinstance(date, dt.datetime):
        return (date if date.tzinfo is None else date.astimezone(dt.UTC)).date()
    return date


def _instrument_of(venue: str, instrument_id: str) -> InstrumentId:
    instrument = find_instrument(instrument_id)
    if instrument.venue != find_markets(venue)[0].venue:
        raise QueryError(f"{instrument} is an instrument of {instrument.venue}, not of {venue!r}")
    return instrument


def _choice(venue: str | None, instrument_id: str | None) -> Callable[[InstrumentId], bool]:
    name = None if venue is None else find_markets(venue)[0].venue
    instrument = None if instrument_id is None else find_instrument(instrument_id)
    return lambda found: name in {None, found.venue} and instrument in {None, found}


def _timeframe(text: str | None) -> str | None:
    return None if text is None else str(Timeframe.parse(text))


def _table(df: pd.DataFrame) -> pa.Table:
    if not df.columns.is_unique or not all(isinstance(name, str) for name in df.columns):
        raise QueryError(f"columns {list(df.columns)}: expected different names, all of them text")
    try:
        return pa.Table.from_pandas(df, preserve_index=False).replace_schema_metadata(None)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise QueryError(f"frame with columns {list(df.columns)} cannot be stored as a table: {error}") from None


def _parse(path: str) -> tuple[_Kind, dt.date, InstrumentId | None]:
    """The inverse of the names in Partitions."""
    folder, _, file = path.rpartition("/")
    tier, _, below = folder.partition("/by_date/")
    match = _FOLDER.fullmatch(below.partition("/")[2])
    if tier not in _TIERS or match is None:
        raise QueryError(f"partition {path!r}: expected a name that this class returned")
    kind = _Kind(tier, match["data_type"], None if match["timeframe"] in {None, _NO_TIMEFRAME} else match["timeframe"])
    day = day_of_prefix(kind.dataset, f"{days_prefix(kind.dataset)}{below}/")
    return kind, day, None if tier == AVAILABILITY else InstrumentId.parse(file.removesuffix(".parquet"))


def _matching(frame: pd.DataFrame, column: str, canonical: Callable[[str], object], wanted: str) -> pd.DataFrame:
    """The rows whose value means the same as ``wanted``, in any spelling."""
    if column not in frame:
        raise QueryError(f"availability has no column {column}; it has {', '.join(frame.columns)}")
    chosen = canonical(wanted)
    return frame[frame[column].map(lambda value: isinstance(value, str) and canonical(value) == chosen)]


def _with_partition(frame: pd.DataFrame, kind: _Kind, day: dt.date, instrument: InstrumentId | None) -> pd.DataFrame:
    values: dict[str, pd.Timestamp | int | str] = {
        "date": pd.Timestamp(day),
        "year": day.year,
        "month": day.month,
        "day": day.day,
        "data_tier": _TIERS[kind.tier],
    }
    if instrument is not None:
        values |= {"venue": instrument.venue, "instrument_id": str(instrument), "data_type": kind.data_type}
    if kind.timeframe is not None:
        values["timeframe"] = kind.timeframe
    return frame.assign(**{name: value for name, value in values.items() if name not in frame})
