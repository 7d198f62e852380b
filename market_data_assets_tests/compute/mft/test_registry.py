"""The features that exist, and the tables made of them."""

import datetime as dt

import pytest

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.mft.look_back import days_of
from market_data_assets.compute.mft.registry import (
    DEFAULTS,
    FEATURES,
    GROUPS,
    MFT_FEATURES,
    MFT_TIMEFRAMES,
    benchmark_of,
    columns_of_group,
    features_dataset,
    input_columns,
    look_back_days,
    select_features,
)
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES
from market_data_assets.errors import QueryError
from market_data_assets.storage.layout import object_name

_CATALOGUE = """
return_1 return_5 return_15 return_60 momentum_10 momentum_30 volatility_20 volatility_60 parkinson_20 garman_klass_20
rogers_satchell_20 yang_zhang_20 rv_20 har_rv_1h har_rv_1d har_rv_7d corwin_schultz_20 amihud_20 ema_distance_12 ema_distance_26
ema_distance_50 macd macd_signal macd_histogram rsi_14 stochastic_k_14 stochastic_d_3 atr_14 natr_14 bollinger_percent_b_20
bollinger_width_20 adx_14 plus_di_14 minus_di_14 cci_20 mfi_14 obv cmf_20 vwap_distance relative_volume_14d taker_ratio_ema_20 ofi_20
hurst_128 variance_ratio_2 variance_ratio_8 autocorrelation_1_60 skewness_60 kurtosis_60 funding_annualized funding_zscore
basis_annualized open_interest_change_pct liquidation_share btc_beta_60 btc_correlation_60 hour_sin hour_cos weekday_sin weekday_cos
minutes_to_funding is_weekend gap_us_20 no_data_share_20 provisional
"""
_BEYOND_THE_CATALOGUE = """
funding_cumulative_24h funding_cumulative_7d open_interest_to_volume_1d price_open_interest_quadrant atm_mark_iv
skew_25d_put_call_ratio iv_term_slope_7d_30d iv_term_slope_30d_90d variance_risk_premium_30d atm_iv_change_1d skew_25d_change_1d
risk_reversal_25d_change_1d butterfly_25d_change_1d option_put_call_open_interest_change_1d
"""


def test_the_default_features_are_those_of_the_catalogue_and_the_fundamental_ones() -> None:
    names = {feature.name for feature in DEFAULTS}
    assert names == {*_CATALOGUE.split(), *_BEYOND_THE_CATALOGUE.split()}
    fundamental = {feature.name for feature in GROUPS["fundamental_features"]}
    assert set(_BEYOND_THE_CATALOGUE.split()) <= fundamental
    assert fundamental - set(_BEYOND_THE_CATALOGUE.split()) == {
        "funding_annualized",
        "funding_zscore",
        "basis_annualized",
        "open_interest_change_pct",
    }


def test_names_are_unique() -> None:
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)


@pytest.mark.parametrize("timeframe", MFT_TIMEFRAMES)
def test_every_input_is_a_column_of_the_candles(timeframe) -> None:  # type: ignore[no-untyped-def]
    assert [name for name in input_columns(FEATURES) if name not in CANDLES[timeframe].visible_columns] == []


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_feature_says_what_a_reader_needs(feature) -> None:  # type: ignore[no-untyped-def]
    assert feature.formula
    assert feature.unit
    assert feature.null_rule
    assert feature.version >= 1
    assert feature.look_back_bars >= 0
    assert feature.look_back_days >= 0


def test_each_timeframe_from_a_minute_has_a_table() -> None:
    assert set(MFT_FEATURES) == set(TIMEFRAMES) - {FINEST}
    instrument = InstrumentId.parse("BINANCE:PERP:BTC-USDT")
    for timeframe, dataset in MFT_FEATURES.items():
        assert dataset.key == ("mft_features", f"features_{timeframe}")
        path = object_name(dataset, dt.date(2024, 8, 8), instrument)
        assert path == f"mft_features/by_date/day-2024-08-08/timeframe-{timeframe}/{instrument}.parquet"
        assert list(dataset.columns)[:5] == ["instrument_id", "timestamp", "timestamp_close", "available_at", "bucket_status"]
        assert list(dataset.columns)[5:] == [feature.name for feature in DEFAULTS]
    with pytest.raises(QueryError, match="features of 15s: expected one of 1m, 5m"):
        features_dataset(FINEST)


def test_days_of_look_back_cover_every_window() -> None:
    assert {str(timeframe): look_back_days(timeframe) for timeframe in MFT_TIMEFRAMES} == {
        "1m": 30,
        "5m": 30,
        "15m": 30,
        "1h": 30,
        "4h": 42,
        "24h": 249,
    }
    hour = {feature.name: days_of(feature, MFT_TIMEFRAMES[3]) for feature in FEATURES}
    wanted = {"return_1": 1, "hurst_128": 6, "rsi_14": 9, "har_rv_7d": 7, "relative_volume_14d": 14, "variance_risk_premium_30d": 30}
    assert {name: hour[name] for name in wanted} == wanted
    assert (hour["hour_sin"], hour["provisional"]) == (0, 0)
    assert look_back_days(MFT_TIMEFRAMES[0], GROUPS["technical_features"]) == 14


def test_groups_are_selected_by_name() -> None:
    assert len(GROUPS["alpha158"]) == 158
    assert [feature.name for feature in select_features(["rsi_14", "return_1", "rsi_14"])] == ["return_1", "rsi_14"]
    assert select_features(["technical_features", "fundamental_features"]) == DEFAULTS
    assert columns_of_group("fundamental_features")[:5] == tuple(MFT_FEATURES[TIMEFRAMES[1]].columns)[:5]
    with pytest.raises(QueryError, match="features rsi_41 are not known; groups are technical_features"):
        select_features(["rsi_41"])
    with pytest.raises(QueryError, match="group 'technical' of features is not known"):
        columns_of_group("technical")


@pytest.mark.parametrize(
    ("instrument", "available", "benchmark"),
    [
        ("BYBIT:PERP:ETH-USDT", "BYBIT:PERP:BTC-USD BYBIT:PERP:BTC-USDT BINANCE:PERP:BTC-USDT", "BYBIT:PERP:BTC-USDT"),
        ("DERIBIT:FUTURE:ETH-USD-240927", "DERIBIT:PERP:BTC-USDC DERIBIT:PERP:BTC-USD", "DERIBIT:PERP:BTC-USD"),
        ("BITMEX:PERP:ETH-USD@BTC", "BITMEX:PERP:BTC-USDT BITMEX:PERP:BTC-USDT@BTC", "BITMEX:PERP:BTC-USDT"),
        ("UPBIT:SPOT_PAIR:ETH-KRW", "BYBIT:PERP:BTC-USDT BINANCE:PERP:BTC-USDT", "BINANCE:PERP:BTC-USDT"),
        ("BYBIT:PERP:BTC-USDT", "BYBIT:PERP:BTC-USDT", "BYBIT:PERP:BTC-USDT"),
        ("UPBIT:SPOT_PAIR:ETH-KRW", "BYBIT:PERP:BTC-USDT UPBIT:SPOT_PAIR:BTC-KRW", None),
    ],
)
def test_benchmark_is_the_bitcoin_perpetual_of_the_venue_or_of_binance(instrument: str, available: str, benchmark: str | None) -> None:
    found = benchmark_of(InstrumentId.parse(instrument), [InstrumentId.parse(one) for one in available.split()])
    assert found == (None if benchmark is None else InstrumentId.parse(benchmark))
