"""Reading raw ticks: trades, liquidations, tickers, books and option chains."""

import datetime as dt
from functools import cached_property
from typing import Any

from market_data_assets.client.books import books_of, flat_columns, flatten
from market_data_assets.client.chains import Chains, Underlying
from market_data_assets.client.deeper_books import BookShelf
from market_data_assets.client.deployment import Deployment, Time
from market_data_assets.client.frames import As, check_as, to_frame
from market_data_assets.client.plan import OnMissing
from market_data_assets.client.request import Columns, Ids, choose_columns, markets_named
from market_data_assets.client.stacking import INSTRUMENT_COLUMN
from market_data_assets.domain.assets import fold_upper
from market_data_assets.domain.days import TimeRange, to_instant
from market_data_assets.domain.schemas import DERIVATIVE_TICKER, LIQUIDATIONS, OPTIONS_CHAIN, TRADES

QUOTE_AGE = dt.timedelta(seconds=60)


class TickReads(Deployment):
    """Rows as the venue reported them. Several ids add an ``instrument_id`` column."""

    @cached_property
    def _chains(self) -> Chains:
        return Chains()

    def trades(
        self,
        ids: Ids,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        missing: OnMissing = "raise",
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """Trades, side by aggressor."""
        return self._ticks(TRADES, ids, (start, end), columns, missing=missing, as_known_at=as_known_at, as_=as_)

    def liquidations(
        self,
        ids: Ids,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        missing: OnMissing = "raise",
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """Forced executions: buy = a short position was liquidated. They are among the trades too."""
        return self._ticks(LIQUIDATIONS, ids, (start, end), columns, missing=missing, as_known_at=as_known_at, as_=as_)

    def derivative_ticker(
        self,
        ids: Ids,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        missing: OnMissing = "raise",
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """Funding, open interest, index and mark price, a row whenever one of them changed."""
        return self._ticks(DERIVATIVE_TICKER, ids, (start, end), columns, missing=missing, as_known_at=as_known_at, as_=as_)

    def option_quotes(
        self,
        ids: Ids,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        missing: OnMissing = "raise",
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """Quotes, marks, volatilities and greeks of single option contracts, a row whenever one of them changed."""
        return self._ticks(OPTIONS_CHAIN, ids, (start, end), columns, missing=missing, as_known_at=as_known_at, as_=as_)

    def options_chain(
        self,
        venue: str,
        underlying: str,
        *,
        at: Time,
        max_age: dt.timedelta = QUOTE_AGE,
        columns: Columns = None,
        missing: OnMissing = "raise",
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """The chain of an underlying at an instant: the last row of each contract at or before it, ordered by contract.

        Args:
            venue: Our name of a venue, an alias, or a vendor's name of its part.
            underlying: Base asset (``BTC``: whatever it is quoted in) or pair (``BTC-USD``).
            max_age: Contracts whose last row is older are left out; one that is exactly as old is not.

        Raises:
            QueryError: the venue has no options on it that day.
            PartitionMissing: the day of ``at`` is not stored, or, unless skipped, one that ``max_age`` reaches back to.
        """
        check_as(as_)
        offered = [INSTRUMENT_COLUMN, *OPTIONS_CHAIN.columns]
        chosen = choose_columns(str(OPTIONS_CHAIN), columns, offered, offered)
        on = Underlying(markets_named(venue)[0].venue, fold_upper(underlying.strip()))
        lake = self._lake_at(as_known_at)
        return to_frame(self._chains.at(lake, on, to_instant(at), max_age=max_age, columns=chosen, missing=missing), as_)

    def book_snapshot_ticks(
        self,
        ids: Ids,
        start: Time,
        end: Time,
        *,
        levels: int = 5,
        flat: bool = True,
        columns: Columns = None,
        missing: OnMissing = "raise",
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """The book after each change of its best levels.

        Where only a deeper book is stored, it is cut: rows in which none of the best levels changed are then among them.

        Args:
            levels: How many levels the flat view has.
            flat: One column per side, quantity and level (``ask_price_1`` is the best, null where missing); otherwise the
                four list columns as stored: all levels of the
                smallest stored depth that has ``levels``, best first, NaN where missing.
        """
        check_as(as_)
        books, span = books_of(levels), TimeRange.parse(start, end)
        book, shelf = books[0], BookShelf(self._lake_at(as_known_at), books, self._at_a_time)
        if not flat:
            return to_frame(self._read(book, ids, span, columns=columns, missing=missing, shelf=shelf).run(), as_)
        view = flat_columns(book, levels)
        chosen = choose_columns(f"{book} (flat)", columns, [INSTRUMENT_COLUMN, *view], list(view))
        stored = [view[name].column if name in view else name for name in chosen]
        table = self._read(book, ids, span, columns=stored, missing=missing, shelf=shelf).run()
        return to_frame(flatten(table, view, chosen), as_)
