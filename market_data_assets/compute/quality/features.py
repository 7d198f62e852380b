"""Stored features: finite numbers, and nulls for want of look-back where there should have been one."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.compute.quality.columns import Flags, first_time, instants, numbers
from market_data_assets.compute.quality.findings import Finding


def judge_finite(instrument: str, features: pa.Table) -> Iterator[Finding]:
    """Infinite values and NaN, by column. They are wrong: what is not known is null.

    Args:
        features: ``timestamp`` and any other columns of one instrument.
    """
    for name in features.column_names:
        column = features[name]
        if pa.types.is_floating(column.type):
            strange = ~np.isfinite(numbers(features, name)) & np.asarray(column.is_valid().to_numpy())
            if strange.any():
                first = first_time(instants(features), strange)
                yield Finding(instrument, f"not_finite:{name}", int(strange.sum()), len(strange), True, first)


def null_share(features: pa.Table) -> tuple[int, int]:
    """How many of the numbers in bars with trades are null, and how many numbers there are.

    Args:
        features: ``bucket_status`` and any other columns of one instrument.
    """
    traded = features.filter(pc.equal(features["bucket_status"], pa.scalar("traded")))
    columns = [traded[name] for name in traded.column_names if pa.types.is_floating(traded[name].type)]
    return sum(column.null_count for column in columns), len(traded) * len(columns)


def missing_look_back(day: dt.date, look_back: int, stored: Collection[dt.date]) -> Sequence[dt.date]:
    """The days of the look-back before ``day`` that are not stored although an earlier day is, ascending.

    What lies before the first stored day is no hole: the lake begins there, and nulls are what is expected.
    """
    if not stored:
        return []
    wanted = (day - dt.timedelta(days=back) for back in range(look_back, 0, -1))
    return [each for each in wanted if each > min(stored) and each not in stored]


def known_shares(features: pa.Table, groups: Mapping[str, str]) -> Mapping[tuple[str, str], float]:
    """The share of numbers that are known in bars with trades, by group of features and hour of the UTC day (``00`` to ``23``).

    Args:
        features: ``timestamp``, ``bucket_status`` and the columns that ``groups`` names, of one instrument.
        groups: Column → its group.
    """
    traded = features.filter(pc.equal(features["bucket_status"], pa.scalar("traded")))
    hours = instants(traded) // 3_600_000_000 % 24
    known: dict[str, list[Flags]] = {}
    for column, group in groups.items():
        known.setdefault(group, []).append(np.asarray(traded[column].is_valid().to_numpy(), dtype=bool))
    return {
        (group, f"{hour:02}"): float(np.mean([column[hours == hour] for column in columns]))
        for group, columns in known.items()
        for hour in np.unique(hours).tolist()
    }
