"""The option chain of an underlying at one instant, from the shards that hold it."""

import datetime as dt
from itertools import zip_longest

import pyarrow as pa

from market_data_assets.domain.assets import fold_upper
from market_data_assets.domain.days import TimeRange, day_of
from market_data_assets.domain.schemas import OPTIONS_CHAIN
from market_data_assets.domain.venues import find_markets
from market_data_assets.errors import PartitionMissing, QueryError
from market_data_assets.storage.lake_reader import LakeReader

_ID = "instrument_id"


def chain_at(lake: LakeReader, venue: str, underlying: str, instant: int, max_age: dt.timedelta) -> pa.Table:
    """One row per contract, ordered by it: its last row in ``[instant − max_age, instant]``, with ``instrument_id`` in front.

    Args:
        underlying: A base asset, or BASE-QUOTE.

    Raises:
        QueryError: no such shard that day.
        PartitionMissing: the day is not stored.
    """
    name, span = find_markets(venue)[0].venue, TimeRange(instant - max_age // dt.timedelta(microseconds=1), instant + 1)
    parts = []
    for day in (day_of(instant) - dt.timedelta(days=1), day_of(instant)):
        if day == day_of(instant) or span.start < TimeRange.of_day(day).end:
            parts += _of_day(lake, day, name, fold_upper(underlying.strip()), span, required=day == day_of(instant))
    table = pa.concat_tables(parts).unify_dictionaries() if parts else _empty()
    return _last_of_each(table)


def _of_day(lake: LakeReader, day: dt.date, venue: str, underlying: str, span: TimeRange, *, required: bool) -> list[pa.Table]:
    try:
        shards = lake.shards(OPTIONS_CHAIN, day)
    except PartitionMissing:
        if required:
            raise
        return []
    wanted = [shard for shard in shards if _is_of(shard, venue, underlying)]
    if required and not wanted:
        raise QueryError(f"options of {underlying} at {venue} on {day}: stored are {', '.join(shards) or 'none'}")
    return [lake.read_shard(OPTIONS_CHAIN, day, shard, None, span) for shard in wanted]


def _is_of(shard: str, venue: str, underlying: str) -> bool:
    """Whether a shard, VENUE:OPTION:BASE-QUOTE with or without @SETTLE, is of an underlying."""
    its_venue, _, pair = shard.split(":", 2)
    pair = pair.partition("@")[0]
    return its_venue == venue and underlying in {pair, pair.partition("-")[0]}


def _last_of_each(table: pa.Table) -> pa.Table:
    """The last row of each contract; of rows of one instant the one that was delivered last, since sorting is stable."""
    plain = table.set_column(table.schema.get_field_index(_ID), _ID, table[_ID].cast(pa.string()))
    ordered = plain.sort_by([(_ID, "ascending"), ("timestamp", "ascending")])
    names = ordered[_ID].to_pylist()
    last = [name != following for name, following in zip_longest(names, names[1:])]
    return ordered.filter(pa.array(last, pa.bool_())).select([_ID, *OPTIONS_CHAIN.columns])


def _empty() -> pa.Table:
    return pa.schema([pa.field(_ID, pa.string()), *OPTIONS_CHAIN.schema]).empty_table()
