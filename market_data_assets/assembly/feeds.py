"""Every raw feed of one instrument and exchange day, as candles are computed from them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa

from market_data_assets.assembly.up_to_date import REFUSED, identity_of
from market_data_assets.compute.candles.feeds import Feeds
from market_data_assets.domain.datasets import DailyFrames, Finality
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.shards import shard_name
from market_data_assets.errors import NoData, Retryable, Unusable


@dataclass(frozen=True)
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

    def sources(self, instrument: InstrumentId) -> str | None:
        """Identity of the rows of all these feeds, by manifests alone; ``REFUSED`` without trades, None where a feed failed."""
        try:
            version = _version(self.trades, instrument)
            if version is None:
                return REFUSED
            others = [_version(feed, instrument) for feed in (self.books, self.tickers, self.liquidations)]
            chain = [[str(option), self.chains[option].source_version] for option in self._options_on(instrument)]
        except Retryable:
            return None
        return identity_of(version, others, chain)

    def _chain_of(self, instrument: InstrumentId) -> pa.Table | None:
        options = self._options_on(instrument)
        shard = shard_name(options[0]) if options else None
        return None if shard is None else self.chain(shard)

    def _options_on(self, instrument: InstrumentId) -> Sequence[InstrumentId]:
        """The stored options on an instrument: on the venue's perpetual with their base and quote, nowhere else."""
        return [option for option in self._options.get(instrument, ()) if _version(self.chains, option) is not None]

    @cached_property
    def _options(self) -> Mapping[InstrumentId, Sequence[InstrumentId]]:
        """All options by the perpetual that they are on."""
        found: dict[InstrumentId, list[InstrumentId]] = defaultdict(list)
        for option in self.chains:
            found[replace(option, instrument_type=InstrumentType.PERP, expiry=None, strike=None, option_type=None)].append(option)
        return found


def book_sources(books: DailyFrames, instrument: InstrumentId) -> str | None:
    """Identity of the rows of a book; ``REFUSED`` without any, None where it failed."""
    try:
        version = _version(books, instrument)
    except Retryable:
        return None
    return REFUSED if version is None else identity_of(version)


def _version(frames: DailyFrames, instrument: InstrumentId) -> str | None:
    """Identity of the rows of an instrument, which are not read here; None where there are none. Raises Retryable where it failed."""
    if instrument not in frames:
        return None
    try:
        return frames[instrument].source_version
    except (NoData, Unusable):
        return None


def _table(frames: DailyFrames, instrument: InstrumentId) -> pa.Table | None:
    if instrument not in frames:
        return None
    try:
        return frames[instrument].read()
    except (NoData, Unusable):
        return None
