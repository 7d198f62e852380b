"""Which venues, instruments and data types a deployment wants: venue names, patterns of ids, names of raw tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from market_data_assets.domain.assets import fold_upper
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.schemas import RAW
from market_data_assets.domain.venues import VENUES, Market, find_instrument, find_markets
from market_data_assets.errors import SettingsError, UnknownInstrument


@dataclass(frozen=True, slots=True)
class Universe:
    """A choice of markets, instruments and raw data types; empty means everything.

    Attributes:
        venues: Our names (``BINANCE``: all its parts) or a vendor's (``binance-futures``: that part), in any case.
        patterns: Ids, or patterns of ids such as ``BINANCE:PERP:*-USDT``, in any case; see :func:`id_pattern`.
        data_types: Names of raw tables, such as ``trades``.

    Raises:
        SettingsError: a pattern that could never match, or a data type that is no raw table; :meth:`markets` refuses
            unknown venues.
    """

    venues: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    data_types: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = [dataset.name for dataset in RAW]
        if unknown := [name for name in self.data_types if name not in known]:
            raise SettingsError(f"data types {unknown}: not known; allowed are {', '.join(known)}")
        object.__setattr__(self, "patterns", tuple(id_pattern(pattern) for pattern in self.patterns))

    def markets(self) -> tuple[Market, ...]:
        """The chosen markets, in the order of the venue records.

        Raises:
            SettingsError: a name that no venue record knows.
        """
        if not self.venues:
            return tuple(market for venue in VENUES for market in venue.markets)
        chosen = {market for name in self.venues for market in find_markets(name)}
        return tuple(market for venue in VENUES for market in venue.markets if market in chosen)

    def includes(self, instrument: InstrumentId) -> bool:
        """Whether an id matches any of the patterns."""
        text = str(instrument)
        return not self.patterns or any(fnmatchcase(text, pattern) for pattern in self.patterns)

    def choose(self, data_types: Sequence[str]) -> tuple[str, ...]:
        """Those of an instrument's data types that are wanted, in their order."""
        return tuple(name for name in data_types if not self.data_types or name in self.data_types)


def id_pattern(text: str) -> str:
    """A pattern of ids in canonical spelling: three parts between colons, each a name or a pattern with ``*``, ``?`` or ``[…]``.

    Names may be aliases (``binance-futures:SWAP:*`` is ``BINANCE:PERP:*``), since ids hold none and the pattern would
    match nothing. An id without wildcards may be in any spelling that the parser takes.

    Raises:
        SettingsError: not three parts, or a venue, a type or an id that does not exist.
    """
    try:
        if not _is_wild(text):
            return str(find_instrument(text))
        parts = fold_upper(text.strip()).split(":")
        if len(parts) != 3 or not all(parts):
            raise SettingsError(f"instruments {text!r}: expected VENUE:TYPE:SYMBOL, each of them a name or a pattern such as *")
        venue, kind, symbol = parts
        venue = venue if _is_wild(venue) else find_markets(venue)[0].venue
        kind = kind if _is_wild(kind) else str(InstrumentType.parse(kind))
    except UnknownInstrument as error:
        raise SettingsError(f"instruments {text!r}: {error}") from None
    return f"{venue}:{kind}:{symbol}"


def _is_wild(text: str) -> bool:
    return any(character in text for character in "*?[")
