"""Which days, datasets and instruments a command is about: its options, and the days that can be made."""

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

import typer

from market_data_assets.cli.completion import complete_dataset, complete_day
from market_data_assets.domain.days import TimeRange, day_end, day_start, parse_day
from market_data_assets.errors import PartitionMissing, QueryError

if TYPE_CHECKING:
    from market_data_assets.settings import Settings
    from market_data_assets.storage.lake_reader import LakeReader

FirstDay = Annotated[str, typer.Option("--from", help="First UTC day, YYYY-MM-DD.", autocompletion=complete_day)]
LastDay = Annotated[
    str | None, typer.Option("--to", help="Last UTC day, inclusive; the first day when left out.", autocompletion=complete_day)
]
First = Annotated[
    str | None,
    typer.Option("--from", help="First UTC day, YYYY-MM-DD; the first that is stored when left out.", autocompletion=complete_day),
]
Last = Annotated[
    str | None, typer.Option("--to", help="Last UTC day, inclusive; the last that is stored when left out.", autocompletion=complete_day)
]
Datasets = Annotated[
    list[str] | None,
    typer.Option(
        "--dataset", help="Dataset or tier, such as candles_1m or raw_tick_data; repeat for more.", autocompletion=complete_dataset
    ),
]
Instruments = Annotated[
    list[str] | None, typer.Option("--instruments", help="Id or pattern such as BINANCE:PERP:*-USDT; repeat, or separate by commas.")
]


def parts_of(texts: Sequence[str] | None) -> list[str]:
    """The values of an option that may be repeated, and separated by commas."""
    return [part.strip() for text in texts or [] for part in text.split(",") if part.strip()]


def days_to_make(settings: "Settings", first: str, last: str | None) -> Sequence[dt.date]:
    """The days from the first to the last, inclusive; the first alone without a last.

    Raises:
        QueryError: not days, the wrong way round, or days that are no partitions: before the first of them, or not over yet.
    """
    start, end = parse_day(first), parse_day(last or first)
    if end < start:
        raise QueryError(f"--to {end} lies before --from {start}")
    if start < settings.first_day:
        raise QueryError(f"--from {start} lies before the first day that is a partition, {settings.first_day} (MDA_FIRST_DAY)")
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    if end > yesterday:
        raise QueryError(f"{end} is not over yet; the last whole UTC day is {yesterday}")
    return list(TimeRange(day_start(start), day_end(end)).days())


def unmatched_patterns(lake: "LakeReader", days: Sequence[dt.date], patterns: Sequence[str]) -> Sequence[str]:
    """The patterns that match no instrument of any of the days."""
    from market_data_assets.domain.schemas import INSTRUMENTS  # noqa: PLC0415

    known: set[str] = set()
    for day in days:
        with suppress(PartitionMissing):
            known.update(map(str, lake.read_table(INSTRUMENTS, day, ["instrument_id"])["instrument_id"].to_pylist()))
    return [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in known)]
