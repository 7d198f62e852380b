"""The definition row of a listing: its id, its names elsewhere, and the size of its contracts."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace

from market_data_assets.domain.assets import asset_name
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.symbols.listing import Listing
from market_data_assets.domain.symbols.multipliers import canonical_asset
from market_data_assets.domain.venues import Market
from market_data_assets.errors import UnknownInstrument


def define(
    market: Market,
    listing: Listing,
    *,
    source: str,
    data_types: Sequence[str],
    contract_multiplier: float | None = None,
    tick_size: float | None = None,
    lot_size: float | None = None,
    min_size: float | None = None,
    min_notional: float | None = None,
    expiry: dt.datetime | None = None,
    listed_at: dt.datetime | None = None,
    available_from: dt.datetime | None = None,
    available_to: dt.datetime | None = None,
    status: str = "active",
    known_at: dt.datetime | None = None,
) -> Instrument:
    """The definition row of ``listing``.

    Args:
        market: The part of the venue that lists it.
        listing: The symbol with the vendor's metadata.
        contract_multiplier: Size of one unit of amount, where the vendor says it: quote per unit if inverse, base
            per unit if linear or an option. Without it the market's rule answers, or it stays None: not known.
        expiry: Exact instant; its UTC date is used where ``listing`` has none. Ignored for what does not expire.

    Raises:
        UnknownInstrument: no rule understands the symbol, the metadata contradicts itself, or the multiplier is
            not a positive number.
        Unusable: a time without a zone, or one that is available until before it is available from.
    """
    if expiry is not None and listing.expiry is None:
        listing = replace(listing, expiry=expiry.astimezone(dt.UTC).date())
    instrument = market.rule(listing)
    if expiry is not None and instrument.expiry is not None and expiry.astimezone(dt.UTC).date() != instrument.expiry:
        raise _contradiction(market, listing, f"an expiry on {instrument.expiry}, as in {instrument}, not at {expiry}")
    canonical, base_multiplier = canonical_asset(asset_name(instrument.base))
    return Instrument(
        instrument_id=instrument,
        native_symbol=listing.symbol,
        source=source,
        data_types=tuple(data_types),
        tardis_exchange=market.exchange,
        tardis_symbol=dataset_symbol(listing.symbol),
        ccxt_symbol=ccxt_symbol(instrument),
        base_asset_canonical=canonical,
        base_multiplier=base_multiplier,
        underlying=_underlying(instrument),
        contract_multiplier=_contract_multiplier(market, listing, instrument, contract_multiplier),
        expiry=expiry if instrument.expiry is not None else None,
        tick_size=tick_size,
        lot_size=lot_size,
        min_size=min_size,
        min_notional=min_notional,
        listed_at=listed_at,
        available_from=available_from,
        available_to=available_to,
        status=status,
        known_at=known_at,
    )


def dataset_symbol(symbol: str) -> str:
    """A native symbol as Tardis names its datasets: upper case, ``/`` and ``:`` replaced by ``-``."""
    return symbol.strip().upper().replace("/", "-").replace(":", "-")


def ccxt_symbol(instrument: InstrumentId) -> str | None:
    """The unified symbol of ccxt: ``BTC/USDT``, ``BTC/USD:BTC``, ``BTC/USD:BTC-241227-100000-C``; None where it has none."""
    if instrument.quote is None or instrument.instrument_type in {InstrumentType.COMBO, InstrumentType.INDEX}:
        return None
    symbol = f"{asset_name(instrument.base)}/{asset_name(instrument.quote)}"
    if instrument.settlement is not None:
        symbol += f":{asset_name(instrument.settlement)}"
    if instrument.expiry is not None:
        symbol += f"-{instrument.expiry:%y%m%d}"
    if instrument.strike is not None and instrument.option_type is not None:
        symbol += f"-{instrument.strike:f}-{instrument.option_type[0]}"
    return symbol


def _underlying(instrument: InstrumentId) -> str | None:
    if instrument.instrument_type.is_derivative or instrument.instrument_type is InstrumentType.COMBO:
        return f"{asset_name(instrument.base)}-{asset_name(instrument.quote or '')}"
    return None


def _contract_multiplier(market: Market, listing: Listing, instrument: InstrumentId, given: float | None) -> float | None:
    if given is not None and not (math.isfinite(given) and given > 0):
        raise _contradiction(market, listing, f"a positive contract multiplier, not {given}")
    if instrument.instrument_type is InstrumentType.SPOT_PAIR:
        return 1.0
    # A quanto contract pays neither in base nor in quote: no fixed factor turns its amounts into either.
    if instrument.is_quanto:
        return None
    return market.contract_size(instrument) if given is None else given


def _contradiction(market: Market, listing: Listing, expected: str) -> UnknownInstrument:
    return UnknownInstrument.symbol(f"{market.venue} {market.exchange}", listing.symbol, expected)
