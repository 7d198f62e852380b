"""What the shell offers when Tab is pressed: names that exist, days that are stored. Silent where there is nothing to offer."""

from contextlib import suppress

from market_data_assets.errors import MarketDataError


def complete_venue(incomplete: str) -> list[str]:
    """Our names of venues."""
    from market_data_assets.domain.venues import VENUES  # noqa: PLC0415

    return _starting(incomplete.upper(), [venue.name for venue in VENUES])


def complete_instrument_type(incomplete: str) -> list[str]:
    """Types of instruments."""
    from market_data_assets.domain.instruments import InstrumentType  # noqa: PLC0415

    return _starting(incomplete.upper(), list(map(str, InstrumentType)))


def complete_data_type(incomplete: str) -> list[str]:
    """Raw data types."""
    from market_data_assets.domain.schemas import RAW  # noqa: PLC0415

    return _starting(incomplete, [dataset.name for dataset in RAW])


def complete_readable(incomplete: str) -> list[str]:
    """Datasets that can be read."""
    from market_data_assets.cli.reads import readable_names  # noqa: PLC0415

    return _starting(incomplete, readable_names())


def complete_dataset(incomplete: str) -> list[str]:
    """Datasets and tiers."""
    from market_data_assets.catalog import DATASETS  # noqa: PLC0415

    names = [*(dataset.name for dataset in DATASETS), *(dataset.tier for dataset in DATASETS)]
    return _starting(incomplete, list(dict.fromkeys(names)))


def complete_day(incomplete: str) -> list[str]:
    """Days whose instruments are stored, newest first: one listing of a folder."""
    from market_data_assets.cli.console import load_settings  # noqa: PLC0415
    from market_data_assets.deployment import open_lake  # noqa: PLC0415
    from market_data_assets.domain.schemas import INSTRUMENTS  # noqa: PLC0415

    # The shell would show the words of an error as things to choose from.
    with suppress(MarketDataError):
        days = open_lake(load_settings()).days(INSTRUMENTS)
        return _starting(incomplete, [str(day) for day in reversed(days)])
    return []


def _starting(incomplete: str, names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
