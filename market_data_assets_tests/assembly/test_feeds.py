"""The feeds of one instrument and day: what is stored is used, what was set aside is left out, what failed fails."""

import datetime as dt
from functools import partial

import pyarrow as pa
import pytest

from market_data_assets.assembly.feeds import DayFeeds
from market_data_assets.assembly.timeframe_days import Contracts
from market_data_assets.assembly.up_to_date import REFUSED
from market_data_assets.domain.datasets import DailyFrames, Finality, Frame, TableFrame
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.errors import BadData, MarketDataError, NotListed, Retryable

DAY = dt.date(2024, 8, 8)
TRADES = pa.table({"price": [1.0]})
PERP = InstrumentId.parse("DERIBIT:PERP:BTC-USD")
SPOT = InstrumentId.parse("DERIBIT:SPOT_PAIR:BTC-USD")
CALL, PUT = (InstrumentId.parse(f"DERIBIT:OPTION:BTC-USD-50000-240927-{kind}") for kind in ("CALL", "PUT"))
OTHER = InstrumentId.parse("DERIBIT:OPTION:ETH-USD-3000-240927-CALL")
BAD = BadData("file", rows=1, rejected={"price": 1})


def load(found: Frame | pa.Table | MarketDataError) -> Frame:
    if isinstance(found, MarketDataError):
        raise found
    return TableFrame(found, source_version="1") if isinstance(found, pa.Table) else found


def day(found: dict[InstrumentId, Frame | pa.Table | MarketDataError], **fields: object) -> DailyFrames:
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


def test_identity_of_the_sources_changes_with_every_feed_and_with_nothing_else():
    def sources(**changed: str) -> str | None:
        versions = {"trades": "1", "books": "1", "tickers": "1", "liquidations": "1"} | changed
        stored = [day({PERP: TableFrame(TRADES, source_version=versions[name])}) for name in ("trades", "books", "tickers", "liquidations")]
        chain = day({each: TableFrame(TRADES, source_version=changed.get(each.option_type, "1")) for each in (CALL, PUT)})
        others = day({OTHER: TableFrame(TRADES, source_version=changed.get("other", "1"))})
        return DayFeeds(*stored, chain.or_else(others), lambda _: TRADES).sources(PERP)

    feeds_and_contracts = ("trades", "books", "tickers", "liquidations", CALL.option_type, PUT.option_type)
    assert len({sources(), *(sources(**{name: "2"}) for name in feeds_and_contracts)}) == 7
    assert sources(books="2") != sources(tickers="2")
    assert sources(other="2") == sources()


@pytest.mark.parametrize("missing", ["books", "tickers", "liquidations", "chains"])
def test_feed_that_failed_leaves_the_sources_unknown_and_one_without_rows_is_told_from_one_with_some(missing):
    def sources(found: pa.Table | MarketDataError) -> str | None:
        others = {name: day({}) for name in ("books", "tickers", "liquidations", "chains")}
        others[missing] = day({CALL if missing == "chains" else PERP: found})
        return DayFeeds(day({PERP: TRADES}), **others, chain=lambda _: TRADES).sources(PERP)

    assert sources(Retryable("no answer")) is None
    assert sources(BAD) == sources(NotListed("file"))
    assert sources(TRADES) not in {None, sources(BAD)}


def test_identity_of_the_sources_changes_with_every_term_of_the_contract():
    def sources(**changed: object) -> str | None:
        row = {"instrument_id": str(PERP), "contract_multiplier": 10.0, "available_from": None, "available_to": None} | changed
        table = pa.Table.from_pylist([row], schema=INSTRUMENTS.schema)
        return Contracts("candles", DAY, table).with_ticks(lambda _: changed_ticks)(PERP)

    changed_ticks: str | None = "1"
    noon = dt.datetime(2024, 8, 8, 12, tzinfo=dt.UTC)
    found = [sources(), sources(contract_multiplier=1.0), sources(available_from=noon), sources(available_to=noon)]
    assert len(set(found)) == 4
    assert sources(contract_multiplier=None) == REFUSED
    changed_ticks = "2"
    assert sources() not in found
    changed_ticks = None
    assert sources() is None
