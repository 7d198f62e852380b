"""The simulated markets, one record each. A new market is one record in MARKETS."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from market_data_assets.domain.instruments import InstrumentType


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedMarket:
    """One perpetual market, or one family of dated contracts.

    Attributes:
        exchange: Tardis name of the part of the venue.
        symbol: Native symbol; dated contracts append their date, strike and kind as the venue does.
        contract_size: One unit of amount, in quote (inverse) or base (linear); None where an amount is simply base.
        tick: Smallest price step, in quote; of options in base, since their premium is paid in it.
        lot: Smallest amount step, as the venue reports amounts.
        trades: Mean number of trades a day, per contract.
        updates: Mean number of book changes a day beside those that trades cause, per contract. Options are quoted by
            the clock instead.
        spread: Mean spread in ticks, 1 or more.
        gap: Mean distance between neighbouring book levels in ticks, 1 or more.
        trade_lots: Median size of a trade in lots.
        level_lots: Median amount resting at the best level in lots.
        levels: What its deepest book feed shows: 5, or 25 beside them.
        open_lots: Typical open interest in lots; 0 where nothing stays open.
        ticker_seconds: Mean seconds between two rows of the derivative ticker.
        basis: Size of the slow wander around the underlying's path, as a share of the price.
        latency: Median delay between exchange and recorder in milliseconds.
        listed: First UTC day, at its midnight. Dated contracts have their own listing time, never before it.
    """

    exchange: str
    symbol: str
    instrument_type: InstrumentType
    base: str
    quote: str
    inverse: bool = False
    contract_size: float | None = None
    tick: Decimal
    lot: Decimal
    trades: int
    updates: int
    spread: float
    gap: float
    trade_lots: float
    level_lots: float
    levels: int = 5
    open_lots: float = 0.0
    ticker_seconds: float = 1.0
    basis: float = 0.0
    latency: float
    listed: dt.date


def _spot(symbol: str, base: str, *, lot: str, trades: int, trade_lots: float, levels: int) -> SimulatedMarket:
    return SimulatedMarket(
        exchange="binance",
        symbol=symbol,
        instrument_type=InstrumentType.SPOT_PAIR,
        base=base,
        quote="USDT",
        tick=Decimal("0.01"),
        lot=Decimal(lot),
        trades=trades,
        updates=trades // 2,
        spread=1.3,
        gap=20.0,
        trade_lots=trade_lots,
        level_lots=40 * trade_lots,
        levels=levels,
        latency=9.0,
        listed=dt.date(2017, 8, 17),
    )


def _linear(
    kind: InstrumentType, symbol: str, base: str, *, tick: str, trades: int, spread: float, trade_lots: float, levels: int
) -> SimulatedMarket:
    return SimulatedMarket(
        exchange="binance-futures",
        symbol=symbol,
        instrument_type=kind,
        base=base,
        quote="USDT",
        contract_size=1.0,
        tick=Decimal(tick),
        lot=Decimal("0.001"),
        trades=trades,
        updates=trades // 2,
        spread=spread,
        gap=2.0,
        trade_lots=trade_lots,
        level_lots=60 * trade_lots,
        levels=levels,
        open_lots=trades * trade_lots,
        basis=3e-4,
        latency=7.0,
        listed=dt.date(2019, 9, 8),
    )


def _deribit(kind: InstrumentType, symbol: str, *, tick: str, trades: int, spread: float, levels: int) -> SimulatedMarket:
    return SimulatedMarket(
        exchange="deribit",
        symbol=symbol,
        instrument_type=kind,
        base="BTC",
        quote="USD",
        inverse=True,
        contract_size=1.0,
        tick=Decimal(tick),
        lot=Decimal(10),
        trades=trades,
        updates=2 * trades,
        spread=spread,
        gap=2.0,
        trade_lots=60.0,
        level_lots=2_000.0,
        levels=levels,
        open_lots=trades * 60.0,
        basis=4e-4,
        latency=18.0,
        listed=dt.date(2018, 8, 14),
    )


MARKETS = (
    _spot("BTCUSDT", "BTC", lot="0.00001", trades=40_000, trade_lots=150, levels=25),
    _spot("ETHUSDT", "ETH", lot="0.0001", trades=20_000, trade_lots=300, levels=5),
    _linear(InstrumentType.PERP, "BTCUSDT", "BTC", tick="0.1", trades=60_000, spread=1.1, trade_lots=8, levels=25),
    _linear(InstrumentType.PERP, "ETHUSDT", "ETH", tick="0.01", trades=25_000, spread=1.1, trade_lots=80, levels=5),
    _linear(InstrumentType.FUTURE, "BTCUSDT", "BTC", tick="0.1", trades=4_000, spread=12, trade_lots=5, levels=5),
    SimulatedMarket(
        exchange="binance-delivery",
        symbol="BTCUSD_PERP",
        instrument_type=InstrumentType.PERP,
        base="BTC",
        quote="USD",
        inverse=True,
        contract_size=100.0,
        tick=Decimal("0.1"),
        lot=Decimal(1),
        trades=12_000,
        updates=12_000,
        spread=1.2,
        gap=3.0,
        trade_lots=6.0,
        level_lots=900.0,
        levels=25,
        open_lots=90_000.0,
        basis=4e-4,
        latency=8.0,
        listed=dt.date(2020, 8, 11),
    ),
    _deribit(InstrumentType.PERP, "BTC-PERPETUAL", tick="0.5", trades=15_000, spread=1.2, levels=25),
    _deribit(InstrumentType.FUTURE, "BTC", tick="2.5", trades=2_000, spread=3, levels=5),
    SimulatedMarket(
        exchange="deribit",
        symbol="BTC",
        instrument_type=InstrumentType.OPTION,
        base="BTC",
        quote="USD",
        inverse=True,
        tick=Decimal("0.0001"),
        lot=Decimal("0.1"),
        trades=240,
        updates=0,
        spread=6.0,
        gap=3.0,
        trade_lots=10.0,
        level_lots=150.0,
        open_lots=4_000.0,
        basis=4e-4,
        latency=18.0,
        listed=dt.date(2018, 8, 14),
    ),
)
