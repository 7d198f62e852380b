"""Real exchange files through the whole graph, against the exchange's own candles."""

import csv
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from market_data_assets.settings import Settings
from market_data_assets_tests.defs.runs import DAY, errors, make, materialize, reader, settings_at

PERP = "BINANCE:PERP:BTC-USDT"
COLUMNS = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "volume": "volume",
    "quote_volume": "quote_volume",
    "count": "trade_count",
    "taker_buy_volume": "buy_volume",
    "taker_buy_quote_volume": "buy_quote_volume",
}


@pytest.fixture(scope="module")
def tardis(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("tardis")
    settings = settings_at(
        folder,
        source="tardis",
        tardis_datasets_url=(samples / "tardis_from_raw").as_uri(),
        venues="binance,binance-futures,binance-delivery",
    )
    outcome = materialize(settings)
    assert errors(outcome) == []
    return settings


def test_perp_candles_equal_the_exchange_digit_for_digit(samples: Path, tardis: Settings) -> None:
    candles = reader(tardis).candles(PERP, "1m", "2024-08-08T23:54", "2024-08-09").set_index("timestamp")
    path = samples / "ground_truth/binance_um_btcusdt_20240808/BTCUSDT-1m-2024-08-08.official.csv"
    with path.open(newline="") as lines:
        official = {pd.Timestamp(int(row["open_time"]), unit="ms", tz="UTC"): row for row in csv.DictReader(lines)}
    assert len(official) == 6
    partial = pd.Timestamp("2024-08-08T23:54", tz="UTC")
    for minute, row in official.items():
        ours = {theirs: Decimal(repr(float(candles.loc[minute, column]))) for theirs, column in COLUMNS.items()}
        theirs = {name: Decimal(row[name]) for name in COLUMNS}
        assert (ours == theirs) == (minute != partial), minute
    # The recording starts at 23:54:16, so that minute says what it had and no more.
    assert candles.loc[partial, "bucket_status"] == "traded"
    assert candles.loc[partial, "first_trade_at"] == pd.Timestamp("2024-08-08T23:54:16.322", tz="UTC")
    assert candles.loc[partial, "trade_count"] < int(official[partial]["count"])


def test_every_tier_of_every_venue_part_is_there(tardis: Settings) -> None:
    market_data = reader(tardis)
    ids = {"BINANCE:SPOT_PAIR:BTC-USDT", PERP, "BINANCE:PERP:BTC-USD"}
    assert set(market_data.instruments(DAY)["instrument_id"]) == ids
    for source in ("lake", "warehouse"):
        candles = market_data.candles(sorted(ids), "24h", DAY, "2024-08-09", source=source)
        assert set(candles["instrument_id"]) == ids
        assert (candles["trade_count"] > 2_000).all()
    snapshots = market_data.book_snapshots(sorted(ids), "1m", "2024-08-08T23:55", "2024-08-09")
    assert len(snapshots) == 3 * 5
    assert (snapshots["spread"] > 0).all()


def test_inverse_contracts_convert_to_base_and_quote(tardis: Settings) -> None:
    market_data = reader(tardis)
    trades = market_data.trades("BINANCE:PERP:BTC-USD", DAY, "2024-08-09")
    candle = market_data.candles("BINANCE:PERP:BTC-USD", "24h", DAY, "2024-08-09").iloc[0]
    assert candle["quote_volume"] == 100 * trades["amount"].sum()
    assert candle["volume"] == pytest.approx((100 * trades["amount"] / trades["price"]).sum(), rel=1e-12)


def test_events_after_midnight_in_the_earlier_file_belong_to_the_next_day(samples: Path, tardis: Settings) -> None:
    next_day = DAY.replace(day=9)
    make(tardis, next_day)
    market_data = reader(tardis)
    candle = market_data.candles("BINANCE:SPOT_PAIR:BTC-USDT", "1m", "2024-08-09T00:00", "2024-08-09T00:01").iloc[0]
    delivered = {day: pd.read_csv(samples / f"tardis_from_raw/v1/binance/trades/2024/08/{day}/BTCUSDT.csv.gz") for day in ("08", "09")}
    start, end = (pd.Timestamp(text, tz="UTC").value // 1000 for text in ("2024-08-09T00:00", "2024-08-09T00:01"))
    in_minute = {day: int(rows["timestamp"].between(start, end, inclusive="left").sum()) for day, rows in delivered.items()}
    # The recorder's clock ran behind the exchange's: 19 trades of the new day were recorded before midnight.
    assert in_minute["08"] == 19
    assert candle["trade_count"] == in_minute["08"] + in_minute["09"]


@pytest.mark.parametrize(("timeframe", "expected"), [("1m", 1022), ("5m", 287)])
def test_spot_candles_from_aggregated_trades_equal_the_reference(samples: Path, xrpeth: Settings, timeframe: str, expected: int) -> None:
    candles = reader(xrpeth).candles("BINANCE:SPOT_PAIR:XRP-ETH", timeframe, "2019-10-11", "2019-10-12")
    traded = candles[candles["trade_count"] > 0]
    assert len(traded) == expected
    reference = pd.read_csv(samples / f"ground_truth/xrpeth_spot/XRPETH-{timeframe}-2019-10-11.expected.csv")
    assert list(traded["timestamp"].astype("int64") // 1000) == list(reference["open_time_ms"])
    for column in ("open", "high", "low", "close", "volume"):
        assert list(traded[column]) == list(reference[column]), column


@pytest.fixture(scope="module")
def xrpeth(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("vision")
    settings = settings_at(
        folder, source="binance_vision", binance_vision_url=(samples / "binance_vision").as_uri(), instruments="BINANCE:SPOT_PAIR:XRP-ETH"
    )
    make(settings, pd.Timestamp("2019-10-11").date())
    return settings
