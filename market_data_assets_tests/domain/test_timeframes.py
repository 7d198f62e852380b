import pytest

from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES, Timeframe
from market_data_assets.errors import QueryError


def test_the_seven_timeframes_are_those_of_the_design_in_ascending_order() -> None:
    assert [str(timeframe) for timeframe in TIMEFRAMES] == ["15s", "1m", "5m", "15m", "1h", "4h", "24h"]
    assert list(TIMEFRAMES) == sorted(TIMEFRAMES)
    assert TIMEFRAMES[0] == FINEST


@pytest.mark.parametrize("timeframe", TIMEFRAMES, ids=str)
def test_every_timeframe_divides_the_day_and_is_a_multiple_of_the_finest(timeframe: Timeframe) -> None:
    assert timeframe.buckets_per_day * timeframe.microseconds == 86_400_000_000
    assert timeframe.seconds % FINEST.seconds == 0
    assert Timeframe.parse(str(timeframe)) is timeframe
    assert Timeframe.parse(timeframe) is timeframe


@pytest.mark.parametrize("timeframe", TIMEFRAMES[:-1], ids=str)
def test_every_timeframe_divides_the_next_so_that_bars_fold(timeframe: Timeframe) -> None:
    coarser = TIMEFRAMES[TIMEFRAMES.index(timeframe) + 1]
    assert coarser.seconds % timeframe.seconds == 0


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("1d", "24h"),
        ("1D", "24h"),
        ("1440m", "24h"),
        ("24H", "24h"),
        ("60s", "1m"),
        ("60m", "1h"),
        ("900S", "15m"),
        (" 5m ", "5m"),
        ("015s", "15s"),
    ],
)
def test_other_spellings_of_a_length_name_the_same_timeframe(text: str, label: str) -> None:
    assert str(Timeframe.parse(text)) == label


@pytest.mark.parametrize("text", ["", "1", "m", "1w", "2m", "0m", "-1m", "1.5m", "1 m", "١m", "9" * 5000 + "m"])
def test_what_is_not_stored_is_refused_and_what_is_stored_is_listed(text: str) -> None:
    with pytest.raises(QueryError, match="15s, 1m, 5m, 15m, 1h, 4h, 24h"):
        Timeframe.parse(text)


def test_a_month_is_not_read_as_a_minute() -> None:
    with pytest.raises(QueryError):
        Timeframe.parse("1M")


@pytest.mark.parametrize("seconds", [0, -60, 7, 86_401, 172_800])
def test_a_length_that_does_not_divide_the_day_is_refused(seconds: int) -> None:
    with pytest.raises(QueryError, match="does not divide a day"):
        Timeframe(seconds, "odd")
