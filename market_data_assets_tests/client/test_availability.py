"""What was listed on a day, and how much of it is there: survivorship-free, on simulated dated contracts."""

import datetime as dt

import pytest

from market_data_assets import MarketData, QueryError
from market_data_assets.assembly.deliveries import find_missing
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.domain.datasets import DailyFrames, TableFrame
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets_tests.client.lakes import lake_at

LAST = dt.date(2024, 9, 27)
"""The last Friday of its quarter: the future and the options of the day expire at 08:00."""
NEXT = LAST + dt.timedelta(days=1)
FUTURE = "BINANCE:FUTURE:BTC-USDT-240927"
PERP = "BINANCE:PERP:BTC-USD"


@pytest.fixture(scope="module")
def market_data(tmp_path_factory):
    """Listings of both days; on the first the trades of the future, and none of the perpetual."""
    root = tmp_path_factory.mktemp("availability")
    lake = lake_at(root)
    source = SimulatedSource(Universe(patterns=("BINANCE:FUTURE:*", PERP, "DERIBIT:OPTION:BTC-USD-*")), scale=0.02)
    for day in (LAST, NEXT):
        lake.write_table(INSTRUMENTS, day, source.instruments(day).frame())
    future = next(each for each in source.instruments(LAST).instruments if str(each.instrument_id) == FUTURE)
    lake.write_day(TRADES, DailyFrames(LAST, {future.instrument_id: lambda: source.fetch(TRADES, future, LAST)}))
    lake.write_table(MISSING_REPORT, LAST, TableFrame(find_missing(lake, lake.read_table(INSTRUMENTS, LAST), LAST, 1)))
    return MarketData(root=root)


def listed(market_data, day, kind):
    frame = market_data.instruments(day, instrument_type=kind)
    return frame.set_index("instrument_id")


def test_contract_that_has_expired_since_is_listed_on_its_last_day_and_gone_on_the_next(market_data):
    assert FUTURE in listed(market_data, LAST, "future").index
    assert FUTURE not in listed(market_data, NEXT, "future").index
    options = listed(market_data, LAST, "option")
    expiring = options[options["expiry"] == dt.datetime(2024, 9, 27, 8, tzinfo=dt.UTC)]
    assert len(expiring) > 0
    assert not set(expiring.index) & set(listed(market_data, NEXT, "option").index)
    # Rows end at the expiry, and nothing of them tells what came later.
    assert (expiring["available_to"].isna() | (expiring["available_to"] == expiring["expiry"])).all()


def test_what_is_missing_of_a_day_has_a_reason_and_a_share(market_data):
    missing = market_data.missing(LAST)
    assert set(missing[missing["instrument_id"] == PERP]["data_type"]) >= {"trades", "book_snapshot_5"}
    shares = market_data.coverage(LAST, NEXT).set_index(["instrument_id", "data_type"])["share"]
    assert shares.between(0, 1).all()
    assert shares[PERP, "trades"] == 0
    assert shares[FUTURE, "trades"] > 0


def test_coverage_leaves_out_days_without_a_report_and_refuses_a_range_that_ends_before_it_starts(market_data):
    assert set(market_data.coverage("2024-09-01", "2024-10-01", as_="polars")["day"].dt.date()) == {LAST}
    assert market_data.coverage(NEXT, "2024-10-01").empty
    with pytest.raises(QueryError, match="before it starts"):
        market_data.coverage(NEXT, LAST)


def test_before_the_report_was_committed_nothing_was_known_to_be_missing(market_data):
    assert market_data.coverage(LAST, NEXT, as_known_at="2020-01-01").empty
    with pytest.raises(LookupError, match="first revision was committed"):
        market_data.missing(LAST, as_known_at="2020-01-01")
