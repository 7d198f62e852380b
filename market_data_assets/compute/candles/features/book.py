"""What the best five levels of the book say, and what trades paid against the mid.

A book row stands until the next one, but at most for 5 minutes and to the end of listing; of rows with one exchange time
only the last stands. The book in force at a bucket's start counts in the bucket; the UTC day starts without one. A book is
*open* where best bid < best ask; crossed, locked, one-sided and empty books have no mid and no spread. Candles of options
know the book only in the 15s buckets that traded.
"""

from collections.abc import Callable

import pyarrow as pa

from market_data_assets.compute.candles.features import totals
from market_data_assets.compute.features import Array, Components, Feature, Merge

_NO_BOOK = "no book data, or no book in force in the bucket: none of the day, or the last row is more than 5 minutes old"
_NOT_OPEN = f"{_NO_BOOK}, or none in force in the bucket was open"
_ONE_SIDED = f"{_NO_BOOK}, or none in force in the bucket had both sides"
_STANDING = (
    "; a book is in force from its row to the next one, for at most 5 minutes; candles of options cover the books of those 15s"
    " buckets only that traded"
)
_PREMIUM = "; of inverse options a premium, in base"
_VERSION = 2
"""Of all that depends on how long a book is in force."""
_TICKS = "an exact integral where prices are decimals"
_GRID = "values rounded to 2^-58 of the day's bound"


def _mean_of_ticks(name: str, *, parts: float) -> Callable[[Components], Array]:
    """∫ value dt / ∫ dt of open books; the value is held in ``parts`` of a tick."""
    return lambda of: totals.ratio(
        totals.number(of, f"{name}_time") / (parts * totals.power_of_ten(of, "book_price")), totals.number(of, "open_us")
    )


def _mean(name: str, time: str) -> Callable[[Components], Array]:
    return lambda of: totals.ratio(totals.number(of, f"{name}_time"), totals.number(of, time))


def _depth(side: str) -> Callable[[Components], Array]:
    return lambda of: totals.ratio(totals.number(of, f"depth_{side}_time"), _book_time(of))


def _book_time(of: Components) -> totals.Doubles:
    return totals.number(of, "standing_us")


def _flow(level: int) -> Callable[[Components], Array]:
    return lambda of: totals.at_least(_book_time(of), 1, totals.decimal(of, totals.pair(of, f"ofi_{level}"), "book_base"))


def _effective(of: Components) -> Array:
    return totals.ratio(totals.number(of, "effective_cost"), totals.number(of, "effective_base"))


def _last(name: str, formula: str, unit: str, null_rule: str) -> Feature:
    formula = f"{formula}, of the last such book in force in the bucket{_STANDING}"
    return Feature(name, formula, unit, Merge.ADDITIVE, "B", null_rule, 1, version=_VERSION)


def _average(name: str, formula: str, unit: str, null_rule: str, value: Callable[[Components], Array], source: str = "") -> Feature:  # noqa: PLR0917
    return Feature(name, formula + _STANDING, unit, Merge.ALGEBRAIC, "B", null_rule, 1, source, _VERSION, value=value)


def _imbalance(count: int) -> tuple[Feature, Feature]:
    levels = "of the best level" if count == 1 else f"of the best {count} levels"
    formula = f"(Σ bid amount − Σ ask amount) / (Σ bid amount + Σ ask amount) {levels}, as the venue reports amounts"
    return (
        _last(f"obi_{count}_last", formula, "[-1, 1]", _ONE_SIDED),
        _average(
            f"obi_{count}_twa",
            f"time-weighted mean of {formula}; {_GRID}",
            "[-1, 1]",
            _ONE_SIDED,
            _mean(f"obi_{count}", "two_sided_us"),
        ),
    )


