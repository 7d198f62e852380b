"""The option chain: quotes, mark, implied volatilities and greeks of an option whenever its quotes are renewed."""

import numpy as np

from market_data_assets.domain.days import day_of, to_datetime
from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.sources.simulated.book import ASK, BID
from market_data_assets.sources.simulated.contracts import contracts, deribit_date
from market_data_assets.sources.simulated.greeks import greeks
from market_data_assets.sources.simulated.grid import decimals
from market_data_assets.sources.simulated.last_price import last_price
from market_data_assets.sources.simulated.open_interest import open_interest
from market_data_assets.sources.simulated.options import black, implied_volatility, volatility_of
from market_data_assets.sources.simulated.prices import forward, years_left
from market_data_assets.sources.simulated.recording import Recording
from market_data_assets.sources.simulated.rows import OPTION_TYPES, Column, Floats, Instants, Rows

_GREEK_DIGITS = 5
_MARK_DIGITS = 8
_VOLATILITY_DIGITS = 2
_FORWARD_DIGITS = 4


def options_chain(recording: Recording) -> Rows:
    """The chain rows of one option, as Deribit prints them: volatilities in percent, premiums in base.

    The best prices are those of the option's own book. Every volatility is the one at which Black-76 on the row's
    underlying gives the row's price; a price that is not above the intrinsic value has none.
    """
    instants, (kind, strike) = recording.quotes(), recording.contract.terms
    size = len(instants)
    return Rows(
        {
            "timestamp": instants,
            "local_timestamp": recording.arrivals("chain", instants),
            "option_type": np.full(size, OPTION_TYPES.index(kind.lower()), dtype=np.int8),
            "strike_price": np.full(size, strike),
            "expiration": np.full(size, recording.contract.expires, dtype=np.int64),
            "open_interest": open_interest(recording, instants),
            "last_price": last_price(recording, instants),
            "underlying_index": np.full(size, _underlying_index(recording)),
            **_priced(recording, instants),
        }
    )


def _priced(recording: Recording, instants: Instants) -> dict[str, Column]:
    """The columns that depend on the underlying."""
    contract, (kind, strike) = recording.contract, recording.contract.terms
    future = np.round(forward(contract, instants), _FORWARD_DIGITS)
    years = years_left(contract, instants)
    volatility = implied_volatility(future, strike, years)
    sensitivities = greeks(kind, future, strike, years, volatility)
    best = _best(recording, instants)
    paid = {f"{side}_iv": _percent(volatility_of(kind, best[f"{side}_price"], future, strike, years)) for side in ("bid", "ask")}
    return {
        **best,
        **paid,
        "mark_price": np.round(black(kind, future, strike, years, volatility), _MARK_DIGITS),
        "mark_iv": _percent(volatility),
        "underlying_price": future,
        **{name: np.round(getattr(sensitivities, name), _GREEK_DIGITS) for name in ("delta", "gamma", "vega", "theta", "rho")},
    }


def _best(recording: Recording, instants: Instants) -> dict[str, Floats]:
    """Best prices and amounts that stand at each instant, NaN where a side is empty."""
    book, market = recording.order_book(1), recording.contract.market
    row = book.standing(instants)
    best = {}
    for name, side in (("ask", ASK), ("bid", BID)):
        ticks, lots = book.ticks[row, side, 0], book.lots[row, side, 0]
        best[f"{name}_price"] = np.where(ticks > 0, decimals(ticks, market.tick), np.nan)
        best[f"{name}_amount"] = np.where(ticks > 0, decimals(lots, market.lot), np.nan)
    return best


def _percent(volatility: Floats) -> Floats:
    return np.round(volatility * 100, _VOLATILITY_DIGITS)


def _underlying_index(recording: Recording) -> str:
    """The listed future of the same expiry, or the synthetic one that the venue computes where it lists none."""
    contract, span = recording.contract, recording.span
    future = f"{contract.market.base}-{deribit_date(to_datetime(contract.expires or 0).date())}"
    is_listed = any(
        other.market.instrument_type is InstrumentType.FUTURE
        and (other.market.exchange, other.expires) == (contract.market.exchange, contract.expires)
        and other.trades_throughout(span)
        for other in contracts(day_of(span.start))
    )
    return future if is_listed else f"SYN.{future}"
