"""Which instruments of a day share one stored file, and what that file is called.

A venue lists thousands of option contracts, most with few rows a day: the contracts of one underlying lie together.
"""

from functools import lru_cache

from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.errors import UnknownInstrument

SHARDED_TYPES = frozenset({InstrumentType.OPTION})
"""Types whose instruments are stored together by venue, base, quote and settlement."""


@lru_cache(maxsize=65_536)
def shard_name(instrument: InstrumentId) -> str | None:
    """The shard that ``instrument`` is stored in, such as ``DERIBIT:OPTION:BTC-USD``; None for one with a file of its own.

    ``@SETTLE`` follows where the id has one, and ``~n`` where the venue re-used the ticker: that is another underlying.
    """
    if instrument.instrument_type not in SHARDED_TYPES:
        return None
    return f"{instrument.venue}:{instrument.instrument_type}:{_underlying(instrument).symbol}"


def parse_shard_name(text: str) -> str:
    """The canonical form of a shard's name in any case.

    Raises:
        UnknownInstrument: any other text.
    """
    parts = text.strip().split(":")
    if len(parts) != 3 or InstrumentType.parse(parts[1]) not in SHARDED_TYPES:
        raise UnknownInstrument.text(text, f"a shard, VENUE:TYPE:BASE-QUOTE[@SETTLE] with TYPE one of {', '.join(sorted(SHARDED_TYPES))}")
    underlying = InstrumentId.parse(f"{parts[0]}:{InstrumentType.PERP}:{parts[2]}")
    return f"{underlying.venue}:{InstrumentType.parse(parts[1])}:{underlying.symbol}"


def _underlying(instrument: InstrumentId) -> InstrumentId:
    # A perp's symbol is BASE-QUOTE[@SETTLE] and no more, with the settlement rule of every derivative.
    return InstrumentId(
        venue=instrument.venue,
        instrument_type=InstrumentType.PERP,
        base=instrument.base,
        quote=instrument.quote,
        settle=instrument.settle,
        generation=instrument.generation,
    )
