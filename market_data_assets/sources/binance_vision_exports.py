"""Until when Binance Vision has published the days of a market."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from market_data_assets.domain.days import day_end, to_datetime
from market_data_assets.errors import NotListed
from market_data_assets.sources.binance_vision_listing import KINDS, file_stem
from market_data_assets.sources.download import join_url, local_path
from market_data_assets.sources.exports import ENDED_AFTER

_BUSY = {"spot": "BTCUSDT", "futures/um": "BTCUSDT", "futures/cm": "BTCUSD_PERP"}
"""By market: an instrument that trades every day, so that its file says whether the day is published."""


def published_until(url: str, path: str, today: dt.date, read: Callable[[str, str], bytes]) -> dt.datetime | None:
    """The end of the newest day of which the busy instrument of a market has a checksum, looking back seven days from ``today``.

    Of a folder, the end of the newest day that any file in it is of.

    Args:
        url: Of the dumps.
        path: Of the market, such as ``futures/um``.
        read: Fetches a document by URL and description; raises NotListed where there is none.
    """
    root = local_path(url)
    days = _asked(url, path, today, read) if root is None else _in_folder(root / "data" / path / "daily")
    newest = next(days, None) if root is None else max(days, default=None)
    return None if newest is None else to_datetime(day_end(newest))


def _asked(url: str, path: str, today: dt.date, read: Callable[[str, str], bytes]) -> Iterator[dt.date]:
    symbol, kind = _BUSY[path], KINDS[0]
    for back in range(1, ENDED_AFTER.days + 1):
        day = today - dt.timedelta(days=back)
        name = f"{file_stem(symbol, kind, day)}.zip.CHECKSUM"
        with suppress(NotListed):
            read(join_url(url, "data", path, "daily", kind, symbol, name), f"Binance Vision {kind} {symbol} {day} checksum")
            yield day


def _in_folder(daily: Path) -> Iterator[dt.date]:
    for kind in KINDS:
        for file in daily.glob(f"{kind}/*/*"):
            if file.suffix in {".zip", ".csv"}:
                with suppress(ValueError):
                    yield dt.date.fromisoformat(file.stem[-len("YYYY-MM-DD") :])
