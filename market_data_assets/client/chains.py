"""The option chain of an underlying at one instant, from the shards that hold it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from market_data_assets.client.plan import OnMissing, check_missing
from market_data_assets.client.stacking import INSTRUMENT_COLUMN
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.schemas import OPTIONS_CHAIN
from market_data_assets.errors import PartitionMissing, QueryError
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.manifest import DayContent, Manifest
from market_data_assets.storage.parquet_read import times_of
from market_data_assets.storage.shard_read import shards_of

_TIMESTAMP = "timestamp"
_STEP = dt.timedelta(days=1)
_MICROSECOND = dt.timedelta(microseconds=1)
_SHOWN = 3
_SHARDS_KEPT = 4
_VALUES_KEPT = 6_000_000
"""Of one shard, 48 MB. Decoding a day of 150,000 rows takes 0.1 s, finding the chain in it 3 ms."""


@dataclass(frozen=True, slots=True)
class Underlying:
    """What options are on.

    Attributes:
        venue: Our name.
        name: Base asset, or BASE-QUOTE, in upper case.
    """

    venue: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} at {self.venue}"

    def has(self, shard: str) -> bool:
        """Whether a shard, VENUE:OPTION:BASE-QUOTE[@SETTLE], holds options on it."""
        venue, _, symbol = shard.split(":", 2)
        if venue != self.venue:
            return False
        pair = InstrumentId.parse(f"{venue}:{InstrumentType.PERP}:{symbol}")
        return self.name in {pair.base, f"{pair.base}-{pair.quote}"}


@dataclass(frozen=True, slots=True)
class _Part:
    """One shard of one day, in one version.

    Attributes:
        rows: Of all its contracts.
        times: First and last exchange time, both inclusive; None without rows.
    """

    lake: LakeReader
    day: dt.date
    version: str
    shard: str
    rows: int
    times: tuple[int, int] | None

    @classmethod
    def of(cls, lake: LakeReader, day: dt.date, manifest: Manifest, shard: str, contracts: Sequence[str]) -> "_Part":
        entries = [entry for name in contracts if (entry := manifest.content.file_of(name)) is not None]
        first = [entry.min_timestamp for entry in entries if entry.min_timestamp is not None]
        last = [entry.max_timestamp for entry in entries if entry.max_timestamp is not None]
        times = (min(first), max(last)) if first and last else None
        return cls(lake, day, manifest.tx, shard, sum(entry.rows for entry in entries), times)

    def reaches(self, span: TimeRange) -> bool:
        """Whether it may hold rows of the span."""
        return self.times is not None and self.times[0] < span.end and self.times[1] >= span.start


class Chains:
    """Chains of one deployment. Shards that are small enough stay decoded, since back-tests ask for instant after instant of a day."""

    def __init__(self) -> None:
        self._whole = lru_cache(_SHARDS_KEPT)(_whole_shard)

    def at(
        self, lake: LakeReader, underlying: Underlying, instant: int, *, max_age: dt.timedelta, columns: Sequence[str], missing: OnMissing
    ) -> pa.Table:
        """One row per contract, ordered by it: its last row in ``[instant − max_age, instant]``, by exchange time.

        The days that these times lie in are read, and the heads and tails of their neighbours, since vendors cut days by arrival.

        Args:
            columns: Columns of the chain, ``instrument_id`` among them or not.

        Raises:
            QueryError: no options on it that day, contracts that failed or were set aside (unless skipped), a negative age.
            PartitionMissing: the day is not stored; or, unless skipped, one that the age reaches back to.
        """
        if max_age < dt.timedelta(0):
            raise QueryError(f"max_age {max_age}: expected 0 or more")
        check_missing(missing)
        span = TimeRange(instant - max_age // _MICROSECOND, instant + 1)
        touched = list(span.days())
        needed = tuple(dict.fromkeys([INSTRUMENT_COLUMN, _TIMESTAMP, *columns]))
        rows = []
        for day in (touched[0] - _STEP, *touched, touched[-1] + _STEP):
            manifest = _manifest(lake, day, required=day == touched[-1] or (missing == "raise" and day in touched))
            if manifest is None:
                continue
            if missing == "raise" and day in touched:
                _require_all(manifest.content, underlying, day)
            shards = shards_of(OPTIONS_CHAIN, (entry.instrument_id for entry in manifest.content.files))
            wanted = [shard for shard in shards if underlying.has(shard)]
            if day == touched[-1] and not wanted:
                raise QueryError(f"options on {underlying}, {day}: none are stored; there are {', '.join(shards) or 'none at all'}")
            parts = [_Part.of(lake, day, manifest, shard, shards[shard]) for shard in wanted]
            rows += [self._last_rows(part, needed, span) for part in parts]
        chain = _last_of_each(pa.concat_tables(rows).unify_dictionaries(), span)
        names = chain[INSTRUMENT_COLUMN].cast(pa.string())
        return chain.set_column(0, INSTRUMENT_COLUMN, names).select(list(columns))

    def _last_rows(self, part: _Part, columns: tuple[str, ...], span: TimeRange) -> pa.Table:
        if part.rows * len(columns) <= _VALUES_KEPT and part.reaches(span):
            return _last_of_each(self._whole(part.lake, part.day, part.version, part.shard, columns), span)
        return _last_of_each(part.lake.read_shard(OPTIONS_CHAIN, part.day, part.shard, columns, span), span)


def _whole_shard(lake: LakeReader, day: dt.date, _version: str, shard: str, columns: tuple[str, ...]) -> pa.Table:
    """All rows of a shard; its version is an argument so that a new one is another entry."""
    return lake.read_shard(OPTIONS_CHAIN, day, shard, columns)


def _manifest(lake: LakeReader, day: dt.date, *, required: bool) -> Manifest | None:
    try:
        return lake.manifest(OPTIONS_CHAIN, day)
    except PartitionMissing:
        if required:
            raise
        return None


def _require_all(content: DayContent, underlying: Underlying, day: dt.date) -> None:
    """Refuse a day that contracts of the underlying failed on, or were set aside from as a whole."""
    stored = {entry.instrument_id for entry in content.files}
    lost = {entry.instrument_id: "failed" for entry in content.failed}
    lost |= {entry.instrument_id: entry.reason for entry in content.quarantined if entry.instrument_id not in stored}
    shards = shards_of(OPTIONS_CHAIN, lost)
    named = [name for shard, names in shards.items() if underlying.has(shard) for name in names]
    if named:
        shown = ", ".join(f"{name} ({lost[name]})" for name in named[:_SHOWN]) + (", …" if len(named) > _SHOWN else "")
        raise QueryError(
            f'options on {underlying}, {day}: {len(named)} contract(s) are missing: {shown}; pass missing="skip" to do without'
        )


def _last_of_each(table: pa.Table, span: TimeRange) -> pa.Table:
    """The last row of each contract in the span, ordered by contract; of rows of one instant the one that was delivered last."""
    names: Any = table[INSTRUMENT_COLUMN].combine_chunks()
    codes, times = names.indices.to_numpy(), times_of(table)
    rows = np.flatnonzero((times >= span.start) & (times < span.end))
    rows = rows[np.lexsort((times[rows], codes[rows]))]
    newest = table.take(rows[np.flatnonzero(np.diff(codes[rows], append=-1))])
    order = np.argsort(newest[INSTRUMENT_COLUMN].cast(pa.string()).to_numpy(), kind="stable")
    return newest.take(order)
