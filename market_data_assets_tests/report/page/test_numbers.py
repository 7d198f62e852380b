import pytest

from market_data_assets.report.page.numbers import amount, change, duration, milliseconds, percent, plural, price, signed_percent, size


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (size(None), "–"),
        (size(0), "0 B"),
        (size(999), "999 B"),
        (size(54_712_345), "54.7 MB"),
        (amount(696_397_223.3), "696 M"),
        (amount(12.5), "12.5"),
        (amount(float("nan")), "–"),
        (price(42_576.91), "42,576.91"),
        (price(0.00001234), "0.00001234"),
        (price(100.0), "100"),
        (price(None), "–"),
        (percent(1.0), "100 %"),
        (percent(0.99999), "99.9 %"),
        (percent(0.00001), "0.1 %"),
        (percent(0.0), "0 %"),
        (change(1.123), "+12 %"),
        (change(0.4), "−60 %"),
        (change(1.001), "0 %"),
        (change(12.0), "× 12"),
        (change(None), "–"),
        (signed_percent(-0.0123), "−1.23 %"),
        (duration(None), "–"),
        (duration(230_000), "230 ms"),
        (duration(12_000_000), "12 s"),
        (duration(200_000_000), "3 min 20 s"),
        (duration(86_400_000_000), "24 h"),
        (duration(18_720_000_000), "5 h 12 min"),
        (milliseconds(0.4211), "0.421 ms"),
        (milliseconds(-1268.0), "−1,268 ms"),
        (plural(1, "file"), "1 file"),
        (plural(1_234, "file"), "1,234 files"),
    ],
)
def test_number_is_written(written: str, expected: str) -> None:
    assert written == expected
