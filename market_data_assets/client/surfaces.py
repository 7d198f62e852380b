"""Reading the option surface of an underlying: per expiry, and as one row."""

from typing import Any

import pyarrow as pa

from market_data_assets.client.chains import Underlying
from market_data_assets.client.deployment import Time
from market_data_assets.client.frames import As, check_as, to_frame
from market_data_assets.client.plan import OnMissing
from market_data_assets.client.request import markets_named
from market_data_assets.client.stacking import INSTRUMENT_COLUMN
from market_data_assets.client.ticks import QUOTE_AGE, TickReads
from market_data_assets.domain.assets import fold_upper
from market_data_assets.domain.days import to_instant
from market_data_assets.domain.schemas import OPTIONS_CHAIN
from market_data_assets.errors import QueryError

# What computes a surface is imported where it is needed: it brings the compiler.


class SurfaceReads(TickReads):
    """The surface at an instant, from the last quote of each contract that is at most 60 s old; nothing after it counts."""

    def option_expiries(
        self, venue: str, pair: str, *, at: Time, missing: OnMissing = "raise", as_known_at: Time | None = None, as_: As = "pandas"
    ) -> Any:
        """One row per expiry that is still to come and quoted: forward, volatilities, skew, open interest, max pain and the like.

        Args:
            venue: Our name of a venue, an alias, or a vendor's name of its part.
            pair: BASE-QUOTE of the options, such as ``BTC-USD``.

        Raises:
            QueryError: no options on it that day.
            PartitionMissing: the day of ``at`` is not stored.
        """
        check_as(as_)
        return to_frame(self._surface(venue, pair, at, missing, as_known_at).expiry_table(), as_)

    def option_surface(
        self, venue: str, pair: str, *, at: Time, missing: OnMissing = "raise", as_known_at: Time | None = None, as_: As = "pandas"
    ) -> Any:
        """One row: volatilities at constant maturities, skew, term structure, put-call ratios; arguments as :meth:`option_expiries`."""
        check_as(as_)
        return to_frame(self._surface(venue, pair, at, missing, as_known_at).underlying_table(), as_)

    def _surface(self, venue: str, pair: str, at: Time, missing: OnMissing, as_known_at: Time | None) -> Any:
        import numpy as np  # noqa: PLC0415

        from market_data_assets.compute.options.chain import read_chain  # noqa: PLC0415
        from market_data_assets.compute.options.surface import surface_at  # noqa: PLC0415

        name, instant = markets_named(venue)[0].venue, to_instant(at)
        on = Underlying(name, fold_upper(pair.strip()))
        if "-" not in on.name:
            raise QueryError(f"option surface of {on}: expected BASE-QUOTE, since options quoted in different assets make no one surface")
        columns = [INSTRUMENT_COLUMN, *OPTIONS_CHAIN.columns]
        quotes: pa.Table = self._chains.at(self._lake_at(as_known_at), on, instant, max_age=QUOTE_AGE, columns=columns, missing=missing)
        return surface_at(read_chain(quotes, name), np.array([instant], np.int64))
