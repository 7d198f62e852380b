"""Numbers as the page writes them. A value that is not there is a dash, never a zero."""

import math

NOTHING = "–"
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_SECOND, _MINUTE, _HOUR = 1_000_000, 60_000_000, 3_600_000_000


def count(value: int | None) -> str:
    """``1,234``."""
    return NOTHING if value is None else f"{value:,}"


def plural(value: int, noun: str) -> str:
    """``1 file``, ``1,234 files``."""
    return f"{value:,} {noun}{'' if value == 1 else 's'}"


def size(value: int | None) -> str:
    """Bytes in decimal units: ``54.7 MB``."""
    if value is None:
        return NOTHING
    for scale, unit in _UNITS:
        if value >= scale:
            return f"{_three_digits(value / scale)} {unit}B"
    return f"{value} B"


def amount(value: float | None) -> str:
    """Three significant digits with a unit: ``1.23 G``, ``45.6 k``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    for scale, unit in _UNITS:
        if abs(value) >= scale:
            return f"{_three_digits(value / scale)} {unit}"
    return _three_digits(value)


def price(value: float | None) -> str:
    """As many digits as a price has, without an exponent: ``42,576.91``, ``0.00001234``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    decimals = 2 if value == 0 else max(2, 5 - math.floor(math.log10(abs(value))))
    whole, _, part = f"{value:,.{min(decimals, 12)}f}".partition(".")
    return f"{whole}.{part.rstrip('0')}" if part.rstrip("0") else whole


def percent(share: float | None) -> str:
    """A share that says 100 only where nothing at all is missing, and 0 only where nothing is there: ``99.9 %``."""
    if share is None:
        return NOTHING
    if share >= 1.0:
        return "100 %"
    return "0 %" if share <= 0.0 else f"{min(max(share * 100, 0.1), 99.9):.1f} %"


def signed_percent(share: float) -> str:
    """``+1.23 %``."""
    return f"{share * 100:+.2f} %".replace("-", "−")


def change(ratio: float | None) -> str:
    """A ratio to a former value as a signed change: ``+12 %``; far more than double is said as a multiple."""
    if ratio is None:
        return NOTHING
    if ratio >= 10:
        return f"× {ratio:,.0f}"
    return f"{(ratio - 1) * 100:+.0f} %".replace("-", "−").replace("+0 %", "0 %").replace("−0 %", "0 %")


def duration(microseconds: int | None) -> str:
    """``230 ms``, ``12 s``, ``3 min 20 s``, ``5 h 12 min``."""
    if microseconds is None:
        return NOTHING
    if abs(microseconds) < _SECOND:
        return f"{microseconds / 1_000:,.3g} ms"
    if microseconds < _MINUTE:
        return f"{microseconds / _SECOND:.3g} s"
    if microseconds < _HOUR:
        minutes, rest = divmod(microseconds, _MINUTE)
        return f"{minutes} min" + (f" {rest // _SECOND} s" if rest >= _SECOND else "")
    hours, rest = divmod(microseconds, _HOUR)
    return f"{hours:,} h" + (f" {rest // _MINUTE} min" if rest >= _MINUTE else "")


def milliseconds(value: float | None) -> str:
    """``0.42 ms``, ``12 ms``, ``1,234 ms``; a negative one where the clocks disagree."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{_three_digits(value)} ms".replace("-", "−")


def _three_digits(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
