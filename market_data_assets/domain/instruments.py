"""Canonical instrument ids: one grammar, parsed and formatted.

id        = VENUE ":" TYPE ":" SYMBOL
SPOT_PAIR = BASE-QUOTE                                   INDEX = NAME[-QUOTE]
PERP      = BASE-QUOTE[@SETTLE]                          COMBO = BASE-QUOTE-STRUCTURE
FUTURE    = BASE-QUOTE-YYMMDD[@SETTLE]
OPTION    = BASE-QUOTE-STRIKE-YYMMDD-(CALL|PUT)[@SETTLE]
and "~n" (n >= 2) at the end where a venue re-used a ticker for another asset
"""

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from market_data_assets.domain.assets import asset_code, asset_name, fold_upper
from market_data_assets.domain.expiries import year_month_day
from market_data_assets.domain.strikes import parse_strike, plain_strike
from market_data_assets.errors import UnknownInstrument, UnsafeName

_VENUE = re.compile(r"[A-Z][A-Z0-9_-]*")
# Dots only between other characters: a structure must not hold "..".
_STRUCTURE = re.compile(r"[A-Z0-9_+-]+(?:\.[A-Z0-9_+-]+)*")
_PERCENT_ENCODED = re.compile(r"%[0-9A-F]{2}")
MAX_NAME_BYTES = 200


class InstrumentType(StrEnum):
    """What kind of instrument: the second part of an id."""

    SPOT_PAIR = "SPOT_PAIR"
    PERP = "PERP"
    FUTURE = "FUTURE"
    OPTION = "OPTION"
    INDEX = "INDEX"
    COMBO = "COMBO"

    @classmethod
    def parse(cls, text: str) -> "InstrumentType":
        """The type by its name or an alias (SPOT, PERPETUAL, SWAP, FUTURES, OPTIONS), in any case.

        Raises:
            UnknownInstrument: any other text; the message lists the types.
        """
        name = text.strip().upper()
        try:
            return cls(_TYPE_ALIASES.get(name, name))
        except ValueError:
            raise UnknownInstrument(f"instrument type {text!r}: expected one of {', '.join(cls)}") from None

    @property
    def is_derivative(self) -> bool:
        """Whether it settles: perps, futures and options, not spot pairs, indices and combos."""
        return self in {InstrumentType.PERP, InstrumentType.FUTURE, InstrumentType.OPTION}


_TYPE_ALIASES = {
    "SPOT": "SPOT_PAIR",
    "PERPETUAL": "PERP",
    "SWAP": "PERP",
    "FUTURES": "FUTURE",
    "OPTIONS": "OPTION",
}


class OptionType(StrEnum):
    """Right to buy (call) or to sell (put)."""

    CALL = "CALL"
    PUT = "PUT"


@dataclass(frozen=True, slots=True)
class InstrumentId:
    """One instrument on one venue. Compared, hashed and ordered by its text.

    Attributes:
        base: Base asset; the name of an index.
        quote: Quote asset; None only for an index without one.
        expiry: UTC date of expiry of futures and options.
        structure: A combo's native structure.
        settle: Settlement asset, only where it is not the default: base for a derivative quoted in USD
            (inverse), quote for any other derivative (linear).
        generation: 2 or more where the venue re-used the ticker for another asset.
    """

    venue: str
    instrument_type: InstrumentType
    base: str
    quote: str | None = None
    expiry: dt.date | None = None
    strike: Decimal | None = None
    option_type: OptionType | None = None
    structure: str | None = None
    settle: str | None = None
    generation: int = 1
    _text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.settle is not None and self.settle == self.default_settlement:
            object.__setattr__(self, "settle", None)
        _check_fields(self)
        if self.strike is not None:
            object.__setattr__(self, "strike", plain_strike(self.strike))
        text = _format(self)
        if len(text.encode()) > MAX_NAME_BYTES:
            raise UnsafeName(text, f"longer than {MAX_NAME_BYTES} bytes")
        object.__setattr__(self, "_text", text)

    def __str__(self) -> str:
        return self._text

    def __lt__(self, other: "InstrumentId") -> bool:
        return self._text < other._text

    @classmethod
    def parse(cls, text: "str | InstrumentId") -> "InstrumentId":
        """The id written as ``VENUE:TYPE:SYMBOL`` in any case, with the aliases of types and of option order.

        Raises:
            UnknownInstrument: text that is not an id; the message says what was expected.
            UnsafeName: an id longer than 200 bytes.
        """
        return text if isinstance(text, InstrumentId) else _parse(text)

    @property
    def symbol(self) -> str:
        """The part after the second colon."""
        return self._text.split(":", 2)[2]

    @property
    def default_settlement(self) -> str | None:
        """Base of a derivative quoted in USD, quote of any other derivative; None for what does not settle."""
        if not self.instrument_type.is_derivative:
            return None
        return self.base if self.quote == "USD" else self.quote

    @property
    def settlement(self) -> str | None:
        """The asset that profits are paid in; None for spot pairs, indices and combos."""
        return self.settle or self.default_settlement

    @property
    def is_linear(self) -> bool:
        """Whether profits are paid in the quote asset."""
        return self.settlement is not None and self.settlement == self.quote

    @property
    def is_inverse(self) -> bool:
        """Whether profits are paid in the base asset. For amounts ask :attr:`counts_quote`: options differ."""
        return self.settlement is not None and self.settlement == self.base

    @property
    def is_quanto(self) -> bool:
        """Whether profits are paid in neither base nor quote."""
        return self.settlement is not None and self.settlement not in {self.base, self.quote}

    @property
    def counts_quote(self) -> bool:
        """Whether amounts count quote: inverse perps and futures. Inverse options count base, only their premium is in it."""
        return self.is_inverse and self.instrument_type is not InstrumentType.OPTION


