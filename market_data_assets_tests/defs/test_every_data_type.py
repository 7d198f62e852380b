"""A simulated day of a perpetual with its option chain, a spot pair and everything that is recorded of them, through every tier."""

import datetime as dt
import json
from pathlib import Path

import pytest

from market_data_assets.client import MarketData
from market_data_assets_tests.defs.runs import DAY, make, reader, settings_at

PERP, SPOT = "DERIBIT:PERP:BTC-USD", "BINANCE:SPOT_PAIR:ETH-USDT"
UNIVERSE = f"{PERP},{SPOT},DERIBIT:OPTION:BTC-USD-*-240830-*,DERIBIT:OPTION:BTC-USD-*-240927-*"
TRADED_OPTION = "DERIBIT:OPTION:BTC-USD-39000-240830-CALL"
END = "2024-08-09"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("every")
    make(settings_at(folder, instruments=UNIVERSE))
    return folder


@pytest.fixture(scope="module")
def market_data(folder: Path) -> MarketData:
    return reader(settings_at(folder, instruments=UNIVERSE))


def test_every_raw_data_type_is_readable(market_data: MarketData) -> None:
    for ids, read in (
        (PERP, market_data.trades),
        (PERP, market_data.derivative_ticker),
        (PERP, market_data.liquidations),
        (TRADED_OPTION, market_data.option_quotes),
        (TRADED_OPTION, market_data.trades),
    ):
        rows = read(ids, DAY, END)
        assert len(rows) > 5, (ids, read)
        assert rows["timestamp"].is_monotonic_increasing
    books = market_data.book_snapshot_ticks(PERP, "2024-08-08T12:00", "2024-08-08T13:00", levels=25)
    assert "bid_price_25" in books


def test_chain_at_an_instant_has_every_contract_once(market_data: MarketData) -> None:
    # Deep strikes are quiet for longer than the 60 s that count as fresh.
    chain = market_data.options_chain("deribit", "btc", at="2024-08-08T12:00", max_age=dt.timedelta(minutes=5))
    listed = market_data.instruments(DAY, venue="DERIBIT", instrument_type="OPTION")["instrument_id"]
    assert chain["instrument_id"].is_unique
    assert set(chain["instrument_id"]) <= set(listed)
    assert len(chain) > 0.8 * len(listed)


def test_surface_of_the_chain_agrees_with_the_candle_that_ends_there(market_data: MarketData) -> None:
    # A bucket's end is exclusive, so what the candle has is the surface 1 µs before it.
    surface = market_data.option_surface("deribit", "btc-usd", at="2024-08-08T11:59:59.999999").iloc[0]
    candle = market_data.candles(PERP, "15s", "2024-08-08T11:59:45", "2024-08-08T12:00").iloc[0]
    assert surface["atm_iv_30d"] == candle["atm_mark_iv"]
    expiries = market_data.option_expiries("deribit", "btc-usd", at="2024-08-08T11:59:59.999999")
    assert list(expiries["expiration"].dt.strftime("%y%m%d")) == ["240830", "240927"]
    assert expiries["max_pain"].between(20_000, 120_000).all()


def test_candles_of_the_perpetual_have_book_derivative_and_option_columns(market_data: MarketData) -> None:
    candles = market_data.candles(PERP, "15m", DAY, END)
    filled = ["spread_twa", "ofi", "effective_spread_bps", "mark_price", "funding_rate", "open_interest", "atm_mark_iv"]
    assert candles[[*filled, "skew_25d_put_call_ratio"]].notna().mean().min() > 0.95
    assert candles["liquidation_count"].sum() == len(market_data.liquidations(PERP, DAY, END))
    assert candles["atm_mark_iv"].between(0.1, 2).all()
    assert market_data.candles(SPOT, "15m", DAY, END)[["mark_price", "atm_mark_iv"]].isna().all(axis=None)


def test_options_have_candles_where_they_traded_and_no_features(folder: Path, market_data: MarketData) -> None:
    candles = market_data.candles(TRADED_OPTION, "15s", DAY, END)
    assert set(candles["bucket_status"]) == {"traded"}
    assert candles["trade_count"].sum() == len(market_data.trades(TRADED_OPTION, DAY, END))
    path = folder / "lake/mft_features/by_date/day-2024-08-08/timeframe-1h/_manifest.json"
    manifest = json.loads(path.read_text())
    assert {entry["instrument_id"] for entry in manifest["files"]} == {PERP, SPOT}
    assert {entry["reason"] for entry in manifest["absent"]} == {"not_computed"}


def test_features_of_a_first_day_are_null_where_their_look_back_is_not_stored(market_data: MarketData) -> None:
    features = market_data.features(PERP, "1m", DAY, END)
    assert features["rsi_14"].isna().sum() == 14
    assert features["relative_volume_14d"].isna().all()
    assert features["basis_annualized"].notna().mean() > 0.9
    technical = market_data.features(PERP, "1h", DAY, END, group="technical_features")
    assert "rsi_14" in technical
    assert "funding_zscore" not in technical


def test_nothing_is_missing_and_everything_is_covered(market_data: MarketData) -> None:
    assert len(market_data.missing(DAY)) == 0
    assert market_data.coverage(DAY, END)["share"].eq(1.0).all()
