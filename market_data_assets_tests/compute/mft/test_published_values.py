"""Equality with the StockCharts worksheets that the `ta` project (bukosabino/ta, test/data) keeps, to their last printed digit.

The worksheets seed their averages in other ways than TA-Lib. Where a seed can be had by bars put before the first one, they are; where
it cannot, only the rows are compared on which it no longer shows in the printed digits.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from market_data_assets.compute.mft import bands, oscillators, recursive, returns, rolling, trend, trend_systems, volume
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets_tests.compute.mft.walks import candles, closes

FEATURES = {feature.name: feature for family in (trend, oscillators, bands, volume) for feature in family.FEATURES}


@dataclass(frozen=True)
class Worksheet:
    cells: dict[str, list[str]]

    def __getitem__(self, column: str) -> Floats:
        return np.array([float(cell) if _is_number(cell) else np.nan for cell in self.cells[column]])

    def bars(self, volume: str | None = None) -> Bars:
        high, low, close = self["High"], self["Low"], self["Close"]
        return candles(close, high, low, close, np.ones(len(close)) if volume is None else self[volume])

    def agrees(self, column: str, found: Floats, first_row: int = 0) -> None:
        """Every printed cell from a row on is the value, off by half a unit of its last digit at most; a cell of 0 is a blank."""
        compared = 0
        for row, cell in enumerate(self.cells[column]):
            if row < first_row or not _is_number(cell):
                continue
            decimals = len(cell.partition(".")[2])
            assert found[row] == pytest.approx(float(cell), rel=1e-15, abs=0.501 * 10.0**-decimals), f"{column}, row {row}"
            compared += 1
        assert compared >= 8


def _is_number(cell: str) -> bool:
    return cell.strip() not in ("", "-") and float(cell) != 0.0


@pytest.fixture
def worksheet(samples: Path, request: pytest.FixtureRequest) -> Worksheet:
    with (samples / "indicators" / "stockcharts" / f"cs-{request.param}.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    return Worksheet({name: [row[place] if place < len(row) else "" for row in rows] for place, name in enumerate(header)})


def _still(close: Floats, bars: int) -> Floats:
    """A market that stood still before: every exponential average begins at the first close, every Wilder mean of moves at 0."""
    return np.concatenate([np.full(bars, close[0]), close])


@pytest.mark.parametrize("worksheet", ["cci"], indirect=True)
def test_commodity_channel_index(worksheet: Worksheet) -> None:
    worksheet.agrees("CCI", FEATURES["cci_20"].value(worksheet.bars()))
    worksheet.agrees("20-day SMA of TP", rolling.mean(bands.typical_price(worksheet.bars()), 20))


@pytest.mark.parametrize("worksheet", ["bbands"], indirect=True)
def test_bollinger_bands(worksheet: Worksheet) -> None:
    bars = closes(worksheet["Close"])
    worksheet.agrees("MiddleBand", rolling.mean(bars["close"], 20))
    worksheet.agrees("20-day Standard Deviation", rolling.deviation(bars["close"], 20, 0))
    worksheet.agrees("WidthBand", 100.0 * FEATURES["bollinger_width_20"].value(bars))
    worksheet.agrees("PercentageBand", FEATURES["bollinger_percent_b_20"].value(bars))


@pytest.mark.parametrize("worksheet", ["percentr"], indirect=True)
def test_williams_percent_r(worksheet: Worksheet) -> None:
    worksheet.agrees("Williams_%R", FEATURES["williams_r_14"].value(worksheet.bars()))


@pytest.mark.parametrize("worksheet", ["soo"], indirect=True)
def test_stochastic_oscillator(worksheet: Worksheet) -> None:
    worksheet.agrees("SO", FEATURES["stochastic_k_14"].value(worksheet.bars()), first_row=15)


@pytest.mark.parametrize("worksheet", ["soo"], indirect=True)
def test_mean_of_the_stochastic_oscillator(worksheet: Worksheet) -> None:
    """The worksheet takes means of values that it has rounded: they may be off by two units of the sixth decimal."""
    found = FEATURES["stochastic_d_3"].value(worksheet.bars())
    np.testing.assert_allclose(found[16:], worksheet["SO_SIG"][16:], rtol=0.0, atol=2e-6)


@pytest.mark.parametrize("worksheet", ["roc"], indirect=True)
def test_rate_of_change(worksheet: Worksheet) -> None:
    worksheet.agrees("ROC", 100.0 * returns.momentum(closes(worksheet["Close"]), 12))


@pytest.mark.parametrize("worksheet", ["obv"], indirect=True)
def test_on_balance_volume_begins_with_a_bar_of_volume_0(worksheet: Worksheet) -> None:
    close = worksheet["Close"]
    bars = candles(close, close, close, close, np.nan_to_num(worksheet["Volume"]))
    worksheet.agrees("OBV", FEATURES["obv"].value(bars))


@pytest.mark.parametrize("worksheet", ["kama"], indirect=True)
def test_adaptive_average_and_its_efficiency_ratio(worksheet: Worksheet) -> None:
    close = worksheet["Close"]
    worksheet.agrees("ER", FEATURES["efficiency_ratio_10"].value(closes(close)))
    worksheet.agrees("KAMA", trend_systems.kaufman(close, 10), first_row=10)


@pytest.mark.parametrize("worksheet", ["rsi"], indirect=True)
def test_relative_strength_begins_with_means_of_0(worksheet: Worksheet) -> None:
    before = 14
    bars = closes(_still(worksheet["Close"], before))
    worksheet.agrees("RSI", FEATURES["rsi_14"].value(bars)[before:])


@pytest.mark.parametrize("worksheet", ["macd"], indirect=True)
def test_moving_average_convergence(worksheet: Worksheet) -> None:
    before = 34
    close = _still(worksheet["Close"], before)
    bars = closes(close)
    worksheet.agrees("short_ema", recursive.exponential(close, 12)[before:])
    worksheet.agrees("long_ema", recursive.exponential(close, 26)[before:])
    worksheet.agrees("MACD_line", FEATURES["macd"].value(bars)[before:])
    # The signal of the worksheet carries months before its first row: 0.8^114 of that is below its last digit.
    worksheet.agrees("MACD_signal", FEATURES["macd_signal"].value(bars)[before:], first_row=116)
    worksheet.agrees("MACD_diff", FEATURES["macd_histogram"].value(bars)[before:], first_row=116)


@pytest.mark.parametrize("worksheet", ["atr"], indirect=True)
def test_average_true_range_counts_the_first_bars_range(worksheet: Worksheet) -> None:
    first, bars = worksheet["Close"][:1], worksheet.bars()
    high, low, close = (np.concatenate([first, bars[name]]) for name in ("high", "low", "close"))
    before = candles(close, high, low, close, np.ones(len(close)))
    worksheet.agrees("ATR", FEATURES["atr_14"].value(before)[1:])


@pytest.mark.parametrize("worksheet", ["adx"], indirect=True)
@pytest.mark.parametrize(("feature", "column"), [("adx_14", "ADX"), ("plus_di_14", "+DI14"), ("minus_di_14", "-DI14")])
def test_directional_movement_once_the_seed_is_forgotten(worksheet: Worksheet, feature: str, column: str) -> None:
    """The worksheet sums 14 true ranges where TA-Lib sums 13 and lets the sum decay once: (13/14)^330 of that is below its last digit."""
    worksheet.agrees(column, FEATURES[feature].value(worksheet.bars()), first_row=345)


@pytest.mark.parametrize("worksheet", ["dc"], indirect=True)
def test_donchian_channel(worksheet: Worksheet) -> None:
    close = worksheet["close"]
    bars = candles(close, worksheet["high"], worksheet["low"], close, np.ones(len(close)))
    worksheet.agrees("upper_band", rolling.maximum(bars["high"], 20))
    worksheet.agrees("lower_band", rolling.minimum(bars["low"], 20))
    worksheet.agrees("dc_percentage", FEATURES["donchian_position_20"].value(bars))
