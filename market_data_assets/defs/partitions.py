"""One partition is one UTC day."""

import datetime as dt

import dagster as dg

from market_data_assets.domain.days import parse_day


def daily(first_day: dt.date) -> dg.DailyPartitionsDefinition:
    """UTC days from ``first_day`` to yesterday."""
    return dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), timezone="UTC")


def monthly(first_day: dt.date) -> dg.MonthlyPartitionsDefinition:
    """UTC months from that of ``first_day`` to the last whole one, and the current one."""
    return dg.MonthlyPartitionsDefinition(start_date=first_day.replace(day=1).isoformat(), timezone="UTC", end_offset=1)


def day_of_partition(key: str) -> dt.date:
    """The UTC day that a partition key names."""
    return parse_day(key)
