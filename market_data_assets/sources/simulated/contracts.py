"""Which contracts of a simulated market exist on a day: perpetual ones, rolling quarterly futures, an option chain."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from market_data_assets.domain.days import TimeRange, day_end, day_start
from market_data_assets.domain.instruments import InstrumentType, OptionType
from market_data_assets.errors import NotListed
from market_data_assets.sources.simulated.expiries import quarter_ends_around, windows
from market_data_assets.sources.simulated.markets import MARKETS, SimulatedMarket
from market_data_assets.sources.simulated.option_listing import OptionListing, option_listings

EXPIRY_TIME = 8 * 3_600 * 1_000_000
"""Contracts are listed, and expire, at 08:00 UTC (µs after midnight)."""

_QUARTERS_LISTED = 2


@dataclass(frozen=True, slots=True)
class SimulatedContract:
    """One tradable thing.

    Attributes:
        symbol: Native symbol, complete.
        listed: First instant, µs UTC, inclusive.
        expires: Instant of expiry, µs UTC, exclusive; None for contracts without one.
        strike: In dollars; options only.
        is_traded: Whether anybody trades it. Most options are only quoted.
    """

    market: SimulatedMarket
    symbol: str
    listed: int
    expires: int | None = None
    strike: Decimal | None = None
    option_type: OptionType | None = None
    is_traded: bool = True

    def __str__(self) -> str:
        return f"{self.market.exchange} {self.market.instrument_type} {self.symbol}"

    @property
    def terms(self) -> tuple[OptionType, float]:
        """Kind of an option, and its strike in dollars.

        Raises:
            NotListed: not an option.
        """
        if self.option_type is None or self.strike is None:
            raise NotListed(f"{self}: expected an option, this has no strike")
        return self.option_type, float(self.strike)

    def trades_throughout(self, span: TimeRange) -> bool:
        """Whether it was listed from the start to the end of ``span``."""
        return self.listed <= span.start and (self.expires is None or span.end <= self.expires)

    def is_listed_on(self, day: dt.date) -> bool:
        """Whether it was listed at any moment of the UTC ``day``."""
        return self.listed < day_end(day) and (self.expires is None or self.expires > day_start(day))


@lru_cache(maxsize=16)
def contracts(day: dt.date) -> tuple[SimulatedContract, ...]:
    """Every contract that was listed at any moment of the UTC ``day``, market by market."""
    candidates = (contract for market in MARKETS for contract in _family(market, day))
    return tuple(contract for contract in candidates if contract.is_listed_on(day))


def deribit_date(day: dt.date) -> str:
    """A day as Deribit writes it, without a leading zero: 5AUG23."""
    months = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
    return f"{day.day}{months[day.month - 1]}{day:%y}"


def _family(market: SimulatedMarket, day: dt.date) -> list[SimulatedContract]:
    match market.instrument_type:
        case InstrumentType.FUTURE:
            quarters = windows(quarter_ends_around(day), _QUARTERS_LISTED)
            return [_future(market, expiry, listed) for listed, expiry in quarters]
        case InstrumentType.OPTION:
            listings = option_listings(market.base, day)
            return [_option(market, listing, kind) for listing in listings for kind in OptionType]
        case _:
            return [SimulatedContract(market, market.symbol, day_start(market.listed))]


def _future(market: SimulatedMarket, expiry: dt.date, listed: dt.date) -> SimulatedContract:
    symbol = f"{market.symbol}-{deribit_date(expiry)}" if market.exchange == "deribit" else f"{market.symbol}_{expiry:%y%m%d}"
    return SimulatedContract(market, symbol, _opening(market, listed), day_start(expiry) + EXPIRY_TIME)


def _option(market: SimulatedMarket, listing: OptionListing, kind: OptionType) -> SimulatedContract:
    return SimulatedContract(
        market,
        symbol=f"{market.symbol}-{deribit_date(listing.expiry)}-{listing.strike}-{kind[0]}",
        listed=_opening(market, listing.listed),
        expires=day_start(listing.expiry) + EXPIRY_TIME,
        strike=listing.strike,
        option_type=kind,
        is_traded=listing.is_central,
    )


def _opening(market: SimulatedMarket, listed: dt.date) -> int:
    return max(day_start(listed) + EXPIRY_TIME, day_start(market.listed))
