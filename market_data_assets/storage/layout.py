"""Where every object of the lake lives: pure names, each with its inverse.

raw_tick_data/by_date/day-2024-08-08/data_type-trades/            a partition's prefix
    BINANCE:PERP:BTC-USDT.parquet   DERIBIT:OPTION:BTC-USD.parquet   _manifest.json   _SUCCESS
_staging/<prefix><tx>/<file>                                       not yet committed
_quarantine/<prefix><file>                                         rows and vendor files set aside, as delivered
_revisions/<prefix>manifest-00000001-1723104000000000.json         the manifest of a former version, with its commit time
_revisions/<prefix><sha256>                                        a file that a former version names and its successor did not
reports/by_date/day-2024-08-08/index.html                          the daily page, one object of its own
"""

import datetime as dt
import re

from market_data_assets.domain.datasets import Dataset, Grain
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.shards import parse_shard_name, shard_name
from market_data_assets.errors import UnsafeName
from market_data_assets.storage.names import checked_name

MANIFEST = "_manifest.json"
SUCCESS = "_SUCCESS"
STAGING = "_staging/"
QUARANTINE = "_quarantine/"
REVISIONS = "_revisions/"
_PAGES = "reports/by_date/"
_SUFFIX = ".parquet"
_DAY = "day-"
_KEPT_MANIFEST = re.compile(r"manifest-([0-9]{8,18})-([0-9]{16,18})\.json")


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
    """The file that one instrument's rows lie in, its own or its shard's; without an instrument that of the whole day.

    Raises:
        UnsafeName: an instrument where the dataset has one file a day, or none where it has one per instrument.
    """
    if (instrument is None) != (dataset.grain is Grain.DAY):
        raise UnsafeName(str(instrument), f"{dataset} stores {dataset.grain}")
    if instrument is None:
        return checked_name(f"{dataset.name}{_SUFFIX}")
    return shard_file_name(dataset, shard_of(dataset, instrument) or str(instrument))


def shard_of(dataset: Dataset, instrument: InstrumentId) -> str | None:
    """The shard of ``dataset`` that an instrument is stored in; None for one with a file of its own.

    Rows with columns of their writer's own cannot share a file.
    """
    return None if dataset.open_columns else shard_name(instrument)


def shard_file_name(dataset: Dataset, shard: str) -> str:
    """The file of a shard.

    Raises:
        UnsafeName: the dataset has one file a day.
    """
    if dataset.grain is not Grain.INSTRUMENT:
        raise UnsafeName(shard, f"{dataset} stores {dataset.grain}")
    return checked_name(f"{shard}{_SUFFIX}")


def aside_name(owner: str, suffix: str = _SUFFIX) -> str:
    """The file below the quarantine prefix that keeps what was set aside of ``owner``, an instrument or a whole table."""
    return checked_name(f"{owner}{suffix}")


def object_name(dataset: Dataset, day: dt.date, instrument: InstrumentId | None = None) -> str:
    """The full name of the stored file that holds an instrument's rows, or those of the whole day."""
    return partition_prefix(dataset, day) + file_name(dataset, instrument)


def shard_object_name(dataset: Dataset, day: dt.date, shard: str) -> str:
    """The full name of a shard's file."""
    return partition_prefix(dataset, day) + shard_file_name(dataset, parse_shard_name(shard))


def parse_object_name(dataset: Dataset, name: str) -> tuple[dt.date, InstrumentId | None]:
    """The inverse of :func:`object_name` for files that hold one instrument, or the whole day.

    Raises:
        UnsafeName: not the name of a file of ``dataset``.
        UnknownInstrument: the file is not named for an instrument; a shard's is read by :func:`parse_shard_object_name`.
    """
    folder, _, file = name.rpartition("/")
    day = day_of_prefix(dataset, f"{folder}/")
    # Only one suffix is taken off: strikes hold dots.
    instrument = None if dataset.grain is Grain.DAY else InstrumentId.parse(file.removesuffix(_SUFFIX))
    if object_name(dataset, day, instrument) != name:
        raise UnsafeName(name, f"{dataset} would store it as {object_name(dataset, day, instrument)}")
    return day, instrument


def parse_shard_object_name(dataset: Dataset, name: str) -> tuple[dt.date, str]:
    """The inverse of :func:`shard_object_name`.

    Raises:
        UnsafeName: not the name of a file of ``dataset``.
        UnknownInstrument: the file is not named for a shard.
    """
    folder, _, file = name.rpartition("/")
    day, shard = day_of_prefix(dataset, f"{folder}/"), parse_shard_name(file.removesuffix(_SUFFIX))
    if shard_object_name(dataset, day, shard) != name:
        raise UnsafeName(name, f"{dataset} would store it as {shard_object_name(dataset, day, shard)}")
    return day, shard


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


def kept_manifests_prefix(prefix: str) -> str:
    """What the name of every kept manifest of the partition at ``prefix`` starts with."""
    return f"{REVISIONS}{prefix}manifest-"


def kept_manifest_name(prefix: str, version: int, committed_at: int) -> str:
    """Where the manifest of a former version is kept; the commit time is µs UTC."""
    return f"{kept_manifests_prefix(prefix)}{version:08}-{committed_at:016}.json"


def parse_kept_manifest_name(prefix: str, name: str) -> tuple[int, int]:
    """The inverse of :func:`kept_manifest_name`: version and commit time.

    Raises:
        UnsafeName: not the name of a kept manifest of the partition at ``prefix``.
    """
    found = _KEPT_MANIFEST.fullmatch(name.removeprefix(REVISIONS + prefix))
    version, committed_at = (int(found[1]), int(found[2])) if found else (0, 0)
    if kept_manifest_name(prefix, version, committed_at) != name:
        raise UnsafeName(name, f"expected {kept_manifests_prefix(prefix)}<version>-<commit time>.json")
    return version, committed_at


def kept_file_name(prefix: str, sha256: str) -> str:
    """Where a file of former versions of the partition at ``prefix`` is kept, by its content."""
    return f"{REVISIONS}{prefix}{sha256}"


def daily_page_name(day: dt.date) -> str:
    """The object that is the page about a day."""
    return f"{_PAGES}{_DAY}{day:%Y-%m-%d}/index.html"


def day_of_daily_page(name: str) -> dt.date:
    """The inverse of :func:`daily_page_name`.

    Raises:
        UnsafeName: not the name of a daily page.
    """
    text = name.removeprefix(_PAGES + _DAY)[:10]
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or daily_page_name(day) != name:
        raise UnsafeName(name, f"expected {_PAGES}day-YYYY-MM-DD/index.html")
    return day
