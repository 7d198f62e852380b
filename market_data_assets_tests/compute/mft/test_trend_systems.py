import numpy as np
import pytest

from market_data_assets.compute.mft import trend_systems
from market_data_assets.compute.mft.bars import Bars
from market_data_assets_tests.compute.mft.walks import candles, closes

FEATURES = {feature.name: feature for feature in trend_systems.FEATURES}


def _last(name: str, bars: Bars) -> float:
    return float(FEATURES[name].value(bars)[-1])


def _rising(length: int) -> Bars:
    """Closes 1, 2, … with a high 0.5 above and a low 0.5 below."""
    close = np.arange(1.0, length + 1.0)
    return candles(close, close + 0.5, close - 0.5, close, np.ones(length))


@pytest.mark.parametrize(("name", "length"), [("conversion", 9), ("base", 26), ("span_b", 52)])
def test_an_ichimoku_line_is_the_middle_of_its_bars_and_not_shifted(name: str, length: int) -> None:
    middle = (60.5 + (60.0 - length + 1.0 - 0.5)) / 2.0
    assert _last(f"ichimoku_{name}_distance_{length}", _rising(60)) == pytest.approx(60.0 / middle - 1.0, rel=1e-12)


def test_the_first_span_is_half_way_between_conversion_and_base_line() -> None:
    conversion, base = (60.5 + 51.5) / 2.0, (60.5 + 34.5) / 2.0
    assert _last("ichimoku_span_a_distance", _rising(60)) == pytest.approx(60.0 / ((conversion + base) / 2.0) - 1.0, rel=1e-12)


def test_the_newest_of_equal_highs_counts_for_aroon() -> None:
    high = np.full(26, 10.0)
    high[[3, 20]] = 12.0
    bars = candles(high, high, high - 1.0, high, np.ones(26))
    assert _last("aroon_up_25", bars) == 100.0 * (25 - 5) / 25


def test_a_straight_way_is_fully_efficient_and_a_way_back_not_at_all() -> None:
    assert _last("efficiency_ratio_10", closes(np.arange(1.0, 12.0))) == 1.0
    assert _last("efficiency_ratio_10", closes([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0])) == 0.0
