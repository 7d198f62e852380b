"""How long a day takes here: from the commit times in the manifests of days that one run made as a whole."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from market_data_assets.domain.schemas import RAW
from market_data_assets.preflight.work import LAKE
from market_data_assets.upkeep.lineage import DatasetDay
from market_data_assets.upkeep.stored_days import StoredDay

SAMPLED_DAYS = 14
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """What the last days took, each from its first commit to its last.

    Attributes:
        days: How many they were.
        seconds_per_day: Median.
        seconds_per_row: Median, by the rows of raw ticks that the day has.
        tiers: Median seconds of a day until the commits of each tier, counted from the commit before; they sum up to about a day.
    """

    days: int
    seconds_per_day: float
    seconds_per_row: float
    tiers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Day:
    finished: int
    seconds: float
    rows: int
    tiers: Mapping[str, float]


def measured_pace(stored: Mapping[DatasetDay, StoredDay | None]) -> Pace | None:
    """The pace of the last days that one run made as a whole; None where there is none.

    What a run does before its first commit and after its last, loads into a warehouse among them, is not in it.
    """
    days = {day for _, day in stored}
    measured = [found for day in days if (found := _measure([stored.get((dataset, day)) for dataset in LAKE])) is not None]
    last = sorted(measured, key=lambda each: each.finished)[-SAMPLED_DAYS:]
    if not last:
        return None
    tiers = {tier: median(each.tiers[tier] for each in last) for tier in last[0].tiers}
    return Pace(len(last), median(each.seconds for each in last), median(each.seconds / each.rows for each in last), tiers)


def _measure(found: Sequence[StoredDay | None]) -> _Day | None:
    stored = [each for each in found if each is not None]
    if len(stored) < len(found) or len({each.run_id for each in stored}) != 1 or not stored[0].run_id:
        return None
    rows = sum(each.rows for dataset, each in zip(LAKE, stored, strict=True) if dataset in RAW)
    commits = sorted((each.committed_at, dataset.tier) for dataset, each in zip(LAKE, stored, strict=True))
    tiers: dict[str, float] = defaultdict(float, {dataset.tier: 0.0 for dataset in LAKE})
    for (before, _), (after, tier) in pairwise(commits):
        tiers[tier] += (after - before) / _SECOND
    return _Day(commits[-1][0], (commits[-1][0] - commits[0][0]) / _SECOND, rows, tiers) if rows else None
