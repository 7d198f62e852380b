"""The record of a stored table, and one UTC day of it. Keys, paths, schemas, checks and the UI derive from the record."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Protocol

import pyarrow as pa

from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import MarketDataError, NoData, SchemaDrift, Unusable

TIMESTAMP = pa.timestamp("us", tz="UTC")


class Encoding(StrEnum):
    """How a column is laid out in Parquet before zstd. PLAIN suits small files and book levels."""

    PLAIN = "PLAIN"
    DICTIONARY = "RLE_DICTIONARY"
    DELTA = "DELTA_BINARY_PACKED"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: Arrow type, unit, meaning.

    Attributes:
        alternatives: Other types the column may have in a file, such as text ids where a venue has no integers.
        hidden: A component that makes merging exact; the read package leaves it out unless asked.
        merge: How the value of a coarser bucket follows from finer ones, A to E of the feature catalogue; empty where it is no feature.
        version: Raised when the meaning changes; days stored before must be rebuilt.
    """

    type: pa.DataType
    unit: str
    doc: str
    nullable: bool = True
    encoding: Encoding = Encoding.PLAIN
    alternatives: tuple[pa.DataType, ...] = ()
    hidden: bool = False
    merge: str = ""
    version: int = 1


class Grain(StrEnum):
    """What one stored object of a day holds."""

    INSTRUMENT = "one file per instrument"
    DAY = "one file for the whole day"


@dataclass(frozen=True)
class Dataset:
    """One table of a tier, partitioned by UTC day.

    Attributes:
        tier: First part of the asset key and of every path, such as ``raw_tick_data``.
        name: Second part of the asset key, such as ``candles_1m``.
        partition: Folder below the day, such as ``timeframe-1m``; None where the day folder itself holds the file.
        grain: One file per instrument, or one file (named ``name``) for the whole day.
        row_group_rows: Rows per Parquet row group: the unit of push-down.
        open_columns: A file may have other columns beside the declared ones: they are its writer's own.
    """

    tier: str
    name: str
    doc: str
    columns: Mapping[str, Column]
    partition: str | None = None
    grain: Grain = Grain.INSTRUMENT
    timeframe: Timeframe | None = None
    row_group_rows: int = 131_072
    open_columns: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return (self.tier, self.name)

    def __str__(self) -> str:
        return f"{self.tier}/{self.name}"

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema with each column's first type."""
        return pa.schema([_field(name, column, column.type) for name, column in self.columns.items()])

    @cached_property
    def visible_columns(self) -> tuple[str, ...]:
        """The columns a reader gets unless it asks for the hidden ones."""
        return tuple(name for name, column in self.columns.items() if not column.hidden)

    @cached_property
    def code_version(self) -> str:
        """What the columns mean: those whose version was raised, with it, such as ``2: iv_25c, iv_25p``; ``1`` where none was.

        Noted in manifests, so that days stored before a meaning changed can be told.
        """
        raised: dict[int, list[str]] = {}
        for name, column in self.columns.items():
            if column.version > 1:
                raised.setdefault(column.version, []).append(name)
        return "; ".join(f"{version}: {', '.join(sorted(names))}" for version, names in sorted(raised.items())) or "1"

    def schema_for(self, found: pa.Schema) -> pa.Schema:
        """The declared schema, with the alternative type of a column where ``found`` has that type, and with the file's own columns
        where others are allowed.

        Raises:
            SchemaDrift: columns missing, unknown, or of a type that is not declared.
        """
        names = dict.fromkeys(found.names)
        missing = [name for name in self.columns if name not in names]
        unknown = [name for name in names if name not in self.columns]
        if missing or (unknown and not self.open_columns):
            raise SchemaDrift(f"{self}: missing columns {missing}, unknown columns {unknown}")
        fields = []
        for name, column in self.columns.items():
            actual = found.field(name).type
            if actual != column.type and actual not in column.alternatives:
                raise SchemaDrift(f"{self}: column {name} is {actual}, expected {column.type}")
            fields.append(_field(name, column, actual))
        return pa.schema([*fields, *(found.field(name) for name in unknown)])

    def conform(self, table: pa.Table) -> pa.Table:
        """``table`` with exactly the declared columns, in order; where others are allowed, they follow.

        Raises:
            SchemaDrift: as :meth:`schema_for`.
        """
        schema = self.schema_for(table.schema)
        return table.select(schema.names).cast(schema)


def _field(name: str, column: Column, type_: pa.DataType) -> "pa.Field[pa.DataType]":
    return pa.field(name, type_, nullable=column.nullable)


class Finality(StrEnum):
    """Whether late rows of the day may still arrive with the next vendor day."""

    PROVISIONAL = "provisional"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Rows of one instrument-day that were set aside.

    Attributes:
        rows: The rows with a ``reason`` column, as delivered; None where a whole file was set aside.
    """

    reason: str
    count: int
    rows: pa.Table | None = None


class SchemaWidened(MarketDataError):
    """The frame met a value its schema could not hold and has widened it: read it again from the start."""


class Frame(Protocol):
    """One instrument-day of one dataset, read as a stream or as a table.

    ``quarantined`` is known once ``batches`` is exhausted or ``read`` has returned.
    """

    @property
    def quarantined(self) -> Sequence[Quarantined]: ...

    @property
    def source_version(self) -> str:
        """What identifies the vendor's file or the inputs this frame was made from; empty when nothing does."""
        ...

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Sorted batches that share one schema; at least one, even if empty.

        Raises:
            SchemaWidened: start again; the schema is wider from now on.
            Unusable: the data cannot be trusted.
        """
        ...

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The whole frame, or some of its columns."""
        ...