@lru_cache(maxsize=65_536)
def _parse(text: str) -> InstrumentId:
    parts = fold_upper(text.strip()).split(":")
    if len(parts) != 3 or not all(parts):
        raise UnknownInstrument.text(text, "VENUE:TYPE:SYMBOL with exactly two colons")
    venue, type_name, symbol = parts
    instrument_type = InstrumentType.parse(type_name)
    symbol, generation = _split_generation(symbol, text)
    fields = _SYMBOL_PARSERS[instrument_type](symbol, text)
    return InstrumentId(venue=venue, instrument_type=instrument_type, generation=generation, **fields)  # type: ignore[arg-type]


def _split_generation(symbol: str, text: str) -> tuple[str, int]:
    head, separator, number = symbol.rpartition("~")
    if not separator:
        return symbol, 1
    if not re.fullmatch(r"[2-9]|[1-9][0-9]{1,5}", number):
        raise UnknownInstrument.text(text, "~n with n >= 2 after a re-used ticker")
    return head, int(number)


def _parse_pair(symbol: str, text: str) -> dict[str, object]:
    parts = symbol.split("-")
    if len(parts) != 2:
        raise UnknownInstrument.text(text, "BASE-QUOTE")
    return {"base": _asset(parts[0], text), "quote": _asset(parts[1], text)}


def _parse_perp(symbol: str, text: str) -> dict[str, object]:
    pair, settle = _split_settlement(symbol, text)
    return {**_parse_pair(pair, text), "settle": settle}


def _parse_future(symbol: str, text: str) -> dict[str, object]:
    contract, settle = _split_settlement(symbol, text)
    parts = contract.split("-")
    if len(parts) != 3:
        raise UnknownInstrument.text(text, "BASE-QUOTE-YYMMDD")
    return {"base": _asset(parts[0], text), "quote": _asset(parts[1], text), "expiry": _expiry(parts[2], text), "settle": settle}


def _parse_option(symbol: str, text: str) -> dict[str, object]:
    contract, settle = _split_settlement(symbol, text)
    parts = contract.split("-")
    if len(parts) != 5:
        raise UnknownInstrument.text(text, "BASE-QUOTE-STRIKE-YYMMDD-CALL or -PUT")
    base, quote_asset, strike, expiry, option_type = parts
    # D08: …-YYMMDD-STRIKE-… is accepted too. Six digits in both places are read in our own order.
    if not _is_expiry(expiry) and _is_expiry(strike):
        strike, expiry = expiry, strike
    kind = {"C": "CALL", "P": "PUT"}.get(option_type, option_type)
    if kind not in OptionType.__members__:
        raise UnknownInstrument.text(text, "CALL or PUT at the end")
    return {
        "base": _asset(base, text),
        "quote": _asset(quote_asset, text),
        "strike": _strike(strike, text),
        "expiry": _expiry(expiry, text),
        "option_type": OptionType(kind),
        "settle": settle,
    }


def _parse_index(symbol: str, text: str) -> dict[str, object]:
    name, separator, quote_asset = symbol.partition("-")
    return {"base": _asset(name, text), "quote": _asset(quote_asset, text) if separator else None}


def _parse_combo(symbol: str, text: str) -> dict[str, object]:
    parts = symbol.split("-", 2)
    if len(parts) != 3:
        raise UnknownInstrument.text(text, "BASE-QUOTE-STRUCTURE")
    return {"base": _asset(parts[0], text), "quote": _asset(parts[1], text), "structure": parts[2]}


