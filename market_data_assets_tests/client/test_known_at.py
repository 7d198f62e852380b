"""Reading as known at an instant: a back-test that is run again later is given the rows of its time."""

import datetime as dt
from itertools import count

import pytest

from market_data_assets import MarketData, PartitionMissing, QueryError
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.days import to_instant
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores import open_store
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, NEXT_DAY, buckets, write_buckets, write_instruments, write_trades

CANDLES_1M = CANDLES[Timeframe.parse("1m")]
FRIDAY, SATURDAY = "2024-08-09T09:00", "2024-08-10T09:00"


def lake_with_clock(root, start: str, hours: int = 24) -> Lake:
    """Commits at ``start``, and so many hours later each time."""
    clock = count(to_instant(start), hours * 3_600_000_000)
    return Lake(open_store(root.as_uri()), workers=1, clock=clock.__next__)


@pytest.fixture(scope="module")
def market_data(tmp_path_factory):
    return filled(tmp_path_factory.mktemp("lake"))


def filled(root) -> MarketData:
    """Trades of Thursday stored on Friday and restated on Saturday; those of Friday stored on Saturday alone."""
    lake = lake_with_clock(root, FRIDAY)
    write_trades(lake, DAY, {BTC: [("2024-08-08T01:00", 1, "buy", 10.0)], ETH: [("2024-08-08T01:00", 1, "buy", 1.0)]})
    write_trades(lake, DAY, {BTC: [("2024-08-08T01:00", 1, "buy", 11.0), ("2024-08-08T02:00", 2, "buy", 12.0)]})
    lake = lake_with_clock(root, SATURDAY)
    write_trades(lake, NEXT_DAY, {BTC: [("2024-08-08T23:59:59", 3, "buy", 13.0), ("2024-08-09T01:00", 4, "buy", 14.0)]})
    lake = lake_with_clock(root, FRIDAY)
    for close in (1.0, 2.0):
        write_buckets(lake, CANDLES_1M, DAY, {BTC: buckets(CANDLES_1M, BTC, ["2024-08-08T00:00"], close=[close])})
    lake = lake_with_clock(root, FRIDAY)
    write_instruments(lake, DAY, {str(BTC): "binance-futures"})
    write_instruments(lake, DAY, {str(BTC): "binance-futures", str(ETH): "binance-futures"})
    return MarketData(root=root)


def prices(market_data, as_known_at, start="2024-08-08", end="2024-08-09", **options):
    return list(market_data.trades(BTC, start, end, as_known_at=as_known_at, **options)["price"])


def test_restated_day_is_read_as_it_was_known(market_data):
    assert prices(market_data, FRIDAY) == [10]
    assert prices(market_data, "2024-08-10T08:59:59.999999") == [10]
    assert prices(market_data, SATURDAY) == prices(market_data, None) == [11, 12, 13]


@pytest.mark.parametrize(
    "instant", ["2024-08-10", dt.date(2024, 8, 10), dt.datetime(2024, 8, 9, 23, tzinfo=dt.UTC), "2024-08-10T01:00+01:00"]
)
def test_instant_is_text_a_day_or_an_aware_datetime(market_data, instant):
    assert prices(market_data, instant) == [10]


def test_naive_instant_is_refused(market_data):
    with pytest.raises(QueryError, match="naive"):
        prices(market_data, dt.datetime(2024, 8, 10))  # noqa: DTZ001


def test_instrument_that_a_restatement_dropped_is_still_read_as_of_before(market_data):
    assert len(market_data.trades(ETH, "2024-08-08", "2024-08-09", as_known_at=FRIDAY)) == 1
    with pytest.raises(QueryError, match="not known"):
        market_data.trades(ETH, "2024-08-08", "2024-08-09", as_known_at=SATURDAY)


def test_day_that_was_not_stored_yet_is_missing_and_says_since_when_it_is_there(market_data):
    committed = r"first committed at 2024-08-09 09:00:00\+00:00"
    with pytest.raises(PartitionMissing, match=rf"nothing stored for 2024-08-08; 2024-08-08 \({committed}\); no day is stored"):
        prices(market_data, "2024-08-09T08:59")
    later = r"missing are 2024-08-09; 2024-08-09 \(first committed at 2024-08-10 09:00:00\+00:00\); stored nearby are 2024-08-08; "
    with pytest.raises(PartitionMissing, match=later):
        prices(market_data, FRIDAY, end="2024-08-10")
    assert prices(market_data, FRIDAY, end="2024-08-10", missing="skip") == [10]
    with pytest.raises(PartitionMissing, match=r"missing are 2024-08-09, 2024-08-10; 2024-08-09 \(first committed at [^)]*\); stored"):
        prices(market_data, FRIDAY, end="2024-08-11")


def test_explain_says_which_revision_of_each_day_is_read(market_data):
    now, then = (market_data.explain("trades", BTC, "2024-08-08", "2024-08-10", as_known_at=each) for each in (None, FRIDAY))
    assert [(piece.day, piece.file.revision) for piece in now.pieces] == [(DAY, 2), (NEXT_DAY, 1)]
    assert [(piece.day, piece.file.revision, piece.file.committed_at) for piece in then.pieces] == [(DAY, 1, to_instant(FRIDAY))]
    assert str(then).splitlines()[2].endswith("1 row, " + f"{then.size:,} bytes, revision 1 committed at 2024-08-09 09:00:00+00:00")
    assert [str(gap) for gap in then.missing] == ["2024-08-09 (first committed at 2024-08-10 09:00:00+00:00)"]


def test_candles_are_those_of_the_time_in_the_lake_and_refused_from_the_warehouse(market_data):
    span = (BTC, "1m", "2024-08-08", "2024-08-09", ["close"])
    assert [list(market_data.candles(*span, as_known_at=each)["close"]) for each in (FRIDAY, SATURDAY, None)] == [[1], [2], [2]]
    with pytest.raises(QueryError, match="only the lake keeps earlier revisions"):
        market_data.candles(*span, as_known_at=FRIDAY, source="warehouse")


def test_instruments_are_those_that_were_known(market_data):
    known = [list(market_data.instruments(DAY, as_known_at=each)["instrument_id"]) for each in (FRIDAY, SATURDAY, None)]
    assert known == [[str(BTC)], [str(BTC), str(ETH)], [str(BTC), str(ETH)]]
    with pytest.raises(PartitionMissing, match="its first revision was committed at 2024-08-09 09:00"):
        market_data.instruments(DAY, as_known_at="2024-08-09")


def test_past_does_not_change_when_the_day_is_restated_again(tmp_path):
    market_data = filled(tmp_path)
    write_trades(lake_with_clock(tmp_path, "2024-09-01"), NEXT_DAY, {BTC: [("2024-08-09T01:00", 4, "buy", 99.0)]})
    assert prices(market_data, SATURDAY, end="2024-08-10") == [11, 12, 13, 14]
    assert prices(market_data, None, end="2024-08-10") == [11, 12, 99]
