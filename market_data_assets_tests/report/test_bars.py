import numpy as np
import pytest

from market_data_assets.domain.timeframes import FINEST, Timeframe
from market_data_assets.report.bars import VOLUMES, bars_of
from market_data_assets_tests.report.tables import START, candles


def test_candles_that_fit_stay_as_they_are() -> None:
    table = candles("1h")
    bars = bars_of(table, 24)
    assert (len(bars), bars.candles, bars.width) == (24, 1, Timeframe.parse("1h").microseconds)
    np.testing.assert_array_equal(bars.close, table["close"].to_numpy())
    np.testing.assert_array_equal(bars.start, START + np.arange(24) * bars.width)


def test_candles_put_together_keep_first_highest_lowest_last_and_sum() -> None:
    table = candles("15s")
    bars = bars_of(table, 240)
    assert (len(bars), bars.candles, bars.width) == (240, 24, 24 * FINEST.microseconds)
    first = table.slice(0, 24)
    assert bars.open[0] == first["open"][0].as_py()
    assert bars.close[0] == first["close"][23].as_py()
    assert (bars.high[0], bars.low[0]) == (max(first["high"].to_pylist()), min(first["low"].to_pylist()))
    for name in VOLUMES:
        assert bars.volumes[name].sum() == pytest.approx(np.sum(table[name].to_numpy()))


def test_a_number_of_candles_that_does_not_divide_still_fits() -> None:
    assert len(bars_of(candles("1m"), 100)) <= 100


def test_candles_without_prices_leave_a_gap() -> None:
    bars = bars_of(candles("1h", silent=slice(3, 6)), 24)
    assert ((bars.start - START) // bars.width).tolist() == [0, 1, 2, *range(6, 24)]


def test_a_day_without_prices_has_no_bars_but_its_span() -> None:
    bars = bars_of(candles("1h", silent=slice(None)), 24)
    assert len(bars) == 0
    assert bars.span == (START, START + 24 * bars.width)


def test_no_candles_have_no_bars() -> None:
    assert len(bars_of(candles("1h").slice(0, 0), 24)) == 0
