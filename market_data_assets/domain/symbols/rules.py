"""How metadata and symbol become an id: the vendor's word first, then what the symbol says, else an error."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from market_data_assets.domain.assets import asset_code
from market_data_assets.domain.instruments import InstrumentId, InstrumentType, OptionType
from market_data_assets.domain.strikes import parse_strike
from market_data_assets.domain.symbols.listing import Listing, is_group
from market_data_assets.errors import UnknownInstrument, UnsafeName

# Symbols also become parts of paths and URLs, so what could leave a folder or end a path is refused for all venues.
_UNSAFE_SYMBOL = re.compile(r"[\x00-\x1f\x7f\\%?#\s]|\.\.")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a symbol alone says of its instrument.

    Attributes:
        settle: Settlement asset where the symbol implies another than the default.
        structure: A combo's native structure.
    """

    instrument_type: InstrumentType
    base: str
    quote: str
    settle: str | None = None
    expiry: dt.date | None = None
    strike: Decimal | None = None
    option_type: OptionType | None = None
    structure: str | None = None


_OPTION_LETTERS: Mapping[str, OptionType] = {"C": OptionType.CALL, "P": OptionType.PUT}


def option(base: str, quote: str, expiry: dt.date | None, *, strike: str, letter: str, settle: str | None = None) -> Terms | None:
    """The terms of an option whose symbol ends in a plain decimal strike and C or P; None unless all of it is understood."""
    price, kind = parse_strike(strike), _OPTION_LETTERS.get(letter)
    if expiry is None or price is None or kind is None:
        return None
    return Terms(InstrumentType.OPTION, base, quote, settle, expiry, price, kind)


_CONTRACT_PARTS: Mapping[InstrumentType, tuple[str, ...]] = {
    InstrumentType.SPOT_PAIR: (),
    InstrumentType.PERP: (),
    InstrumentType.FUTURE: ("expiry",),
    InstrumentType.OPTION: ("expiry", "strike", "option_type"),
    InstrumentType.INDEX: (),
    InstrumentType.COMBO: ("structure",),
}

SymbolParser = Callable[[str], Terms | None]
"""Reads an upper-case native symbol; None where it does not understand all of it."""


@dataclass(frozen=True, slots=True)
class MarketRule:
    """The symbol rule of one market.

    Attributes:
        venue: Our name of the venue.
        parse: Reads the symbol.
        expected: What symbols look like, for messages.
        asset_names: The venue's own names of assets → the common ones.
    """

    venue: str
    parse: SymbolParser
    expected: str
    asset_names: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __call__(self, listing: Listing) -> InstrumentId:
        """The id of a listing.

        Raises:
            UnknownInstrument: neither the metadata nor the symbol says what it is.
        """
        symbol = listing.symbol.strip().upper()
        if is_group(symbol):
            raise self._unknown(listing, "one instrument, and this is a group of them: split its file by symbol")
        if not symbol or _UNSAFE_SYMBOL.search(symbol):
            raise self._unknown(listing, "a symbol without spaces, control characters, '..', '\\', '%', '?' and '#'")
        try:
            return self._identify(listing, self.parse(symbol))
        except UnsafeName as error:
            raise self._unknown(listing, f"assets that fit into a file name ({error})") from None

    def _identify(self, listing: Listing, parsed: Terms | None) -> InstrumentId:
        kind = listing.instrument_type or (parsed.instrument_type if parsed else None)
        base = self._asset(listing.base) or self._asset(parsed.base if parsed else None)
        quote = self._asset(listing.quote)
        if quote is None or quote == base:
            quote = self._asset(parsed.quote if parsed else None)
        if kind is None or base is None or quote is None or base == quote:
            raise self._unknown(listing, self.expected)
        # What the symbol says beyond its assets holds only if it means the same kind of contract as the metadata.
        contract = parsed if parsed is not None and parsed.instrument_type is kind else Terms(kind, base, quote)
        parts = {name: _given(listing, contract, name) for name in _CONTRACT_PARTS[kind]}
        if missing := [name for name, value in parts.items() if value is None]:
            raise self._unknown(listing, f"{self.expected}, or metadata with {' and '.join(missing)}")
        settle = self._settlement(listing, contract, base, quote) if kind.is_derivative else None
        try:
            return InstrumentId(self.venue, kind, base, quote, settle=settle, **parts)
        except UnknownInstrument as error:
            raise self._unknown(listing, f"metadata of a real contract ({error})") from None

    def _settlement(self, listing: Listing, terms: Terms, base: str, quote: str) -> str | None:
        named = self._asset(listing.settle) or self._asset(terms.settle)
        if named is not None or listing.inverse is None:
            return named
        return base if listing.inverse else quote

    def _asset(self, name: str | None) -> str | None:
        if not name or not name.strip():
            return None
        code = asset_code(name.strip())
        return self.asset_names.get(code, code)

    def _unknown(self, listing: Listing, expected: str) -> UnknownInstrument:
        return UnknownInstrument.symbol(f"{self.venue} {listing.exchange}", listing.symbol, expected)


def _given(listing: Listing, contract: Terms, name: str) -> Any:
    """What the metadata says, else the symbol; a combo's structure stands in no metadata."""
    metadata = getattr(listing, name, None)
    return getattr(contract, name) if metadata is None else metadata
