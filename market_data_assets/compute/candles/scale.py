"""How the prices and amounts of one day become whole numbers, so that their sums are exact."""

import math
from typing import NamedTuple

MAX_DECIMALS = 12
WHOLE_LIMIT = 2.0**53
"""Whole numbers up to here are exact in a double."""
MAX_SUM_DECIMALS = 22
"""Powers of ten up to this one are exact in a double."""
_FINENESS = 2.0**-76
"""A day of 2^24 of the largest terms stays below 2^100 units, which keeps sums exact in any order."""


class Facts(NamedTuple):
    """What was seen of a day.

    Attributes:
        price_decimals: Prices times 10^this are whole; -1 where no power up to 10^12 makes them so.
        amount_decimals: The same of amounts.
    """

    price_decimals: int
    amount_decimals: int
    smallest_price: float
    largest_price: float
    largest_amount: float


class Scale(NamedTuple):
    """Factors and units of one instrument-day, read by the compiled pass.

    Terms that are whole numbers have unit 0 and are summed as they are. The others (base of inverse contracts, prices or
    amounts that are no decimals) are rounded to a power of two far below the day's largest term.

    Attributes:
        price_factor: 10^price_decimals; prices times it are whole ticks, unless ``price_whole`` is False (then 1).
        amount_factor: The same for amounts.
        multiplier: The contract's multiplier, as a whole number of its own decimals where it has at most 12.
        inverse: Amounts are quote; base is quote over price.
        price_decimals: Ticks are in units of 10^-price_decimals.
        base_decimals: Base sums are in units of 10^-base_decimals; 0 where base is not a decimal number.
        quote_decimals: Quote sums are in units of 10^-quote_decimals.
        square_unit: Of squared base.
        change_unit: Of products of price changes.
        impact_unit: Of price change times base.
    """

    price_factor: float
    price_whole: bool
    amount_factor: float
    amount_whole: bool
    multiplier: float
    inverse: bool
    price_decimals: int
    base_decimals: int
    quote_decimals: int
    base_unit: float
    quote_unit: float
    square_unit: float
    change_unit: float
    impact_unit: float


def scale_of(facts: Facts, *, multiplier: float, inverse: bool) -> Scale:
    """The scale of a day of one contract."""
    whole_multiplier, multiplier_decimals = _whole(multiplier)
    sized = facts.amount_decimals + multiplier_decimals
    amount_whole = (
        min(facts.amount_decimals, multiplier_decimals) >= 0
        and sized <= MAX_SUM_DECIMALS
        and facts.largest_amount * 10.0**facts.amount_decimals * whole_multiplier < WHOLE_LIMIT
    )
    sized = sized if amount_whole else 0
    price_whole = facts.price_decimals >= 0 and sized + facts.price_decimals <= MAX_SUM_DECIMALS
    priced = facts.price_decimals if price_whole else 0
    base_whole = amount_whole and not inverse
    quote_whole = amount_whole and (inverse or price_whole)
    size = facts.largest_amount * multiplier * 10.0**sized
    price = facts.largest_price * 10.0**priced
    base = facts.largest_amount * multiplier / facts.smallest_price if inverse else size
    return Scale(
        price_factor=10.0**priced,
        price_whole=price_whole,
        amount_factor=10.0**facts.amount_decimals if amount_whole else 1.0,
        amount_whole=amount_whole,
        multiplier=whole_multiplier if amount_whole else multiplier,
        inverse=inverse,
        price_decimals=priced,
        base_decimals=0 if inverse else sized,
        quote_decimals=sized if inverse else sized + priced,
        base_unit=0.0 if base_whole else unit_for(base),
        quote_unit=0.0 if quote_whole else unit_for(size if inverse else size * price),
        square_unit=0.0 if base_whole else unit_for(base * base),
        change_unit=0.0 if price_whole else unit_for(price * price),
        impact_unit=0.0 if base_whole and price_whole else unit_for(price * base),
    )


def unit_for(largest: float) -> float:
    """The power of two to round to when terms go up to ``largest``."""
    return math.ldexp(_FINENESS, math.frexp(largest)[1])


def _whole(multiplier: float) -> tuple[float, int]:
    """The multiplier as a whole number and its decimals; decimals of -1 where it has more than 12."""
    for decimals in range(MAX_DECIMALS + 1):
        whole = float(round(multiplier * 10**decimals))
        if whole / 10.0**decimals == multiplier and whole < WHOLE_LIMIT:
            return whole, decimals
    return multiplier, -1
