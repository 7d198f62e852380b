"""A table of trades → the trades of one instrument-day as arrays: in order, each once, what does not belong set aside."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.compute.candles.ordering import arrange
from market_data_assets.compute.candles.survey import extremes, recoded
from market_data_assets.compute.candles.ticks import BUY, SELL, UNKNOWN, Ticks, read_only
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import Quarantined
from market_data_assets.domain.days import day_end, day_start, to_datetime
from market_data_assets.errors import BadData, SchemaDrift

Int64s = npt.NDArray[np.int64]
_SIDES = {"buy": BUY, "sell": SELL, "unknown": UNKNOWN}
_REQUIRED = ("timestamp", "local_timestamp", "id", "side", "price", "amount")


class Extremes(NamedTuple):
    """Of prices or amounts: how many are not finite numbers above 0, the smallest, the largest (inf and 0 of none)."""

    impossible: int
    smallest: float
    largest: float


@dataclass(frozen=True, slots=True)
class DayTrades:
    """One instrument-day of trades.

    Attributes:
        ticks: The trades, in order, each once.
        ids: Of the trades in ``ticks``; None where not every id of the day is an integer.
        duplicate_times: Exchange times of the rows that were dropped as duplicates, µs UTC.
        duplicate_arrivals: Their arrival times, µs UTC.
        quarantined: Rows set aside: ``outside_listing``, or repeating an id with another price or amount
            (``conflicting_duplicate``).
    """

    ticks: Ticks
    ids: Int64s | None
    price: Extremes
    amount: Extremes
    duplicate_times: Int64s
    duplicate_arrivals: Int64s
    quarantined: tuple[Quarantined, ...]


def day_trades(trades: pa.Table, contract: Contract, day: dt.date) -> DayTrades:
    """The day's trades in order, without duplicates, and the rows set aside.

    Raises:
        SchemaDrift: columns missing, with nulls or of another type.
        BadData: a side that is none of buy, sell, unknown; a price or amount that is not a finite number above 0;
            trades of another day.
    """
    what = f"trades of {contract.instrument_id} on {day}"
    _check_columns(trades, what)
    trades, quarantined = _within_listing(trades, contract, day, what)
    times, arrivals = _instants(trades["timestamp"], what), _instants(trades["local_timestamp"], what)
    prices, amounts = _numbers(trades["price"], what), _numbers(trades["amount"], what)
    sides = _sides(trades["side"], what)
    arranged = arrange(times, arrivals, trades["id"], prices, amounts)
    if len(arranged.conflicts):
        quarantined.append(_set_aside(trades.take(arranged.conflicts), "conflicting_duplicate"))
    kept = arranged.kept
    ticks = Ticks(
        read_only(times[kept]), read_only(arrivals[kept]), read_only(prices[kept]), read_only(amounts[kept]), read_only(sides[kept])
    )
    price, amount = Extremes(*extremes(ticks.prices)), Extremes(*extremes(ticks.amounts))
    if bad := {name: of.impossible for name, of in (("price", price), ("amount", amount)) if of.impossible}:
        raise BadData(f"{what}: not finite and above 0", rows=len(trades), rejected=bad)
    ids = None if arranged.ids is None else read_only(arranged.ids[kept])
    repeated = arranged.duplicates
    return DayTrades(ticks, ids, price, amount, times[repeated], arrivals[repeated], tuple(quarantined))


def _check_columns(trades: pa.Table, what: str) -> None:
    if missing := [name for name in _REQUIRED if name not in trades.column_names]:
        raise SchemaDrift(f"{what}: missing columns {missing}")
    if nulls := [name for name in _REQUIRED if name != "id" and trades[name].null_count]:
        raise SchemaDrift(f"{what}: nulls in {nulls}, expected none")


def _within_listing(trades: pa.Table, contract: Contract, day: dt.date, what: str) -> tuple[pa.Table, list[Quarantined]]:
    if not len(trades):
        return trades, []
    times = _instants(trades["timestamp"], what)
    first, last = int(times.min()), int(times.max())
    if first < day_start(day) or last >= day_end(day):
        other = int(np.count_nonzero((times < day_start(day)) | (times >= day_end(day))))
        raise BadData(
            f"{what}: exchange times from {to_datetime(first)} to {to_datetime(last)}", rows=len(trades), rejected={"other_day": other}
        )
    start, end = contract.listed_within(day)
    if first >= start and last < end:
        return trades, []
    listed = pa.array((times >= start) & (times < end))
    return trades.filter(listed), [_set_aside(trades.filter(pc.invert(listed)), "outside_listing")]


def _set_aside(rows: pa.Table, reason: str) -> Quarantined:
    return Quarantined(reason, len(rows), rows.append_column("reason", pa.repeat(reason, len(rows))))


def _instants(column: "pa.ChunkedArray[Any]", what: str) -> Int64s:
    if not (pa.types.is_timestamp(column.type) and column.type.unit == "us" and column.type.tz == "UTC"):
        raise SchemaDrift(f"{what}: a time is {column.type}, expected timestamp[us, tz=UTC]")
    return read_only(_flat(column).view(pa.int64()).to_numpy())


def _numbers(column: "pa.ChunkedArray[Any]", what: str) -> npt.NDArray[np.float64]:
    if column.type != pa.float64():
        raise SchemaDrift(f"{what}: a price or amount is {column.type}, expected double")
    return read_only(_flat(column).to_numpy())


def _sides(column: "pa.ChunkedArray[Any]", what: str) -> npt.NDArray[np.int8]:
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    pieces = [np.empty(0, np.int8), *(_codes(chunk, what) for chunk in column.chunks)]
    return np.concatenate(pieces) if len(pieces) != 2 else pieces[1]


def _codes(chunk: Any, what: str) -> npt.NDArray[np.int8]:
    """The kernel's code of each side of one chunk, through the chunk's own dictionary."""
    names = chunk.dictionary.to_pylist()
    lookup = np.array([_SIDES.get(name, -1) for name in names] or [UNKNOWN], np.int8)
    if len(lookup) > np.iinfo(np.int8).max:
        raise SchemaDrift(f"{what}: {len(lookup)} different sides, expected {', '.join(_SIDES)}")
    indices = np.asarray(chunk.indices).astype(np.int8, copy=False)
    codes = recoded(read_only(indices), lookup)
    if (lookup < 0).any() and (wrong := int(np.count_nonzero(codes < 0))):
        raise BadData(f"{what}: sides {names}, expected {', '.join(_SIDES)}", rows=len(codes), rejected={"side": wrong})
    return codes


def _flat(column: "pa.ChunkedArray[Any]") -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
