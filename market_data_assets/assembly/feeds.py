"""Every raw feed of one instrument and exchange day, as candles are computed from them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pyarrow as pa

from market_data_assets.compute.candles.feeds import Feeds
from market_data_assets.domain.datasets import DailyFrames, Finality
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.shards import shard_name
from market_data_assets.errors import NoData, Unusable


@dataclass(frozen=True, slots=True)
class DayFeeds:
    """The raw feeds of one exchange day.

    Attributes:
        books: The deepest book of each instrument.
        chains: Option chains; which of them are stored, contract by contract.
        chain: All contracts of one shard and the exchange day, with their ``instrument_id``.
    """

    trades: DailyFrames
    books: DailyFrames
    tickers: DailyFrames
    liquidations: DailyFrames
    chains: DailyFrames
    chain: Callable[[str], pa.Table]

    def candle_day(self) -> DailyFrames:
        """The trades, whose instruments have candles, standing for all feeds: their inputs, and provisional while one of them is."""
        feeds = (self.trades, self.books, self.tickers, self.liquidations, self.chains)
        provisional = any(feed.finality is Finality.PROVISIONAL for feed in feeds if feed.inputs)
        inputs: dict[str, str] = {}
        for feed in feeds:
            inputs |= feed.inputs
        return replace(self.trades, inputs=inputs, finality=Finality.PROVISIONAL if provisional else Finality.FINAL)

    def of(self, instrument: InstrumentId, trades: pa.Table) -> Feeds:
        """The feeds of an instrument. One that is absent or was set aside is None: the others are used without it.

        Raises:
            Retryable: a feed failed when its day was made; candles without it would say that it had nothing.
        """
        return Feeds(
            trades=trades,
            book=_table(self.books, instrument),
            derivative_ticker=_table(self.tickers, instrument),
            liquidations=_table(self.liquidations, instrument),
            options_chain=self._chain_of(instrument),
        )

    def _chain_of(self, instrument: InstrumentId) -> pa.Table | None:
        """The chain of the options on an instrument: on the venue's perpetual with their base and quote, nowhere else."""
        if instrument.instrument_type is not InstrumentType.PERP:
            return None
        options = [each for each in self.chains if _is_underlying(instrument, each) and _is_stored(self.chains, each)]
        shard = shard_name(options[0]) if options else None
        return None if shard is None else self.chain(shard)


def _is_underlying(perpetual: InstrumentId, option: InstrumentId) -> bool:
    return replace(option, instrument_type=InstrumentType.PERP, expiry=None, strike=None, option_type=None) == perpetual


def _is_stored(frames: DailyFrames, instrument: InstrumentId) -> bool:
    """Whether there are rows of it, which are not read here; raises Retryable where it failed."""
    try:
        frames[instrument]
    except (NoData, Unusable):
        return False
    return True


def _table(frames: DailyFrames, instrument: InstrumentId) -> pa.Table | None:
    if instrument not in frames:
        return None
    try:
        return frames[instrument].read()
    except (NoData, Unusable):
        return None
