"""A table of option quotes → the arrays that the pass over the day reads, and the rows that do not belong."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.domain.datasets import Quarantined
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.schemas import OPTIONS_CHAIN
from market_data_assets.domain.venues import VENUES
from market_data_assets.errors import QueryError, SchemaDrift

Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Columns = dict[str, npt.NDArray[Any]]

_INSTANTS = ("timestamp", "local_timestamp", "expiration")
_NOT_NEGATIVE = ("open_interest", "bid_price", "ask_price", "mark_price", "mark_iv")
_FINITE = ("delta", "gamma")
_SIDES = {"call": 0, "put": 1}
_PERCENT = 0.01
_NUMBERS = ("strike_price", "underlying_price", *_NOT_NEGATIVE, *_FINITE)


class Quotes(NamedTuple):
    """Parallel read-only arrays, one entry per row of the chain: by contract, then by time, then as delivered.

    Attributes:
        times: Exchange times, µs UTC.
        arrivals: Arrival times, µs UTC.
        volatilities: Implied volatilities of the mark, decimals a year; NaN where the venue gave none, or 0.
        deltas: Those of Black and Scholes; NaN where the venue gave none, or where one that states them less the premium gave
            no mark price.
        mids: (bid + ask) / 2 in the premium's currency; NaN where a side is missing or 0, or the two are crossed.
        forwards: Price of the underlying future as the venue saw it; NaN where it gave none.
    """

    times: Int64s
    arrivals: Int64s
    volatilities: Doubles
    deltas: Doubles
    gammas: Doubles
    open_interests: Doubles
    mids: Doubles
    forwards: Doubles


class Layout(NamedTuple):
    """Where each contract lies on the grid of strikes. Strikes ascend within an expiry, and expiries ascend.

    Attributes:
        first_rows: First row of each contract, and the number of rows.
        sides: 0 for a call, 1 for a put, of each contract.
        places: The strike that each contract has.
        strikes: The strikes of all expiries, one expiry after the other.
        first_places: First strike of each expiry, and the number of strikes.
        expirations: The expiries, µs UTC.
    """

    first_rows: Int64s
    sides: Int64s
    places: Int64s
    strikes: Doubles
    first_places: Int64s
    expirations: Int64s


@dataclass(frozen=True, slots=True)
class Chain:
    """The options of one venue and underlying, with their quotes.

    Attributes:
        inverse: Premiums are in base; otherwise in quote.
        underlying: Base and quote of the contracts; None where there are none.
        quarantined: Rows set aside: ``impossible_value``, or ``conflicting_definition`` where a row's strike, expiry or
            type differ from those of its contract's first row.
    """

    quotes: Quotes
    layout: Layout
    inverse: bool
    underlying: tuple[str, str | None] | None
    quarantined: tuple[Quarantined, ...]


def read_chain(rows: pa.Table, venue: str) -> Chain:
    """The chain of a table.

    Args:
        rows: Columns of the ``options_chain`` dataset and ``instrument_id``, of the contracts of one venue, base, quote and
            settlement, in any order; rows of the same contract and time stay in the order given. May be empty.
        venue: Our name of the venue.

    Raises:
        SchemaDrift: columns missing or of another type.
        QueryError: contracts of several underlyings or of another venue, or two contracts of the same expiry, strike and type.
    """
    what = f"options of {venue}"
    _check_columns(rows, what)
    names, columns = _columns(rows)
    columns, impossible = _set_aside(rows, columns, _impossible(columns), "impossible_value")
    columns, conflicting = _set_aside(rows, columns, _conflicting(columns, len(names)), "conflicting_definition")
    contracts = [_option(name, venue) for name in names]
    kinds = {(contract.base, contract.quote, contract.is_inverse) for contract in contracts}
    if len(kinds) > 1:
        raise QueryError(f"{what}: contracts of several underlyings or settlements, expected one")
    base, quote, inverse = next(iter(kinds), (None, None, False))
    columns = _in_order(columns)
    if inverse and _adjusts_deltas(venue):
        # An option worth c of base is worth cF of quote: d(cF)/dF is F · dc/dF, which is what the venue states, plus c.
        columns["delta"] = columns["delta"] + columns["mark_price"]
    return Chain(
        quotes=_quotes(columns),
        layout=_layout(columns, what),
        inverse=inverse,
        underlying=None if base is None else (base, quote),
        quarantined=(*impossible, *conflicting),
    )


def _check_columns(rows: pa.Table, what: str) -> None:
    if missing := [name for name in ("instrument_id", "option_type", *_INSTANTS, *_NUMBERS) if name not in rows.column_names]:
        raise SchemaDrift(f"{what}: missing columns {missing}")
    for name in (*_INSTANTS, *_NUMBERS):
        if rows.schema.field(name).type != OPTIONS_CHAIN.columns[name].type:
            raise SchemaDrift(f"{what}: column {name} is {rows.schema.field(name).type}, expected {OPTIONS_CHAIN.columns[name].type}")
    if nulls := [name for name in ("instrument_id", "option_type", "strike_price", *_INSTANTS) if rows[name].null_count]:
        raise SchemaDrift(f"{what}: nulls in {nulls}, expected none")


def _columns(rows: pa.Table) -> tuple[list[str], Columns]:
    """The contracts, and the columns as numbers; beside the table's own, ``row``, ``contract`` and ``side`` (0 call, 1 put, −1 other)."""
    contracts, names = _encoded(rows["instrument_id"])
    kinds, words = _encoded(rows["option_type"])
    side_of = np.array([_SIDES.get(word, -1) for word in words], np.int64)
    return names, {
        "row": np.arange(len(rows)),
        "contract": contracts,
        "side": side_of[kinds],
        **{name: np.asarray(rows[name].cast(pa.int64()).to_numpy()) for name in _INSTANTS},
        **{name: np.asarray(rows[name].to_numpy(), np.float64) for name in _NUMBERS},
    }


