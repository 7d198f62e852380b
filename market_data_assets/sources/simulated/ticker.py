"""The derivative ticker: funding, open interest, index and mark price, about once a second."""

from decimal import Decimal

import numpy as np

from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.sources.simulated import path
from market_data_assets.sources.simulated.arrivals import MILLISECOND
from market_data_assets.sources.simulated.funding import funding_rate, next_funding, predicted_rate
from market_data_assets.sources.simulated.grid import decimals
from market_data_assets.sources.simulated.last_price import last_price
from market_data_assets.sources.simulated.open_interest import open_interest
from market_data_assets.sources.simulated.prices import fair_price
from market_data_assets.sources.simulated.recording import Recording
from market_data_assets.sources.simulated.rows import NO_INSTANT, Floats, Instants, Rows

JITTER = 0.4
"""A row comes at most this share of the ticker's period late, so rows are never further apart than 1 + JITTER periods."""

_CENT = Decimal("0.01")


def derivative_ticker(recording: Recording) -> Rows:
    """The ticker rows of a perpetual or a dated future; the latter has no funding. Every field holds at its row's time."""
    contract, instants = recording.contract, _instants(recording)
    return Rows(
        {
            "timestamp": instants,
            "local_timestamp": recording.arrivals("ticker", instants),
            **_funding(recording, instants),
            "open_interest": open_interest(recording, instants),
            "last_price": last_price(recording, instants),
            "index_price": _to_the_cent(path.price(contract.market.base, instants)),
            "mark_price": _to_the_cent(fair_price(contract, instants)),
        }
    )


def _funding(recording: Recording, instants: Instants) -> dict[str, Instants | Floats]:
    market = recording.contract.market
    if market.instrument_type is InstrumentType.PERP:
        return {
            "funding_timestamp": next_funding(instants),
            "funding_rate": funding_rate(market, instants),
            "predicted_funding_rate": predicted_rate(market, instants),
        }
    nothing = np.full(len(instants), np.nan)
    return {"funding_timestamp": np.full(len(instants), NO_INSTANT), "funding_rate": nothing, "predicted_funding_rate": nothing}


def _instants(recording: Recording) -> Instants:
    """Strictly ascending whole milliseconds: a row each period, up to a share of it late."""
    period = int(recording.contract.market.ticker_seconds * 1_000_000)
    latest = int(period * JITTER)
    every = np.arange(recording.span.start, recording.span.end - latest, period, dtype=np.int64)
    return np.asarray(every + recording.stream("ticks").integers(1, latest // MILLISECOND + 1, len(every)) * MILLISECOND)


def _to_the_cent(prices: Floats) -> Floats:
    return decimals(np.rint(prices * 100).astype(np.int64), _CENT)
