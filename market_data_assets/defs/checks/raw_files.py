"""One raw file read as far as its checks need, and what they find in it."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from market_data_assets.compute.quality import identities
from market_data_assets.compute.quality.books import BookRows, book_rows, judge_levels, judge_quotes
from market_data_assets.compute.quality.columns import Doubles, Int64s, instants, numbers
from market_data_assets.compute.quality.findings import Finding
from market_data_assets.compute.quality.times import judge_times
from market_data_assets.compute.quality.values import Signs, judge_jumps, judge_signs, judge_unit
from market_data_assets.domain.datasets import Dataset, Frame
from market_data_assets.domain.instruments import InstrumentId, InstrumentType

_REQUIRED, _KNOWN, _NOT_NEGATIVE = Signs(required=True), Signs(), Signs(positive=False)
_SIGNS: Mapping[str, Mapping[str, Signs]] = {
    "trades": {"price": _REQUIRED, "amount": _REQUIRED},
    "liquidations": {"price": _REQUIRED, "amount": _REQUIRED},
    "derivative_ticker": {"open_interest": _NOT_NEGATIVE, "last_price": _KNOWN, "index_price": _KNOWN, "mark_price": _KNOWN},
    "options_chain": {
        "strike_price": _REQUIRED,
        "open_interest": _NOT_NEGATIVE,
        "bid_price": _KNOWN,
        "bid_amount": _KNOWN,
        "ask_price": _KNOWN,
        "ask_amount": _KNOWN,
        "mark_price": _NOT_NEGATIVE,
        "underlying_price": _KNOWN,
    },
}
"""By data type: the columns that are judged."""
_PRICES = {"trades": ("price",), "liquidations": ("price",), "derivative_ticker": ("last_price", "index_price", "mark_price")}
"""Prices that move by little. Those of options move by factors, and are not judged for jumps."""
_AMOUNTS = ("amount", "open_interest", "bid_amount", "ask_amount")

Found = Mapping[str, Iterable[Finding]]
"""Name of the check → its findings."""


def judge_file(instrument: InstrumentId, frame: Frame, dataset: Dataset, day: dt.date) -> tuple[int, Found]:
    """Rows of one instrument's file, and the findings of each check that looks into it.

    Raises:
        CorruptPartition: the stored bytes are gone or wrong.
    """
    if "ask_prices" in dataset.columns:
        return _judge_book(instrument, book_rows(frame.batches()), day)
    signs = _SIGNS[dataset.name]
    numbered = "id" in dataset.columns
    rows = frame.read(["timestamp", "local_timestamp", *(["id"] if numbered else []), *signs])
    name, at = str(instrument), instants(rows)
    columns = {column: numbers(rows, column) for column in signs}
    found = {
        "timestamps_in_day": list(judge_times(name, at, instants(rows, "local_timestamp"), day)),
        "prices_and_amounts_sane": [
            *judge_signs(name, at, {column: (values, signs[column]) for column, values in columns.items()}),
            *_jumps(instrument, at, {column: columns[column] for column in _PRICES.get(dataset.name, ())}),
        ],
        "amounts_in_one_unit": [each for column in _AMOUNTS if column in columns for each in judge_unit(name, column, at, columns[column])],
    }
    if numbered:
        found["ids_unique"] = list(identities.judge_ids(name, rows))
    if "bid_price" in columns:
        found["book_not_crossed"] = list(judge_quotes(name, at, columns["ask_price"], columns["bid_price"]))
    return len(rows), found


def _judge_book(instrument: InstrumentId, book: BookRows, day: dt.date) -> tuple[int, Found]:
    name = str(instrument)
    middle = np.where(book.bids < book.asks, (book.asks + book.bids) / 2, np.nan)
    return len(book.times), {
        "timestamps_in_day": list(judge_times(name, book.times, book.arrivals, day)),
        "prices_and_amounts_sane": [*judge_levels(name, book), *_jumps(instrument, book.times, {"mid": middle})],
        "amounts_in_one_unit": list(judge_unit(name, "levels", book.times, book.amounts)),
        "book_not_crossed": list(judge_quotes(name, book.times, book.asks, book.bids)),
    }


def _jumps(instrument: InstrumentId, at: Int64s, prices: Mapping[str, Doubles]) -> Iterator[Finding]:
    if instrument.instrument_type is InstrumentType.OPTION:
        return
    for column, values in prices.items():
        yield from judge_jumps(str(instrument), column, at, values)
