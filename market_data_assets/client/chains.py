"""The option chain of an underlying at one instant, from the shards that hold it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
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
from market_data_assets.storage.manifest import DayContent
from market_data_assets.storage.parquet_read import times_of
from market_data_assets.storage.shard_read import shards_of

_TIMESTAMP = "timestamp"
_STEP = dt.timedelta(days=1)
_MICROSECOND = dt.timedelta(microseconds=1)
_SHOWN = 3


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


def chain_at(
    lake: LakeReader, underlying: Underlying, instant: int, *, max_age: dt.timedelta, columns: Sequence[str], missing: OnMissing
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
    needed = list(dict.fromkeys([INSTRUMENT_COLUMN, _TIMESTAMP, *columns]))
    tables = []
    for day in (touched[0] - _STEP, *touched, touched[-1] + _STEP):
        content = _content(lake, day, required=day == touched[-1] or (missing == "raise" and day in touched))
        if content is None:
            continue
        if missing == "raise" and day in touched:
            _require_all(content, underlying, day)
        shards = shards_of(OPTIONS_CHAIN, (entry.instrument_id for entry in content.files))
        wanted = [shard for shard in shards if underlying.has(shard)]
        if day == touched[-1] and not wanted:
            raise QueryError(f"options on {underlying}, {day}: none are stored; there are {', '.join(shards) or 'none at all'}")
        tables += [lake.read_shard(OPTIONS_CHAIN, day, shard, needed, span) for shard in wanted]
    return _last_of_each(pa.concat_tables(tables).unify_dictionaries()).select(list(columns))


def _content(lake: LakeReader, day: dt.date, *, required: bool) -> DayContent | None:
    try:
        return lake.manifest(OPTIONS_CHAIN, day).content
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


def _last_of_each(table: pa.Table) -> pa.Table:
    """The last row of each contract; of rows of one instant the one that was delivered last."""
    names: Any = table[INSTRUMENT_COLUMN].combine_chunks()
    codes = names.indices.to_numpy()
    order = np.lexsort((times_of(table), codes))
    last = order[np.flatnonzero(np.diff(codes[order], append=-1))]
    newest = table.take(last)
    place = newest.schema.get_field_index(INSTRUMENT_COLUMN)
    return newest.set_column(place, INSTRUMENT_COLUMN, newest[INSTRUMENT_COLUMN].cast(pa.string())).sort_by(INSTRUMENT_COLUMN)