def _order_flow(name: str, level: int, source: str) -> Feature:
    where = "the best level" if level == 1 else f"level {level}"
    formula = (
        f"Σ e_n over rows n with a row before them in the day, e_n = Q^b_n 1[P^b_n ≥ P^b_(n−1)] − Q^b_(n−1) 1[P^b_n ≤ P^b_(n−1)]"
        f" − Q^a_n 1[P^a_n ≤ P^a_(n−1)] + Q^a_(n−1) 1[P^a_n ≥ P^a_(n−1)] of {where}, Q in base; a missing bid has price 0 and amount 0,"
        " a missing ask price ∞ and amount 0; 0 in a bucket without rows; row n − 1 counts however old it is; candles of options cover"
        " the rows of those 15s buckets only that traded"
    )
    return Feature(name, formula, "base", Merge.CARRIED, "B", _NO_BOOK, 1, source, _VERSION, value=_flow(level))


_CONT, _XU = "Cont-Kukanov-Stoikov 2014", "Xu-Gould-Howison 2019"

FEATURES = (
    _last("spread_last", f"best ask − best bid of an open book{_PREMIUM}", "quote", _NOT_OPEN),
    _average(
        "spread_twa",
        f"∫ (best ask − best bid) dt / ∫ dt over open books; {_TICKS}{_PREMIUM}",
        "quote",
        _NOT_OPEN,
        _mean_of_ticks("spread", parts=1.0),
    ),
    _average(
        "spread_bps_twa",
        f"∫ 1e4 (best ask − best bid) / mid dt / ∫ dt over open books; {_GRID}",
        "bps",
        _NOT_OPEN,
        _mean("spread_bps", "open_us"),
    ),
    _last("mid_last", f"(best ask + best bid) / 2 of an open book{_PREMIUM}", "quote", _NOT_OPEN),
    _average(
        "mid_twa",
        f"∫ (best ask + best bid) / 2 dt / ∫ dt over open books; {_TICKS}{_PREMIUM}",
        "quote",
        _NOT_OPEN,
        _mean_of_ticks("price_sum", parts=2.0),
    ),
    _average(
        "micro_deviation_bps_twa",
        "∫ 1e4 (w − mid) / mid dt / ∫ dt over open books, w = (ask · bid amount + bid · ask amount) / (ask amount + bid amount) of the best"
        f" level; {_GRID}",
        "bps",
        _NOT_OPEN,
        _mean("micro_deviation", "open_us"),
        "weighted mid of Gatheral-Oomen 2009",
    ),
    *_imbalance(1),
    *_imbalance(5),
    *(
        _average(
            f"depth_{side}_5_twa",
            f"∫ Σ quote value of the best 5 {side}s dt / ∫ dt over all books, 0 for an empty side; quote = amount · multiplier · price,"
            f" inverse: amount · multiplier; {_GRID}{_PREMIUM}",
            "quote",
            _NO_BOOK,
            _depth(side),
        )
        for side in ("bid", "ask")
    ),
    _order_flow("ofi", 1, _CONT),
    *(_order_flow(f"mlofi_{level}", level, _XU) for level in range(2, 6)),
    Feature(
        "effective_spread_bps",
        "Σ q · 1e4 · 2 d (p − m) / m / Σ q over trades with a side (d = +1 bought, −1 sold) and an open book before them: m is the mid of"
        " the last book row with an exchange time strictly before the trade's; trades of unknown side, or with no open book in force before"
        " them, at most 5 minutes old, are left out; merges to the last bit while costs stay below 1024 bps, beyond that with an error of"
        " 2^-104 before rounding",
        "bps",
        Merge.ALGEBRAIC,
        "T,B",
        "no book data, or no trade of the bucket with a side and an open book before it",
        1,
        "Lee-Ready 1991, Huang-Stoll 1996",
        _VERSION,
        value=_effective,
        tolerance=2.0**-52,
    ),
    Feature(
        "crossed_us",
        f"time in the bucket with best bid > best ask, the book in force at its start included; up to the end of listing{_STANDING}",
        "µs",
        Merge.ADDITIVE,
        "B",
        "no book data",
        1,
        version=_VERSION,
        type=pa.int64(),
    ),
    Feature(
        "book_updates",
        "rows of the book in the bucket; candles of options count those of the 15s buckets that traded",
        "1",
        Merge.ADDITIVE,
        "B",
        "no book data",
        1,
        type=pa.int64(),
    ),
)
