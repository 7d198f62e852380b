import re
import sys

import pytest

from market_data_assets.report.terminal import candle_text
from market_data_assets_tests.report.tables import candles

TITLE = "BINANCE:PERP:BTC-USDT  15m  2024-08-08 UTC"


class Terminal:
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("width", "height"), [(60, 12), (110, 20), (150, 40)])
def test_the_chart_is_plain_text_of_the_promised_size_with_its_title(width: int, height: int) -> None:
    lines = candle_text(candles(), TITLE, width, height).split("\n")
    assert len(lines) == height
    assert {len(line) for line in lines} == {width}
    assert TITLE in lines[0]
    assert not any("\x1b" in line for line in lines)


def test_a_terminal_gets_colours_and_otherwise_the_same_text(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = candle_text(candles(), TITLE, 80, 16)
    monkeypatch.setattr(sys, "stdout", Terminal())
    coloured = candle_text(candles(), TITLE, 80, 16)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_a_chart_shows_nothing_of_the_one_before() -> None:
    first = candle_text(candles("1h"), "first", 80, 16)
    candle_text(candles("15m"), "second", 120, 30)
    assert candle_text(candles("1h"), "first", 80, 16) == first


def test_the_time_axis_is_in_utc() -> None:
    *_, axis = candle_text(candles("1h"), TITLE, 80, 16).split("\n")
    assert axis.split() == ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]


def test_candles_that_rose_and_fell_can_be_told_apart_without_colour() -> None:
    text = candle_text(candles(), TITLE, 110, 20)
    assert "░" in text
    assert "█" in text


@pytest.mark.parametrize("table", [candles(silent=slice(None)), candles().slice(0, 0)])
def test_a_day_without_trades_says_so(table: object) -> None:
    assert candle_text(table, TITLE, 80, 16) == f"{TITLE}: no trades"  # type: ignore[arg-type]
