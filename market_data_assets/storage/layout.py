"""Where every object of the lake lives: pure names, each with its inverse.

raw_tick_data/by_date/day-2024-08-08/data_type-trades/            a partition's prefix
    BINANCE:PERP:BTC-USDT.parquet   _manifest.json   _SUCCESS
_staging/<prefix><tx>/<file>                                       not yet committed
_quarantine/<prefix><file>                                         rows set aside, as delivered
"""

import datetime as dt

from market_data_assets.domain.datasets import Dataset, Grain
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import UnsafeName
from market_data_assets.storage.names import checked_name

MANIFEST = "_manifest.json"
SUCCESS = "_SUCCESS"
STAGING = "_staging/"
QUARANTINE = "_quarantine/"
_SUFFIX = ".parquet"
_DAY = "day-"


def days_prefix(dataset: Dataset) -> str:
    """The prefix that holds the day folders of ``dataset``."""
    return checked_name(f"{dataset.tier}/by_date") + "/"


def partition_prefix(dataset: Dataset, day: dt.date) -> str:
    """The prefix of one day of ``dataset``, with its trailing slash.

    Raises:
        UnsafeName: the record's tier or partition cannot be part of a path.
    """
    below = "" if dataset.partition is None else f"{dataset.partition}/"
    prefix = f"{days_prefix(dataset)}{_DAY}{day:%Y-%m-%d}/{below}"
    checked_name(prefix.removesuffix("/"))
    return prefix


def day_of_prefix(dataset: Dataset, prefix: str) -> dt.date:
    """The inverse of :func:`partition_prefix`.

    Raises:
        UnsafeName: not the prefix of a day of ``dataset``.
    """
    text = prefix.removeprefix(days_prefix(dataset)).removeprefix(_DAY)[:10]
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or partition_prefix(dataset, day) != prefix:
        raise UnsafeName(prefix, f"expected {days_prefix(dataset)}day-YYYY-MM-DD/ and the partition of {dataset}")
    return day


def file_name(dataset: Dataset, instrument: InstrumentId | None) -> str:
    """The file of one instrument, or of the whole day for a dataset of one file per day.

    Raises:
        UnsafeName: an instrument where the dataset has one file a day, or none where it has one per instrument.
    """
    if (instrument is None) != (dataset.grain is Grain.DAY):
        raise UnsafeName(str(instrument), f"{dataset} stores {dataset.grain}")
    return checked_name(f"{dataset.name if instrument is None else instrument}{_SUFFIX}")


def object_name(dataset: Dataset, day: dt.date, instrument: InstrumentId | None = None) -> str:
    """The full name of one stored file."""
    return partition_prefix(dataset, day) + file_name(dataset, instrument)


def parse_object_name(dataset: Dataset, name: str) -> tuple[dt.date, InstrumentId | None]:
    """The inverse of :func:`object_name`.

    Raises:
        UnsafeName: not the name of a file of ``dataset``.
        UnknownInstrument: the file is not named for an instrument.
    """
    folder, _, file = name.rpartition("/")
    day = day_of_prefix(dataset, f"{folder}/")
    # Only one suffix is taken off: strikes hold dots.
    instrument = None if dataset.grain is Grain.DAY else InstrumentId.parse(file.removesuffix(_SUFFIX))
    if object_name(dataset, day, instrument) != name:
        raise UnsafeName(name, f"{dataset} would store it as {object_name(dataset, day, instrument)}")
    return day, instrument


def staging_prefix(prefix: str, tx: str) -> str:
    """Where transaction ``tx`` puts the files of the partition at ``prefix`` before they are committed."""
    return f"{STAGING}{prefix}{checked_name(tx)}/"


def partition_of_staged(name: str) -> str:
    """The prefix of the partition that a staged object belongs to.

    Raises:
        UnsafeName: not a staged object.
    """
    parts = name.removeprefix(STAGING).rsplit("/", 2)
    if not name.startswith(STAGING) or len(parts) != 3:
        raise UnsafeName(name, f"expected {STAGING}<partition>/<transaction>/<file>")
    return f"{parts[0]}/"


def quarantine_prefix(prefix: str) -> str:
    """Where the rows that were set aside from the partition at ``prefix`` are kept."""
    return QUARANTINE + prefix
