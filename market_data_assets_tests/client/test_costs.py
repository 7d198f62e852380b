import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.client.costs import GIB, MIB, TIB, Cost, Price, Rates
from market_data_assets.client.lake_shelf import LakeShelf
from market_data_assets.client.offers import lake_offer, warehouse_offer
from market_data_assets.client.plan import plan_read
from market_data_assets.client.stored_days import Piece, StoredFile
from market_data_assets.client.wording import counted, dollars, readable
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.days import TimeRange, day_end, day_start
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, buckets, write_buckets
from market_data_assets_tests.faults.stores import RemoteStore


class Counted(RemoteStore):
    """A remote store that counts its requests too."""

    requests = 0

    def _operation(self, change, call):
        self.requests += 1
        return call()


CANDLES_1M = CANDLES[Timeframe.parse("1m")]
WHOLE_DAY = TimeRange.of_day(DAY)
AMOUNTS = st.floats(0, 1e6)


def piece(size, rows=1_440):
    return Piece(BTC, DAY, StoredFile("a file", rows, size, (day_start(DAY), day_end(DAY) - 1)))


def offer(size, *, dataset=CANDLES_1M, columns=("timestamp", "close"), time_range=WHOLE_DAY, rows=1_440, rates=None):
    return lake_offer([piece(size, rows)], dataset, columns, time_range, rates or Rates(), local=False)


def test_every_price_names_its_unit_and_its_source():
    prices = [value for name in Rates.__dataclass_fields__ if isinstance(value := getattr(Rates(), name), Price)]
    assert len(prices) == 6
    assert all(price.unit and price.source and price.per > 0 for price in prices)


def test_prices_are_those_that_google_publishes():
    rates = Rates()
    assert rates.query.of(TIB) == 6.25
    assert rates.storage_read.of(TIB) == pytest.approx(1.1)
    assert (rates.listing.of(1_000), rates.request.of(1_000_000)) == (0.005, pytest.approx(0.4))
    assert (rates.retrieval.of(GIB), rates.network.of(GIB)) == (0, 0)


def test_rates_are_overridden_one_by_one():
    abroad = Rates(network=Price(0.12, GIB, "byte sent", "to the internet"))
    assert offer(GIB, columns=CANDLES_1M.columns, rates=abroad).cost.dollars == pytest.approx(0.12, rel=1e-2)
    assert abroad.query == Rates().query


def test_query_costs_at_least_ten_mebibytes():
    rates = Rates()
    assert warehouse_offer(0, 0, rates).cost == warehouse_offer(10 * MIB, 0, rates).cost
    assert warehouse_offer(10 * MIB, 0, rates).cost.dollars == pytest.approx(0.0000596, rel=1e-3)
    assert warehouse_offer(TIB, 0, rates).cost.dollars == 6.25


def test_small_file_is_fetched_whole_and_a_large_one_by_columns():
    assert offer(100_000).size == 100_000
    assert offer(100_000).requests == 3
    few, all_ = offer(100_000_000), offer(100_000_000, columns=list(CANDLES_1M.columns))
    assert few.size < 2_000_000 < all_.size == 100_000_000
    assert few.requests == 5
    assert few.cost.dollars == pytest.approx(5 * 0.0004 / 1000)


def test_window_of_many_rows_fetches_the_row_groups_around_it():
    hour = TimeRange(day_start(DAY), day_start(DAY) + 3_600 * 1_000_000)
    columns = list(TRADES.columns)
    whole = offer(500_000_000, dataset=TRADES, columns=columns, rows=10_000_000)
    part = offer(500_000_000, dataset=TRADES, columns=columns, time_range=hour, rows=10_000_000)
    assert whole.size == 500_000_000
    assert 500_000_000 / 24 < part.size < 500_000_000 / 24 + 10_000_000


def test_what_is_on_this_machine_costs_nothing():
    assert lake_offer([piece(GIB)], CANDLES_1M, ["close"], WHOLE_DAY, Rates(), local=True).cost == Cost()
    assert warehouse_offer(TIB, GIB, Rates(), local=True).cost == Cost()


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_of_two_costs_at_most_one_beats_the_other(a, b, c, d):
    one, other, rates = Cost(a, b), Cost(c, d), Rates()
    assert not (one.beats(other, rates) and other.beats(one, rates))
    assert not one.beats(one, rates)


def test_dollars_count_before_seconds_unless_they_are_as_good_as_equal():
    rates = Rates(negligible_dollars=0.001)
    assert Cost(0.01, 60).beats(Cost(0.02, 1), rates)
    assert Cost(0.0005, 1).beats(Cost(0.0, 60), rates)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (412_345, "412.3 kB"), (1_200_000_000, "1.2 GB"), (5 * 10**15, "5000.0 TB")],
)
def test_bytes_read_well(size, text):
    assert readable(size) == text


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "$0.00"), (0.0000028, "$0.0000028"), (0.0069, "$0.0069"), (0.1, "$0.10"), (12.345, "$12.35")]
)
def test_dollars_have_two_digits_however_small(amount, text):
    assert dollars(amount) == text


@pytest.mark.parametrize(
    ("count", "noun", "text"), [(1, "query", "1 query"), (2, "query", "2 queries"), (3, "day", "3 days"), (4_320, "row", "4,320 rows")]
)
def test_counts_read_well(count, noun, text):
    assert counted(count, noun) == text


def test_offers_read_well():
    assert str(warehouse_offer(1_200_000_000, 0, Rates())) == "warehouse: dry run 1.2 GB, 1 query, $0.0068, about 1.5 s"
    assert str(offer(100_000)) == "lake: 1 file, 100.0 kB, 3 requests, $0.0000012, about 0.2 s"


@pytest.mark.parametrize("columns", [["close"], list(CANDLES_1M.columns)])
@pytest.mark.parametrize("minutes", [3, 1_440])
def test_lake_makes_no_more_requests_and_fetches_no_more_bytes_than_its_offer_says(columns, minutes):
    store = Counted(MemoryStore())
    lake = Lake(store, workers=1)
    starts = [f"2024-08-08T{minute // 60:02}:{minute % 60:02}" for minute in range(minutes)]
    write_buckets(lake, CANDLES_1M, DAY, {one: buckets(CANDLES_1M, one, starts) for one in (BTC, ETH)})
    store.requests = store.transferred = 0
    shelf = LakeShelf(Lake(store), CANDLES_1M)
    plan = plan_read(shelf, [BTC, ETH], WHOLE_DAY)
    manifest = store.transferred
    shelf.read(plan.pieces, columns, WHOLE_DAY)
    offered = lake_offer(plan.pieces, CANDLES_1M, columns, WHOLE_DAY, Rates(), local=False)
    assert offered.requests / 2 <= store.requests <= offered.requests
    assert store.transferred - manifest <= offered.size
