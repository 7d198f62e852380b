import pytest

from market_data_assets import MarketData, PartitionMissing, QueryError, UnknownInstrument
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets_tests.client.lakes import DAY, lake_at, write_instruments

IDS = {
    "BINANCE:PERP:BTC-USDT": "binance-futures",
    "BINANCE:PERP:BTC-USD": "binance-delivery",
    "BINANCE:SPOT_PAIR:ETH-USDT": "binance",
    "DERIBIT:PERP:BTC-USD": "deribit",
}


@pytest.fixture
def market_data(tmp_path):
    write_instruments(lake_at(tmp_path), DAY, IDS)
    return MarketData(root=tmp_path)


def ids(frame):
    return list(frame["instrument_id"])


def test_instruments_of_a_day_are_all_that_were_listed_by_id(market_data):
    frame = market_data.instruments("2024-08-08")
    assert ids(frame) == sorted(IDS)
    assert list(frame.columns) == list(INSTRUMENTS.columns)


@pytest.mark.parametrize(
    ("choice", "count"),
    [
        ({"venue": "binance"}, 3),
        ({"venue": "binance-futures"}, 1),
        ({"venue": "DERIBIT"}, 1),
        ({"instrument_type": "perpetual"}, 3),
        ({"venue": "binance", "instrument_type": "PERP", "quote": "usd"}, 1),
        ({"base": "btc"}, 3),
        ({"base": "SOL"}, 0),
    ],
)
def test_instruments_can_be_chosen_by_venue_type_base_and_quote(market_data, choice, count):
    assert len(market_data.instruments(DAY, **choice)) == count


def test_unknown_venue_type_and_column_are_refused(market_data):
    with pytest.raises(QueryError, match="venue 'binanse' is not known"):
        market_data.instruments(DAY, venue="binanse")
    with pytest.raises(UnknownInstrument, match="expected one of SPOT_PAIR, PERP"):
        market_data.instruments(DAY, instrument_type="perps")
    with pytest.raises(QueryError, match="has no column symbol; it has instrument_id"):
        market_data.instruments(DAY, columns=["symbol"])


def test_day_that_is_not_stored_is_missing(market_data):
    with pytest.raises(PartitionMissing, match="2024-08-09"):
        market_data.instruments("2024-08-09")


def test_each_caller_gets_a_frame_of_its_own(market_data):
    frame = market_data.instruments(DAY)
    frame["venue"] = "changed"
    frame.loc[0, "native_symbol"] = "changed"
    assert "changed" not in market_data.instruments(DAY).to_string()


def test_new_version_of_the_day_is_seen_at_once(market_data, tmp_path):
    assert len(market_data.instruments(DAY)) == 4
    write_instruments(lake_at(tmp_path), DAY, dict(list(IDS.items())[:2]))
    assert len(market_data.instruments(DAY)) == 2


def test_other_frames_hold_the_same_rows(market_data):
    assert market_data.instruments(DAY, columns="instrument_id", as_="arrow").to_pydict() == {"instrument_id": sorted(IDS)}
    assert market_data.instruments(DAY, columns="instrument_id", as_="polars")["instrument_id"].to_list() == sorted(IDS)