_SYMBOL_PARSERS = {
    InstrumentType.SPOT_PAIR: _parse_pair,
    InstrumentType.PERP: _parse_perp,
    InstrumentType.FUTURE: _parse_future,
    InstrumentType.OPTION: _parse_option,
    InstrumentType.INDEX: _parse_index,
    InstrumentType.COMBO: _parse_combo,
}


def _split_settlement(symbol: str, text: str) -> tuple[str, str | None]:
    contract, separator, settle = symbol.partition("@")
    return contract, _asset(settle, text) if separator else None


def _asset(code: str, text: str) -> str:
    if not code:
        raise UnknownInstrument.text(text, "an asset name between the separators")
    if not _PERCENT_ENCODED.sub("0", code).isalnum():
        raise UnknownInstrument.text(text, "letters and digits in asset names, anything else percent-encoded")
    return asset_code(asset_name(code))


def _is_expiry(code: str) -> bool:
    return year_month_day(code) is not None


def _expiry(code: str, text: str) -> dt.date:
    expiry = year_month_day(code)
    if expiry is None:
        raise UnknownInstrument.text(text, "a UTC expiry date as YYMMDD")
    return expiry


def _strike(code: str, text: str) -> Decimal:
    strike = parse_strike(code)
    if strike is None:
        raise UnknownInstrument.text(text, "a plain decimal strike such as 50000 or 0.625, of at most 18 digits on each side")
    return strike


_REQUIRED = {
    InstrumentType.SPOT_PAIR: {"quote"},
    InstrumentType.PERP: {"quote"},
    InstrumentType.FUTURE: {"quote", "expiry"},
    InstrumentType.OPTION: {"quote", "expiry", "strike", "option_type"},
    InstrumentType.INDEX: set(),
    InstrumentType.COMBO: {"quote", "structure"},
}
_OPTIONAL = {
    InstrumentType.PERP: {"settle"},
    InstrumentType.FUTURE: {"settle"},
    InstrumentType.OPTION: {"settle"},
    InstrumentType.INDEX: {"quote"},
}
_PARTS = ("quote", "expiry", "strike", "option_type", "structure", "settle")


def _check_fields(instrument: InstrumentId) -> None:
    def refuse(why: str) -> UnknownInstrument:
        return UnknownInstrument(f"{instrument.venue} {instrument.instrument_type} {instrument.base}: {why}")

    if not _VENUE.fullmatch(instrument.venue):
        raise refuse(f"venue {instrument.venue!r} must match {_VENUE.pattern}")
    given = {part for part in _PARTS if getattr(instrument, part) is not None}
    required = _REQUIRED[instrument.instrument_type]
    if missing := required - given:
        raise refuse(f"needs {', '.join(sorted(missing))}")
    if extra := given - required - _OPTIONAL.get(instrument.instrument_type, set()):
        raise refuse(f"cannot have {', '.join(sorted(extra))}")
    for asset in filter(None, (instrument.base, instrument.quote, instrument.settle)):
        if asset != asset_code(asset_name(asset)):
            raise refuse(f"asset {asset!r} is not in canonical form, {asset_code(asset_name(asset))!r} is")
    if instrument.strike is not None and plain_strike(instrument.strike) is None:
        raise refuse(f"strike {instrument.strike} must be a plain decimal, zero or more, of at most 18 digits on each side")
    if instrument.expiry is not None and not 2000 <= instrument.expiry.year < 2100:
        raise refuse(f"expiry {instrument.expiry} must lie in this century")
    if instrument.structure is not None and not _STRUCTURE.fullmatch(instrument.structure):
        raise refuse(f"structure {instrument.structure!r} must match {_STRUCTURE.pattern}")
    if instrument.generation < 1:
        raise refuse(f"generation {instrument.generation} must be 1 or more")


def _format(instrument: InstrumentId) -> str:
    parts = [instrument.base]
    if instrument.quote is not None:
        parts.append(instrument.quote)
    if instrument.strike is not None:
        parts.append(format(instrument.strike, "f"))
    if instrument.expiry is not None:
        parts.append(instrument.expiry.strftime("%y%m%d"))
    if instrument.option_type is not None:
        parts.append(instrument.option_type)
    if instrument.structure is not None:
        parts.append(instrument.structure)
    symbol = "-".join(parts)
    if instrument.settle is not None:
        symbol += f"@{instrument.settle}"
    if instrument.generation > 1:
        symbol += f"~{instrument.generation}"
    return f"{instrument.venue}:{instrument.instrument_type}:{symbol}"
