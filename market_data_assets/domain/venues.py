"""Venues, and what each vendor calls their parts. A new venue is one record in VENUES and one file of symbol rules."""

from dataclasses import dataclass, replace

from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.symbols import binance, bitfinex, bitmex, bybit, coinbase, deribit, kraken, okx, upbit
from market_data_assets.domain.symbols.listing import ContractSize, SymbolRule
from market_data_assets.domain.symbols.sizes import one
from market_data_assets.errors import SettingsError, UnknownInstrument


@dataclass(frozen=True, slots=True)
class Market:
    """One part of a venue, as vendors slice it.

    Attributes:
        venue: Our name of the venue, used in ids and paths.
        exchange: Tardis name of the part, such as ``binance-futures``.
        rule: Native symbol → id.
        contract_size: Size of one unit of amount where the vendor does not say.
        binance_vision: Path of the part in Binance Vision, such as ``futures/um``; None where it has none.
        funding_interval_hours: Hours of holding that a funding rate is for, as the market began with; None where there
            is no funding or it is not known. Single contracts may have been moved to shorter intervals since (4 h, 1 h):
            where two successive ``funding_timestamp`` of a contract are closer than this, the data has the last word.
        percent_per_volatility: Percent in one unit of the implied volatilities that the venue reports: 1 where they are
            in percent, 100 where they are fractions.
        premium_adjusted_deltas: Whether the deltas of its inverse options are of the premium in coin: those of Black and
            Scholes less the premium in base.
    """

    venue: str
    exchange: str
    rule: SymbolRule
    contract_size: ContractSize
    binance_vision: str | None = None
    funding_interval_hours: float | None = None
    percent_per_volatility: float = 1.0
    premium_adjusted_deltas: bool = False


# Binance, OKX, Bybit and BitMEX pay at fixed instants 8 h apart (the next funding in their own messages is never further
# ahead; BitMEX has fundingInterval 08:00). Deribit pays all the time, and states the rate as that of 8 h. Kraken's was in
# USD per contract until 2022-09-29 and is a share since, so it is not one number. (tardis-node, mappers and their tests)
_EIGHT_HOURS = 8.0


@dataclass(frozen=True, slots=True)
class Venue:
    """A trading venue.

    Attributes:
        name: Our name, upper case.
        aliases: Other names the parser takes, beside the exchange names of the markets.
    """

    name: str
    markets: tuple[Market, ...]
    aliases: tuple[str, ...] = ()


VENUES = (
    Venue(
        binance.VENUE,
        markets=(
            Market(binance.VENUE, "binance", binance.SPOT, one, binance_vision="spot"),
            Market(binance.VENUE, "binance-futures", binance.USD_MARGINED, one, "futures/um", _EIGHT_HOURS),
            Market(binance.VENUE, "binance-delivery", binance.COIN_MARGINED, binance.coin_margined_size, "futures/cm", _EIGHT_HOURS),
        ),
    ),
    Venue(
        deribit.VENUE,
        markets=(Market(deribit.VENUE, "deribit", deribit.RULE, deribit.contract_size, funding_interval_hours=_EIGHT_HOURS),),
    ),
    Venue(
        okx.VENUE,
        markets=(
            Market(okx.VENUE, "okex", okx.SPOT, okx.contract_size),
            Market(okx.VENUE, "okex-swap", okx.SWAPS, okx.contract_size, funding_interval_hours=_EIGHT_HOURS),
            Market(okx.VENUE, "okex-futures", okx.FUTURES, okx.contract_size),
            # bidVol, askVol and markVol of its option summary are fractions, such as 0.43; delta is of the premium in coin, and
            # what Black and Scholes have is beside it as deltaBS.
            Market(
                okx.VENUE,
                "okex-options",
                okx.OPTIONS,
                okx.contract_size,
                percent_per_volatility=100.0,
                premium_adjusted_deltas=True,
            ),
        ),
    ),
    Venue(
        bybit.VENUE,
        markets=(
            Market(bybit.VENUE, "bybit", bybit.CONTRACTS, one, funding_interval_hours=_EIGHT_HOURS),
            Market(bybit.VENUE, "bybit-spot", bybit.SPOT, one),
            # bidIv, askIv and markPriceIv of its tickers are fractions, such as 0.75.
            Market(bybit.VENUE, "bybit-options", bybit.OPTIONS, one, percent_per_volatility=100.0),
        ),
    ),
    Venue(
        bitmex.VENUE,
        markets=(Market(bitmex.VENUE, "bitmex", bitmex.RULE, bitmex.contract_size, funding_interval_hours=_EIGHT_HOURS),),
    ),
    Venue(coinbase.VENUE, markets=(Market(coinbase.VENUE, "coinbase", coinbase.RULE, one),)),
    Venue(
        kraken.VENUE,
        markets=(
            Market(kraken.VENUE, "kraken", kraken.SPOT, one),
            Market(kraken.VENUE, "cryptofacilities", kraken.CONTRACTS, kraken.contract_size),
        ),
    ),
    Venue(
        bitfinex.VENUE,
        markets=(
            Market(bitfinex.VENUE, "bitfinex", bitfinex.SPOT, one),
            Market(bitfinex.VENUE, "bitfinex-derivatives", bitfinex.CONTRACTS, one),
        ),
    ),
    Venue(upbit.VENUE, markets=(Market(upbit.VENUE, "upbit", upbit.RULE, one),)),
)


def find_markets(name: str) -> tuple[Market, ...]:
    """The markets that a name stands for: all of a venue, or one part of it.

    A venue's name or alias comes first, so ``binance`` is all of Binance and not only the part that Tardis calls so.

    Args:
        name: Our name of a venue, one of its aliases, or a vendor's name of a part, in any case.

    Raises:
        SettingsError: a name that no record has; the message lists what is allowed.
    """
    wanted = name.strip().casefold()
    for venue in VENUES:
        if wanted in {venue.name.casefold(), *(alias.casefold() for alias in venue.aliases)}:
            return venue.markets
    return (market_of(name),)


def find_instrument(text: str | InstrumentId) -> InstrumentId:
    """The id that a person wrote, with the venue by its name, an alias or a vendor's name of its part.

    ``binance-futures:PERP:BTC-USDT`` is ``BINANCE:PERP:BTC-USDT``. :meth:`InstrumentId.parse` takes our names only.

    Raises:
        UnknownInstrument: no id, or a venue that no record has.
        UnsafeName: an id longer than 200 bytes.
    """
    instrument = InstrumentId.parse(text)
    try:
        venue = find_markets(instrument.venue)[0].venue
    except SettingsError as error:
        raise UnknownInstrument.text(str(text), f"a known venue ({error})") from None
    return replace(instrument, venue=venue)


def market_of(exchange: str) -> Market:
    """The market that Tardis calls ``exchange``, in any case.

    Raises:
        SettingsError: a name that no record has; the message lists what is allowed.
    """
    wanted = exchange.strip().casefold()
    for venue in VENUES:
        for market in venue.markets:
            if market.exchange == wanted:
                return market
    raise SettingsError(f"venue {exchange!r} is not known; allowed are {', '.join(_names())}, in any case")


def _names() -> list[str]:
    names = [(venue.name, *venue.aliases, *(market.exchange for market in venue.markets)) for venue in VENUES]
    return [name for group in names for name in group]
