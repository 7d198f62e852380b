"""A symbol as a vendor lists it, with whatever metadata the vendor gives beside it."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from market_data_assets.domain.instruments import InstrumentId, InstrumentType, OptionType

GROUPS: Mapping[str, InstrumentType] = {
    "SPOT": InstrumentType.SPOT_PAIR,
    "PERPETUALS": InstrumentType.PERP,
    "FUTURES": InstrumentType.FUTURE,
    "OPTIONS": InstrumentType.OPTION,
}
"""Tardis dataset names that select all instruments of a type: one mixed file a day, split by its ``symbol`` column."""


def is_group(symbol: str) -> bool:
    """Whether a dataset's name selects many instruments and is none itself."""
    return symbol.strip().upper() in GROUPS


def group_of(kind: InstrumentType) -> str | None:
    """The dataset name that selects all instruments of a type; None where there is none."""
    return next((group for group, member in GROUPS.items() if member is kind), None)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a vendor says of one symbol. Rules trust the metadata, and parse the symbol only for what is None.

    Attributes:
        exchange: The vendor's name of this part of the venue, such as ``binance-futures``; only for messages.
        symbol: Native symbol, as the venue or the dataset writes it, in any case.
        base: Base asset as the vendor names it; rules rename (XBT → BTC).
        quote: Quote asset as the vendor names it; ignored where it repeats the base, which is how vendors
            say that an option's premium is paid in its base.
        expiry: UTC date.
        inverse: Whether it settles in its base; only asked where neither ``settle`` nor the symbol says.
    """

    exchange: str
    symbol: str
    instrument_type: InstrumentType | None = None
    base: str | None = None
    quote: str | None = None
    settle: str | None = None
    expiry: dt.date | None = None
    strike: Decimal | None = None
    option_type: OptionType | None = None
    inverse: bool | None = None


SymbolRule = Callable[[Listing], InstrumentId]
"""Maps a listing to its id. Raises ``UnknownInstrument`` for a symbol it does not understand; never guesses."""

ContractSize = Callable[[InstrumentId], float | None]
"""Size of one unit of amount where the vendor does not say; None = not known.

Perps and futures: quote per unit if inverse, base per unit if linear. Options: base per unit, always, also where
they settle in their base: an option's amount counts the underlying, whatever its premium is paid in, so base =
amount × size and never amount × size / price. Spot: 1. Quanto: None, since no fixed factor leads to the base.
"""