@dataclass(frozen=True, slots=True)
class TableFrame:
    """A frame that is already in memory.

    Attributes:
        inputs: Of the one table of a day: content hashes of the stored days it was computed from; of one that was read, its own.
    """

    table: pa.Table
    quarantined: Sequence[Quarantined] = ()
    source_version: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)

    def batches(self) -> Iterator[pa.RecordBatch]:
        batches = self.table.to_batches()
        yield from batches or [pa.RecordBatch.from_pylist([], schema=self.table.schema)]

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        return self.table if columns is None else self.table.select(list(columns))


@dataclass(frozen=True, slots=True)
class Unchanged:
    """What a run returns of a UTC day that it found to be stored as it would make it: nothing is written."""

    day: dt.date


Loader = Callable[[], Frame]


@dataclass(frozen=True)
class DailyFrames:
    """One UTC day of one dataset: a lazy mapping from instrument to frame.

    Nothing is read or computed before an instrument's frame is asked for. Loading may raise ``NoData`` (absent),
    ``Unusable`` (quarantined) or any other error (failed): the lake records each for its instrument and goes on.

    Attributes:
        absent: Instruments that were expected and are known to have nothing, with the reason.
        finality: Provisional while late rows of the day may still come.
        inputs: Content hashes of the stored days this one is computed from, by dataset; part of its identity.
        partial: Some of the day's instruments on purpose: writing merges them into the stored day.
        notes: What loaders counted while they were evaluated, each on its own; complete once the day is written.
        kept: Of a run over the whole day: instruments without a loader whose stored entries stay as they are, with the identity of
            their stored rows. What is stored of any other instrument goes.
        fringe: Of an exchange day: instruments that the vendor's own day lacks. What there is are rows of the days beside it.
    """

    day: dt.date
    loaders: Mapping[InstrumentId, Loader]
    absent: Mapping[InstrumentId, str] = field(default_factory=dict)
    finality: Finality = Finality.FINAL
    inputs: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False
    notes: list[Mapping[str, int]] = field(default_factory=list, compare=False)
    kept: Mapping[InstrumentId, str] = field(default_factory=dict)
    fringe: frozenset[InstrumentId] = frozenset()

    def __len__(self) -> int:
        return len(self.loaders)

    def __iter__(self) -> Iterator[InstrumentId]:
        return iter(sorted(self.loaders))

    def __contains__(self, instrument: object) -> bool:
        return instrument in self.loaders

    def __getitem__(self, instrument: InstrumentId) -> Frame:
        return self.loaders[instrument]()

    def map(self, function: Callable[[InstrumentId, Frame], Frame]) -> "DailyFrames":
        """A day whose frames are ``function`` of these, evaluated when asked for."""

        def after(instrument: InstrumentId, load: Loader) -> Loader:
            return lambda: function(instrument, load())

        loaders = {instrument: after(instrument, load) for instrument, load in self.loaders.items()}
        return replace(self, loaders=loaders)

    def or_else(self, other: "DailyFrames") -> "DailyFrames":
        """These frames, and those of ``other`` for instruments that have none here or whose frame is absent or unusable here.

        A day of ``other`` goes before the fringe of one here.
        """

        def either(instrument: InstrumentId) -> Loader:
            if instrument not in self.loaders or instrument not in other.loaders:
                return self.loaders.get(instrument) or other.loaders[instrument]
            is_fringe = instrument in self.fringe and instrument not in other.fringe
            first, second = (other, self) if is_fringe else (self, other)

            def load() -> Frame:
                try:
                    return first.loaders[instrument]()
                except (NoData, Unusable):
                    return second.loaders[instrument]()

            return load

        loaders = {instrument: either(instrument) for instrument in {*self.loaders, *other.loaders}}
        absent = {instrument: reason for instrument, reason in {**other.absent, **self.absent}.items() if instrument not in loaders}
        provisional = Finality.PROVISIONAL in {day.finality for day in (self, other) if day.inputs}
        return DailyFrames(
            self.day,
            loaders,
            absent,
            Finality.PROVISIONAL if provisional else Finality.FINAL,
            {**other.inputs, **self.inputs},
            self.partial or other.partial,
            fringe=frozenset(each for each in loaders if all(each in day.fringe for day in (self, other) if each in day.loaders)),
        )

    def only(self, wanted: Callable[[InstrumentId], bool]) -> "DailyFrames":
        """Some instruments of the same day, to be merged into what is stored."""
        return replace(
            self,
            loaders={instrument: load for instrument, load in self.loaders.items() if wanted(instrument)},
            absent={instrument: reason for instrument, reason in self.absent.items() if wanted(instrument)},
            partial=True,
        )
