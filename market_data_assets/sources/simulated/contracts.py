"""Which contracts of a simulated market exist on a day: perpetual ones, rolling quarterly futures, weekly options."""

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from market_data_assets.domain.days import DAY_MICROSECONDS, TimeRange, day_end, day_start
from market_data_assets.domain.instruments import InstrumentType, OptionType
from market_data_assets.sources.simulated.markets import MARKETS, SimulatedMarket
from market_data_assets.sources.simulated.path import midnight_log_price

EXPIRY_TIME = 8 * 3_600 * 1_000_000
"""Contracts are listed, and expire, at 08:00 UTC (µs after midnight)."""

_FRIDAY = 4
_QUARTERS_LISTED = 2
_OPTION_WEEKS = 2
_STRIKES = (-1, 0, 1, 2)
_STRIKE_STEP = 0.05
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class SimulatedContract:
    """One tradable thing.

    Attributes:
        symbol: Native symbol, complete.
        listed: First instant, µs UTC, inclusive.
        expires: Instant of expiry, µs UTC, exclusive; None for contracts without one.
        strike: In dollars; options only.
    """

    market: SimulatedMarket
    symbol: str
    listed: int
    expires: int | None = None
    strike: Decimal | None = None
    option_type: OptionType | None = None

    def __str__(self) -> str:
        return f"{self.market.exchange} {self.market.instrument_type} {self.symbol}"

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


def _family(market: SimulatedMarket, day: dt.date) -> list[SimulatedContract]:
    match market.instrument_type:
        case InstrumentType.FUTURE:
            return [_future(market, expiry, listed) for listed, expiry in _windows(_quarter_ends(day), _QUARTERS_LISTED)]
        case InstrumentType.OPTION:
            return [option for listed, expiry in _windows(_fridays(day), _OPTION_WEEKS) for option in _chain(market, expiry, listed)]
        case _:
            return [SimulatedContract(market, market.symbol, day_start(market.listed))]


def _windows(expiries: list[dt.date], at_once: int) -> list[tuple[dt.date, dt.date]]:
    """(listing day, expiry day) of each contract: the expiry of one lists the one ``at_once`` later."""
    return list(zip(expiries, expiries[at_once:], strict=False))


def _fridays(day: dt.date) -> list[dt.date]:
    next_friday = day + dt.timedelta(days=(_FRIDAY - day.weekday()) % 7)
    return [next_friday + dt.timedelta(weeks=week) for week in range(-_OPTION_WEEKS, _OPTION_WEEKS + 1)]


def _quarter_ends(day: dt.date) -> list[dt.date]:
    """The last Fridays of March, June, September and December from the year before ``day`` to the year after."""
    return [_last_friday(year, month) for year in range(day.year - 1, day.year + 2) for month in (3, 6, 9, 12)]


def _last_friday(year: int, month: int) -> dt.date:
    last = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
    return last - dt.timedelta(days=(last.weekday() - _FRIDAY) % 7)


def _future(market: SimulatedMarket, expiry: dt.date, listed: dt.date) -> SimulatedContract:
    symbol = f"{market.symbol}-{_deribit_date(expiry)}" if market.exchange == "deribit" else f"{market.symbol}_{expiry:%y%m%d}"
    return SimulatedContract(market, symbol, _opening(market, listed), day_start(expiry) + EXPIRY_TIME)


def _chain(market: SimulatedMarket, expiry: dt.date, listed: dt.date) -> list[SimulatedContract]:
    """Calls and puts around the underlying's price at the midnight before listing. They stay until expiry, however far the price goes."""
    opening = _opening(market, listed)
    strikes = _strikes(math.exp(midnight_log_price(market.base, day_start(listed) // DAY_MICROSECONDS)))
    return [
        SimulatedContract(
            market, f"{market.symbol}-{_deribit_date(expiry)}-{strike}-{kind[0]}", opening, day_start(expiry) + EXPIRY_TIME, strike, kind
        )
        for strike in strikes
        for kind in OptionType
    ]


def _strikes(spot: float) -> list[Decimal]:
    step = spot * _STRIKE_STEP
    power = 10 ** (len(str(int(step))) - 1)
    step = power * min(_ROUND, key=lambda multiple: abs(multiple * power - step))
    return [Decimal(int((spot // step + offset) * step)) for offset in _STRIKES]


def _opening(market: SimulatedMarket, listed: dt.date) -> int:
    return max(day_start(listed) + EXPIRY_TIME, day_start(market.listed))


def _deribit_date(day: dt.date) -> str:
    # Deribit writes the day without a leading zero: BTC-5AUG23.
    months = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
    return f"{day.day}{months[day.month - 1]}{day:%y}"
