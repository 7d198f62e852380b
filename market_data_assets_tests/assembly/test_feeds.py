"""The feeds of one instrument and day: what is stored is used, what was set aside is left out, what failed fails."""

import datetime as dt
from functools import partial

import pyarrow as pa
import pytest

from market_data_assets.assembly.feeds import DayFeeds
from market_data_assets.domain.datasets import DailyFrames, Finality, Frame, TableFrame
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import BadData, MarketDataError, NotListed, Retryable

DAY = dt.date(2024, 8, 8)
TRADES = pa.table({"price": [1.0]})
PERP = InstrumentId.parse("DERIBIT:PERP:BTC-USD")
SPOT = InstrumentId.parse("DERIBIT:SPOT_PAIR:BTC-USD")
CALL, PUT = (InstrumentId.parse(f"DERIBIT:OPTION:BTC-USD-50000-240927-{kind}") for kind in ("CALL", "PUT"))
OTHER = InstrumentId.parse("DERIBIT:OPTION:ETH-USD-3000-240927-CALL")
BAD = BadData("file", rows=1, rejected={"price": 1})


def load(found: pa.Table | MarketDataError) -> Frame:
    if isinstance(found, MarketDataError):
        raise found
    return TableFrame(found)


def day(found: dict[InstrumentId, pa.Table | MarketDataError], **fields: object) -> DailyFrames:
    return DailyFrames(DAY, {instrument: partial(load, each) for instrument, each in found.items()}, **fields)


def feeds(books: DailyFrames | None = None, chains: DailyFrames | None = None) -> DayFeeds:
    """A chain is the name of its shard."""
    nothing = day({})
    return DayFeeds(day({PERP: TRADES}), books or nothing, nothing, nothing, chains or nothing, lambda shard: pa.table({"shard": [shard]}))


def test_feed_that_is_stored_is_given_and_one_that_is_not_is_none():
    found = feeds(day({PERP: TRADES})).of(PERP, TRADES)
    assert (found.trades, found.book) == (TRADES, TRADES)
    assert found.derivative_ticker is found.liquidations is found.options_chain is None


@pytest.mark.parametrize("error", [BAD, NotListed("file")])
def test_feed_that_was_set_aside_or_is_absent_is_left_out(error):
    assert feeds(day({PERP: error})).of(PERP, TRADES).book is None
    assert feeds(chains=day({CALL: error, PUT: error})).of(PERP, TRADES).options_chain is None


def test_feed_that_failed_is_not_taken_for_one_that_had_nothing():
    with pytest.raises(Retryable, match="no answer"):
        feeds(day({PERP: Retryable("no answer")})).of(PERP, TRADES)
    with pytest.raises(Retryable, match="no answer"):
        feeds(chains=day({CALL: TRADES, PUT: Retryable("no answer")})).of(PERP, TRADES)


def test_chain_is_that_of_the_perpetual_with_its_base_and_quote_and_of_nothing_else():
    chains = feeds(chains=day({CALL: BAD, PUT: TRADES, OTHER: Retryable("no answer")}))
    chain = chains.of(PERP, TRADES).options_chain
    assert chain is not None
    assert chain["shard"].to_pylist() == ["DERIBIT:OPTION:BTC-USD"]
    for other in (SPOT, *map(InstrumentId.parse, ("DERIBIT:PERP:BTC-USDC", "BINANCE:PERP:BTC-USD", "DERIBIT:PERP:BTC-USD~2"))):
        assert chains.of(other, TRADES).options_chain is None


def test_day_is_provisional_while_one_of_its_feeds_is_and_made_from_all_of_them():
    trades = day({PERP: TRADES}, inputs={"trades/D": "1"}, finality=Finality.FINAL)
    books = day({PERP: TRADES}, inputs={"books/D": "2"}, finality=Finality.PROVISIONAL)
    never_stored = day({}, finality=Finality.PROVISIONAL)

    def candle_day(books: DailyFrames) -> DailyFrames:
        return DayFeeds(trades, books, never_stored, never_stored, never_stored, lambda _: TRADES).candle_day()

    assert candle_day(books).finality is Finality.PROVISIONAL
    assert candle_day(never_stored).finality is Finality.FINAL
    assert dict(candle_day(books).inputs) == {"trades/D": "1", "books/D": "2"}
    assert list(candle_day(books)) == [PERP]
