"""Until when vendors have exported their days: what their answers, or the folders of their files, add up to."""

import datetime as dt
from collections.abc import Iterable, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from market_data_assets.domain.universe import Universe
from market_data_assets.domain.venues import Market

ENDED_AFTER = dt.timedelta(days=7)
"""A market that is this far behind the newest one has ended, or is recorded no more: the others do not wait for it."""


def slowest(found: Iterable[dt.datetime | None]) -> dt.datetime | None:
    """The earliest of the instants until which markets are exported, without markets that have ended; None without any."""
    known = [each for each in found if each is not None]
    return min((each for each in known if max(known) - each < ENDED_AFTER), default=None)


def possible_markets(universe: Universe) -> Sequence[Market]:
    """The markets of a universe that an instrument of it could be of, as far as the venues in its patterns say."""
    venues = [pattern.split(":")[0] for pattern in universe.patterns]
    return [market for market in universe.markets() if not venues or any(fnmatchcase(market.venue, venue) for venue in venues)]


def newest_day_folder(exchange: Path) -> dt.date | None:
    """The newest day below a folder laid out as ``{data_type}/{YYYY}/{MM}/{DD}``; None where there is none."""
    newest = (_newest(data_type, 3) for data_type in _folders(exchange))
    days = []
    for parts in newest:
        with suppress(ValueError):
            days.append(dt.date(*parts))
    return max(days, default=None)


def _newest(folder: Path, depth: int) -> tuple[int, ...]:
    """The numbers of the last folder, by number, ``depth`` levels down; shorter where there is none."""
    if depth == 0:
        return ()
    numbered = [(int(below.name), below) for below in _folders(folder) if below.name.isascii() and below.name.isdigit()]
    for number, below in sorted(numbered, reverse=True):
        rest = _newest(below, depth - 1)
        if len(rest) == depth - 1:
            return (number, *rest)
    return ()


def _folders(folder: Path) -> Sequence[Path]:
    return [each for each in folder.iterdir() if each.is_dir()] if folder.is_dir() else []
