"""One partition is one UTC day."""

import datetime as dt

import dagster as dg

from market_data_assets.domain.days import parse_day


def daily(first_day: dt.date) -> dg.DailyPartitionsDefinition:
    """UTC days from ``first_day`` to yesterday."""
    return dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), timezone="UTC")


def day_of_partition(key: str) -> dt.date:
    """The UTC day that a partition key names."""
    return parse_day(key)
