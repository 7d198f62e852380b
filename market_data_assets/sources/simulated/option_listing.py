"""Which options a venue lists: strikes around the price, again whenever an expiry comes nearer."""

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal

from market_data_assets.domain.days import DAY_MICROSECONDS, day_start
from market_data_assets.sources.simulated.expiries import (
    Window,
    days_around,
    fridays_around,
    month_ends_around,
    quarter_ends_around,
    windows,
)
from market_data_assets.sources.simulated.options import AT_THE_MONEY
from market_data_assets.sources.simulated.path import midnight_log_price

_QUARTERS_LISTED = 3
_MONTHS_LISTED = 2
_WEEKS_LISTED = 2
_STRIKES = (-2, -1, 0, 1, 2)
_SPACING = 0.9
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_ROUND_STEPS_PER_STRIKE = 4


@dataclass(frozen=True, slots=True)
class OptionListing:
    """A call and a put that exist from ``listed`` to ``expiry``.

    Attributes:
        is_central: Its strike was next to the price when it was listed.
    """

    listed: dt.date
    expiry: dt.date
    strike: Decimal
    is_central: bool


def option_listings(asset: str, day: dt.date) -> list[OptionListing]:
    """Every strike of every expiry that exists on ``day``, by expiry and strike. They stay until expiry, however far the price goes.

    Expiries reach from the next day to the third quarter end, which is always beyond 90 days. New strikes are added
    around the price whenever an expiry moves up in its row, so that the money is never without strikes near it.
    """
    found: dict[tuple[dt.date, Decimal], OptionListing] = {}
    for listed, expiry in sorted(_rounds(day)):
        for strike, is_central in _strikes(asset, listed, expiry):
            found.setdefault((expiry, strike), OptionListing(listed, expiry, strike, is_central))
    return [found[key] for key in sorted(found)]


def _rounds(day: dt.date) -> set[Window]:
    """(day of listing, expiry) of every round of new strikes that still matters on ``day``."""
    rows = (
        (quarter_ends_around(day), _QUARTERS_LISTED),
        (month_ends_around(day), _MONTHS_LISTED),
        (fridays_around(day), _WEEKS_LISTED),
        (days_around(day), 1),
    )
    every = (window for expiries, at_once in rows for place in range(1, at_once + 1) for window in windows(expiries, place))
    return {(listed, expiry) for listed, expiry in every if listed <= day <= expiry}


def _strikes(asset: str, listed: dt.date, expiry: dt.date) -> list[tuple[Decimal, bool]]:
    """Round strikes nine tenths of a standard deviation apart, and whether each is the one next to the price."""
    price = math.exp(midnight_log_price(asset, day_start(listed) // DAY_MICROSECONDS))
    spacing = _SPACING * AT_THE_MONEY * math.sqrt((expiry - listed).days / 365)
    unit = _round_number(price * spacing / _ROUND_STEPS_PER_STRIKE)
    steps = {offset: max(round(price * math.exp(offset * spacing) / unit), 1) for offset in _STRIKES}
    return [(Decimal(steps[offset] * unit), offset == 0) for offset in _STRIKES]


def _round_number(size: float) -> int:
    """The round number nearest to ``size``, 1 or more."""
    power = 10 ** math.floor(math.log10(max(size, 1)))
    return int(power * min(_ROUND, key=lambda multiple: abs(multiple * power - size)))