def _encoded(column: "pa.ChunkedArray[Any]") -> tuple[Int64s, list[str]]:
    """A number per row for its text, ascending by first appearance where the column is text, and the texts."""
    flat: Any = column.unify_dictionaries().combine_chunks()
    if not pa.types.is_dictionary(flat.type):
        flat = flat.dictionary_encode()
    return np.asarray(flat.indices).astype(np.int64), flat.dictionary.to_pylist()


def _option(name: str, venue: str) -> InstrumentId:
    contract = InstrumentId.parse(name)
    if contract.venue != venue or contract.instrument_type is not InstrumentType.OPTION:
        raise QueryError(f"options of {venue}: {name} is not one of them")
    return contract


def _adjusts_deltas(venue: str) -> bool:
    return any(market.premium_adjusted_deltas for of in VENUES if of.name == venue for market in of.markets)


def _impossible(columns: Columns) -> Flags:
    """Rows with a number that no option has. A null or NaN is a number that the venue did not give."""
    strikes, forwards = columns["strike_price"], columns["underlying_price"]
    with np.errstate(invalid="ignore"):
        bad = ~(np.isfinite(strikes) & (strikes > 0)) | (forwards <= 0) | np.isinf(forwards) | (columns["side"] < 0)
        for name in _NOT_NEGATIVE:
            bad |= (columns[name] < 0) | np.isinf(columns[name])
        for name in _FINITE:
            bad |= np.isinf(columns[name])
    return np.asarray(bad)


def _conflicting(columns: Columns, contracts: int) -> Flags:
    """Rows whose definition is not that of their contract's first row."""
    codes = columns["contract"]
    firsts = np.zeros(contracts, np.int64)
    # Of several values for one place the last assigned stays: backwards, that is the first row's.
    firsts[codes[::-1]] = np.arange(len(codes))[::-1]
    differs = np.zeros(len(codes), np.bool_)
    for name in ("strike_price", "expiration", "side"):
        differs |= columns[name] != columns[name][firsts[codes]]
    return differs


def _set_aside(rows: pa.Table, columns: Columns, bad: Flags, reason: str) -> tuple[Columns, list[Quarantined]]:
    if not bad.any():
        return columns, []
    aside = rows.take(columns["row"][bad])
    record = Quarantined(reason, len(aside), aside.append_column("reason", pa.repeat(reason, len(aside))))
    return {name: values[~bad] for name, values in columns.items()}, [record]


def _in_order(columns: Columns) -> Columns:
    """By contract, then by time, then as given."""
    codes, times = columns["contract"], columns["timestamp"]
    if ((codes[1:] > codes[:-1]) | ((codes[1:] == codes[:-1]) & (times[1:] >= times[:-1]))).all():
        return columns
    order = np.lexsort((times, codes))
    return {name: values[order] for name, values in columns.items()}


def _quotes(columns: Columns) -> Quotes:
    bids, asks, volatilities = columns["bid_price"], columns["ask_price"], columns["mark_iv"]
    # A venue that has no price, or no volatility, may send 0: Deribit's MATIC_USDC-9MAR24-1d02-C has bid, ask and their ivs 0.
    with np.errstate(invalid="ignore"):
        mids = np.where((bids > 0) & (asks >= bids), 0.5 * (bids + asks), np.nan)
        volatilities = np.where(volatilities > 0, volatilities * _PERCENT, np.nan)
    interests, forwards = columns["open_interest"], columns["underlying_price"]
    doubles = (volatilities, columns["delta"], columns["gamma"], interests, mids, forwards)
    return Quotes(*(_fixed(values) for values in (columns["timestamp"], columns["local_timestamp"], *doubles)))


def _layout(columns: Columns, what: str) -> Layout:
    codes = columns["contract"]
    firsts = np.flatnonzero(np.diff(codes, prepend=-1))
    # Microseconds of this century are exact as doubles.
    definitions = np.stack([columns["expiration"][firsts].astype(np.float64), columns["strike_price"][firsts]])
    grid, places = np.unique(definitions, axis=1, return_inverse=True)
    places, sides = places.reshape(-1), columns["side"][firsts]
    if len(np.unique(places * 2 + sides)) < len(places):
        raise QueryError(f"{what}: two contracts of the same expiry, strike and type, expected one")
    expirations, first_places = np.unique(grid[0].astype(np.int64), return_index=True)
    return Layout(
        first_rows=np.append(firsts, len(codes)),
        sides=sides,
        places=places.astype(np.int64),
        strikes=np.ascontiguousarray(grid[1]),
        first_places=np.append(first_places, grid.shape[1]).astype(np.int64),
        expirations=expirations,
    )


def _fixed(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same numbers, contiguous and not to be written: the pass is compiled for such arrays only."""
    fixed = np.ascontiguousarray(values).view()
    fixed.flags.writeable = False
    return fixed
