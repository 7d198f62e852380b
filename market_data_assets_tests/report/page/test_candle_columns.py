import base64
import json

import numpy as np

from market_data_assets.report.page.charts.candle_columns import COLUMNS, READ, columns_of, columns_text, gaps_of
from market_data_assets.report.page.charts.colours import GAP_FILLS
from market_data_assets.report.page.charts.embedding import bokeh_script, panels_text
from market_data_assets_tests.client.lakes import BTC
from market_data_assets_tests.report.page.days import LISTED, hour_of_candles

STATES = ("traded", "no_data", "no_data", "halted", "no_trades", "no_data")
TABLE = hour_of_candles(BTC, STATES).table.select(READ)
START, WIDTH = LISTED[0] // 1_000, 300_000


def test_columns_say_when_in_milliseconds_and_leave_a_gap_where_nobody_traded() -> None:
    columns = columns_of(TABLE)
    assert set(columns) == set(COLUMNS)
    assert columns["start"].tolist() == [START + at * WIDTH for at in range(6)]
    assert columns["at"].tolist() == [START + (at + 0.5) * WIDTH for at in range(6)]
    assert np.isnan(columns["open"]).tolist() == [False, True, True, True, True, True]


def test_runs_of_unknown_buckets_are_one_span_each() -> None:
    gaps = gaps_of(TABLE)
    assert gaps["start"] == [START + at * WIDTH for at in (1, 3, 5)]
    assert gaps["end"] == [START + at * WIDTH for at in (3, 4, 6)]
    assert gaps["colour"] == [GAP_FILLS[state] for state in ("no_data", "halted", "no_data")]


def test_text_holds_the_same_numbers_and_no_tag() -> None:
    text = columns_text(TABLE, LISTED, base="</script>", quote="USDT")
    assert "<" not in text
    read = json.loads(text)
    column = read["candles"]["open"]
    assert column["type"] == "float64"
    decoded = np.frombuffer(base64.b64decode(column["base64"]), "<f8")
    np.testing.assert_array_equal(decoded, columns_of(TABLE)["open"])
    assert read["labels"] == {"price": "price, USDT", "volume": "volume, </script>"}
    assert read["time"] == [START, START + 86_400_000]


def test_panels_are_always_the_same_text_and_no_text_ends_their_script() -> None:
    first = panels_text()
    panels_text.cache_clear()
    assert panels_text() == first
    assert "<" not in first
    assert "</script" not in bokeh_script()
