"""What the pass over the book collects per bucket.

A time integral is Σ value × µs over the time in which the value existed, at most 5 minutes after a row; the book in force at a
bucket's start is charged to the bucket. Values are whole ticks, or rounded once per book row to a grid that is the same all
day, so that integrals do not depend on where buckets cut them.
"""

from market_data_assets.compute.candles.components.record import CandleComponent, constant, count, exact, number
from market_data_assets.compute.features import Fold

FEED = "book_levels"
_TICKS = "ticks of the book × µs"


def _last(name: str, unit: str, doc: str) -> CandleComponent:
    return number(name, Fold.LAST, unit, doc, public=True, feed=FEED)


def _integral(name: str, unit: str, doc: str) -> CandleComponent:
    return exact(name, unit, doc, feed=FEED)


BOOK: tuple[CandleComponent, ...] = (
    constant(FEED, "levels per side that rows of the book hold; 0 where the instrument has no book data", "1"),
    constant("book_price_decimals", "prices of the book times 10^this are whole ticks; 0 where no power up to 12 does it", feed=FEED),
    constant("book_base_decimals", "base sums of the book are in units of 10^-this", feed=FEED),
    _last("spread_last", "quote", "spread of the last open book in force"),
    _last("mid_last", "quote", "mid of the last open book in force"),
    _last("obi_1_last", "[-1, 1]", "imbalance of the best level of the last two-sided book in force"),
    _last("obi_5_last", "[-1, 1]", "imbalance of the best 5 levels of the last two-sided book in force"),
    count("open_us", "time of books with best bid < best ask", "µs", feed=FEED),
    count("two_sided_us", "time of books with a bid and an ask", "µs", feed=FEED),
    count("standing_us", "time of books of any kind", "µs", feed=FEED),
    count("crossed_us", "time of books with best bid > best ask", "µs", public=True, feed=FEED),
    count("book_updates", "rows of the book", public=True, feed=FEED),
    _integral("spread_time", _TICKS, "best ask less best bid of open books"),
    _integral("spread_bps_time", "bps × µs", "1e4 × spread / mid of open books"),
    _integral("price_sum_time", _TICKS, "best ask plus best bid of open books"),
    _integral("micro_deviation_time", "bps × µs", "1e4 × (microprice − mid) / mid of open books"),
    _integral("obi_1_time", "µs", "imbalance of the best level of two-sided books"),
    _integral("obi_5_time", "µs", "imbalance of the best 5 levels of two-sided books"),
    _integral("depth_bid_time", "quote × µs", "quote value of the best 5 bids"),
    _integral("depth_ask_time", "quote × µs", "quote value of the best 5 asks"),
    *(_integral(f"ofi_{level}", "book base units", f"order-flow imbalance of level {level}") for level in range(1, 6)),
    _integral("effective_cost", "bps × base units", "base × effective spread of trades with a side and an open book before them"),
    _integral("effective_base", "base units", "base of those trades"),
)
