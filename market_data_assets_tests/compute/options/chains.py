"""Small chains of options, and the premiums that a known smile gives."""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from market_data_assets.compute.options.chain import read_chain
from market_data_assets.compute.options.surface import Surface, surface_at
from market_data_assets.domain.days import DAY_MICROSECONDS, day_start
from market_data_assets.domain.schemas import OPTIONS_CHAIN

DAY = dt.date(2024, 8, 8)
MIDNIGHT = day_start(DAY)
SECOND = 1_000_000
YEAR = 365 * 86_400 * SECOND
FORWARD = 60_000.0
_EXPIRY_HOUR = 8 * 3_600 * SECOND


@dataclass(frozen=True)
class Quote:
    """One row of a chain; times in µs since 00:00, the expiry at 08:00 so many days later, volatility in percent."""

    strike: float
    kind: str = "call"
    at: int = 0
    days: int = 30
    iv: float | None = 60.0
    delta: float | None = None
    gamma: float | None = None
    interest: float | None = None
    bid: float | None = None
    ask: float | None = None
    forward: float | None = FORWARD
    delay: int = 1_000
    base: str = "BTC"
    quote: str = "USD"
    mark: float | None = None
    venue: str = "DERIBIT"

    @property
    def expiration(self) -> int:
        return MIDNIGHT + self.days * DAY_MICROSECONDS + _EXPIRY_HOUR

    @property
    def instrument_id(self) -> str:
        expiry = DAY + dt.timedelta(days=self.days)
        return f"{self.venue}:OPTION:{self.base}-{self.quote}-{self.strike:g}-{expiry:%y%m%d}-{self.kind.upper()}"


def table(quotes: Sequence[Quote]) -> pa.Table:
    """The rows in the order given, with the columns that the surface reads."""
    values = {
        "timestamp": [MIDNIGHT + quote.at for quote in quotes],
        "local_timestamp": [MIDNIGHT + quote.at + quote.delay for quote in quotes],
        "expiration": [quote.expiration for quote in quotes],
        "option_type": [quote.kind for quote in quotes],
        "strike_price": [quote.strike for quote in quotes],
        "open_interest": [quote.interest for quote in quotes],
        "bid_price": [quote.bid for quote in quotes],
        "ask_price": [quote.ask for quote in quotes],
        "mark_price": [quote.mark for quote in quotes],
        "mark_iv": [quote.iv for quote in quotes],
        "underlying_price": [quote.forward for quote in quotes],
        "delta": [quote.delta for quote in quotes],
        "gamma": [quote.gamma for quote in quotes],
    }
    columns = {"instrument_id": pa.array([quote.instrument_id for quote in quotes], pa.string())}
    for name, column in values.items():
        type_ = OPTIONS_CHAIN.columns[name].type
        columns[name] = pa.array(column, pa.int64() if pa.types.is_timestamp(type_) else None).cast(type_)
    return pa.table(columns)


def surface(quotes: Sequence[Quote], *instants: int) -> Surface:
    """The surface of quotes of one venue at instants in µs since 00:00."""
    return surface_at(read_chain(table(quotes), quotes[0].venue if quotes else "DERIBIT"), MIDNIGHT + np.array(instants, np.int64))


def normal(value: float) -> float:
    """Probability that a standard normal is below the value."""
    return 0.5 * math.erfc(-value / math.sqrt(2.0))


def black(kind: str, forward: float, strike: float, years: float, volatility: float) -> tuple[float, float]:
    """Undiscounted premium in quote (Black 1976), and the Black-Scholes delta."""
    deviation = volatility * math.sqrt(years)
    upper = math.log(forward / strike) / deviation + deviation / 2
    call = forward * normal(upper) - strike * normal(upper - deviation)
    return (call, normal(upper)) if kind == "call" else (call - forward + strike, normal(upper) - 1)


def smile_quotes(smile: Callable[[float, float], float], strikes: Iterable[float], days: Iterable[int]) -> list[Quote]:
    """Calls and puts of Deribit, premium in base, at 00:00, where σ = smile(strike, years): bid and ask around the model's premium."""
    quotes = []
    for expiry in days:
        for strike in strikes:
            for kind in ("call", "put"):
                quote = Quote(strike, kind, days=expiry)
                years = (quote.expiration - MIDNIGHT) / YEAR
                volatility = smile(strike, years)
                premium, delta = black(kind, FORWARD, strike, years, volatility)
                paid = premium / FORWARD
                prices = {"bid": 0.99 * paid, "ask": 1.01 * paid, "mark": paid}
                quotes.append(Quote(strike, kind, days=expiry, iv=100 * volatility, delta=delta, **prices))
    return quotes
