import io
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from matplotlib import image

from market_data_assets.report.charts import candle_chart, spread_chart
from market_data_assets_tests.report.tables import candles, snapshots

TITLE = "BINANCE:PERP:BTC-USDT  15m  2024-08-08 UTC"
BLUE, ORANGE = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)
Chart = Callable[[pa.Table, str], bytes]


def pixels(png: bytes) -> np.ndarray:
    return (image.imread(io.BytesIO(png), format="png")[:, :, :3] * 255).round().astype(int)


def columns_with(png: bytes, colour: tuple[int, int, int]) -> np.ndarray:
    """Which columns of the picture have a pixel of the colour, above the lower panel."""
    return (pixels(png)[40:220] == colour).all(axis=2).any(axis=0)


@pytest.mark.parametrize(
    ("chart", "table"),
    [
        *((candle_chart, candles(timeframe)) for timeframe in ("15s", "1h", "24h")),
        *((spread_chart, snapshots(timeframe)) for timeframe in ("15s", "1h", "24h")),
        (candle_chart, candles("1h", silent=slice(None))),
        (spread_chart, snapshots("1h", silent=slice(None))),
        (candle_chart, candles("1h").slice(0, 0)),
        (spread_chart, snapshots("1h").slice(0, 0)),
    ],
)
def test_a_chart_is_a_small_picture_of_the_promised_size_even_of_nothing(chart: Chart, table: pa.Table) -> None:
    png = chart(table, TITLE)
    assert pixels(png).shape[:2] == (360, 900)
    assert len(png) <= 60_000


@pytest.mark.parametrize(("chart", "table"), [(candle_chart, candles()), (spread_chart, snapshots())])
def test_equal_tables_give_equal_pictures_and_other_titles_others(chart: Chart, table: pa.Table) -> None:
    assert chart(table, TITLE) == chart(table, TITLE)
    assert chart(table, TITLE) != chart(table, "BINANCE:PERP:ETH-USDT  15m")


def test_candles_that_rose_are_blue_and_those_that_fell_orange() -> None:
    rising = candles("1h").set_column(3, "high", pa.array(np.full(24, 70_000.0)))
    rising = rising.set_column(2, "open", pa.array(np.full(24, 60_000.0))).set_column(5, "close", pa.array(np.full(24, 69_000.0)))
    falling = rising.set_column(2, "open", pa.array(np.full(24, 69_000.0))).set_column(5, "close", pa.array(np.full(24, 60_000.0)))
    assert columns_with(candle_chart(rising, TITLE), BLUE).any()
    assert not columns_with(candle_chart(rising, TITLE), ORANGE).any()
    assert columns_with(candle_chart(falling, TITLE), ORANGE).any()


def test_candles_without_prices_are_a_gap() -> None:
    png = candle_chart(candles("15m", silent=slice(32, 64)), TITLE)
    drawn = columns_with(png, BLUE) | columns_with(png, ORANGE)
    middle = slice(81 + 792 // 3 + 5, 81 + 2 * 792 // 3 - 5)
    assert not drawn[middle].any()
    assert drawn[90:330].any()


def test_a_spread_without_a_book_is_a_gap() -> None:
    drawn = columns_with(spread_chart(snapshots("1m", silent=slice(480, 960)), TITLE), BLUE)
    middle = slice(81 + 792 // 3 + 5, 81 + 2 * 792 // 3 - 5)
    assert not drawn[middle].any()
    assert drawn[90:330].any()


def test_a_title_is_printed_as_it_is_written() -> None:
    assert candle_chart(candles(), "A$B$C") != candle_chart(candles(), "ABC")


def test_charting_opens_no_window_and_leaves_no_global_figure() -> None:
    program = """if True:
        import sys
        from market_data_assets.report.charts import candle_chart
        assert "matplotlib" not in sys.modules
        from market_data_assets_tests.report.tables import candles
        candle_chart(candles("1h"), "title")
        assert "matplotlib.pyplot" not in sys.modules
    """
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
