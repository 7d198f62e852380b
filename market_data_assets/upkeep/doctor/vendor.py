"""Check of the vendor: one small request for its metadata."""

from pathlib import Path

from market_data_assets.sources.download import Downloader, join_url, local_path
from market_data_assets.sources.limits import Limits
from market_data_assets.upkeep.doctor.record import Outcome, Status
from market_data_assets.upkeep.doctor.subject import Subject

_LIMITS = Limits(connect_seconds=5, read_seconds=10, total_seconds=15, attempts=1)
# The oldest part of each vendor, which has been there all along.
_TARDIS = ("v1", "exchanges", "bitmex")
_BINANCE = ("data", "spot", "daily", "klines", "BTCUSDT", "1d", "BTCUSDT-1d-2024-08-08.zip.CHECKSUM")


def vendor(subject: Subject) -> Outcome:
    """Whether the source of ticks answers, and takes the key."""
    settings = subject.settings
    match settings.source:
        case "simulated":
            return Outcome(Status.OK, "simulated markets need no vendor")
        case "tardis":
            files, document = settings.tardis.datasets_url, join_url(settings.tardis.api_url, *_TARDIS)
        case "binance_vision":
            files, document = settings.binance_vision.url, join_url(settings.binance_vision.url, *_BINANCE)
    if (folder := local_path(files)) is not None:
        return _folder(folder)
    key = settings.tardis.api_key if settings.source == "tardis" else None
    downloader = Downloader(settings.cache, _LIMITS, token=None if key is None else key.get_secret_value())
    size = len(downloader.fetch_document(document, f"{settings.source} metadata"))
    if settings.source == "tardis" and key is None:
        remedy = "set MDA_TARDIS_API_KEY: without it only the first day of each month can be had"
        return Outcome(Status.WARN, f"{settings.source} answered {size:,} bytes, asked without a key", remedy)
    return Outcome(Status.OK, f"{settings.source} answered {size:,} bytes")


def _folder(folder: Path) -> Outcome:
    if folder.is_dir():
        return Outcome(Status.OK, f"the vendor's files are in {folder}")
    return Outcome(Status.FAIL, f"the vendor's files are to be in {folder}, which is no folder")
