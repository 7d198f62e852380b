import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.report.charts import book_chart, candle_chart
from market_data_assets.report.drawing import BLUE, FAINT, VERMILION, data_uri
from market_data_assets_tests.report.pictures import size, starts, texts
from market_data_assets_tests.report.tables import candles, snapshots

TITLE = "BINANCE:PERP:BTC-USDT  15m candles  2024-08-08 UTC"
LEFT, ACROSS = 66, 822
Chart = Callable[[pa.Table, str], str]


def with_spread(table: pa.Table) -> pa.Table:
    return table.append_column("spread_bps_twa", pa.array(np.full(len(table), 0.5)))


@pytest.mark.parametrize(
    ("chart", "table"),
    [
        *((candle_chart, with_spread(candles(timeframe))) for timeframe in ("15s", "1h", "24h")),
        *((book_chart, snapshots(timeframe)) for timeframe in ("15s", "1h", "24h")),
        (candle_chart, candles("1h", silent=slice(None))),
        (book_chart, snapshots("1h", silent=slice(None))),
        (candle_chart, candles("1h").slice(0, 0)),
        (book_chart, snapshots("1h").slice(0, 0)),
    ],
)
def test_a_chart_is_a_small_picture_even_of_nothing(chart: Chart, table: pa.Table) -> None:
    svg = chart(table, TITLE)
    assert size(svg)[0] == 900
    assert size(svg)[1] < 450
    assert len(data_uri(svg)) <= 40_000
    assert texts(svg)[0] == TITLE
    assert "nan" not in svg


def test_equal_tables_give_equal_pictures() -> None:
    assert candle_chart(candles(), TITLE) == candle_chart(candles(), TITLE)
    assert book_chart(snapshots(), TITLE) == book_chart(snapshots(), TITLE)


def test_candles_that_rose_are_blue_and_those_that_fell_vermilion() -> None:
    def day(opened: float, close: float) -> pa.Table:
        prices = {"open": opened, "high": 70_000.0, "low": 59_000.0, "close": close}
        table = candles("1h")
        for name, price in prices.items():
            table = table.set_column(table.column_names.index(name), name, pa.array(np.full(24, price)))
        return table

    def in_prices(svg: str, colour: str) -> int:
        return sum(60 < y < 240 for _, y in starts(svg, colour))

    rising, falling = candle_chart(day(60_000, 69_000), TITLE), candle_chart(day(69_000, 60_000), TITLE)
    assert (in_prices(rising, BLUE), in_prices(rising, VERMILION)) == (24, 0)
    assert (in_prices(falling, BLUE), in_prices(falling, VERMILION)) == (0, 24)


def test_candles_without_prices_are_a_gap() -> None:
    svg = candle_chart(candles("15m", silent=slice(32, 64)), TITLE)
    drawn = [x for colour in (BLUE, VERMILION) for x, y in starts(svg, colour) if y > 40 and x < 750]
    assert not [x for x in drawn if LEFT + ACROSS / 3 < x < LEFT + 2 * ACROSS / 3]
    assert len({x for x in drawn if x < LEFT + ACROSS / 3}) == 32


def test_volume_is_drawn_for_the_sides_that_there_are() -> None:
    table = candles("1h")
    place = table.column_names.index("unknown_volume")
    known = table.set_column(place, "unknown_volume", pa.array(np.zeros(24)))
    assert {"bought", "sold", "side unknown"} <= set(texts(candle_chart(table, TITLE)))
    assert "side unknown" not in texts(candle_chart(known, TITLE))


def test_length_of_a_bar_is_said() -> None:
    assert "price, bars of 10 min" in texts(candle_chart(candles("15s"), TITLE))
    assert "price, bars of 1 h" in texts(candle_chart(candles("1h"), TITLE))


def test_time_axis_is_the_utc_day() -> None:
    written = texts(candle_chart(candles("1h"), TITLE))
    assert written[1:4] == ["08 Aug", "03:00", "06:00"]
    assert {"UTC", "21:00", "09 Aug"} <= set(written)


def test_spread_is_drawn_only_where_there_are_books() -> None:
    caption = "spread, time-weighted, bps of the mid"
    assert caption in texts(candle_chart(with_spread(candles()), TITLE))
    assert caption not in texts(candle_chart(candles(), TITLE))


def test_a_spread_without_a_book_is_a_gap_and_the_strip_says_so() -> None:
    svg = book_chart(snapshots("1m", silent=slice(480, 960)), TITLE)
    assert "book known 66.7% of the time" in texts(svg)
    strip = [x for x, y in starts(svg, FAINT) if y > 330 and 70 < x < 700]
    assert strip == [pytest.approx(LEFT + ACROSS / 3, abs=0.1)]
    # The line starts at the left and again after the gap.
    lines = [x for x, y in starts(svg, BLUE) if 50 < y < 195]
    assert len(lines) == 2


def test_a_title_is_printed_as_it_is_written() -> None:
    assert texts(candle_chart(candles(), 'A<b>&"C'))[0] == 'A<b>&"C'


def test_charting_imports_no_plotting_library() -> None:
    program = """if True:
        import sys
        from market_data_assets.report.charts import candle_chart
        assert not {"matplotlib", "bokeh", "pandas"} & set(sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
