"""Candle timeframes. Add a line to TIMEFRAMES and the assets, checks and tables follow."""

import re
from dataclasses import dataclass

from market_data_assets.errors import QueryError

MICROSECONDS = 1_000_000
DAY_SECONDS = 86_400
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": DAY_SECONDS}


@dataclass(frozen=True, slots=True, order=True)
class Timeframe:
    """A fixed bucket length that divides one UTC day."""

    seconds: int
    label: str

    def __post_init__(self) -> None:
        if self.seconds <= 0 or DAY_SECONDS % self.seconds:
            raise QueryError(f"timeframe {self.label}: {self.seconds} s does not divide a day")

    def __str__(self) -> str:
        return self.label

    @property
    def microseconds(self) -> int:
        """Length of a bucket."""
        return self.seconds * MICROSECONDS

    @property
    def buckets_per_day(self) -> int:
        """Buckets in one UTC day."""
        return DAY_SECONDS // self.seconds

    @classmethod
    def parse(cls, text: "str | Timeframe") -> "Timeframe":
        """The timeframe written as ``1m``, ``60s``, ``1d``, ``1D``, ``1440m`` or the like.

        Raises:
            QueryError: not a timeframe that is stored; the message lists those that are.
        """
        if isinstance(text, Timeframe):
            return text
        # "1M" is a month to exchanges and to pandas, so a minute is the one unit that must be in lower case.
        match = re.fullmatch(r"([0-9]{1,6})([sShHdDm])", text.strip())
        if match:
            found = _BY_SECONDS.get(int(match[1]) * _UNITS[match[2].lower()])
            if found is not None:
                return found
        raise QueryError(f"timeframe {text!r} is not known; stored are {', '.join(map(str, TIMEFRAMES))}")


TIMEFRAMES = (
    Timeframe(15, "15s"),
    Timeframe(60, "1m"),
    Timeframe(300, "5m"),
    Timeframe(900, "15m"),
    Timeframe(3_600, "1h"),
    Timeframe(14_400, "4h"),
    Timeframe(86_400, "24h"),
)
FINEST = TIMEFRAMES[0]
_BY_SECONDS = {timeframe.seconds: timeframe for timeframe in TIMEFRAMES}
