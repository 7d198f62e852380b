"""Limits of the platforms that a backfill could meet."""

from collections.abc import Sequence
from dataclasses import dataclass

_DAY_SECONDS = 86_400
LOADS_PER_TABLE = 1_500
LOADS_PER_PROJECT = 100_000
MODIFICATIONS_PER_TABLE = 30_000
PARTITIONS_PER_JOB = 4_000
PARTITIONS_PER_TABLE = 10_000
WRITES_PER_SECOND = 1_000
"""Quotas of BigQuery, each of a calendar day or at any time, and the rate at which a bucket starts to refuse before it has grown."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit and what the backfill needs of it."""

    what: str
    allowed: int
    needed: int

    @property
    def is_exceeded(self) -> bool:
        """Whether more is needed than is allowed."""
        return self.needed > self.allowed

    def __str__(self) -> str:
        return f"{self.what}: {self.needed:,} of {self.allowed:,}"


def warehouse_limits(days: int, tables: int, partitions: int, seconds: float | None) -> Sequence[Limit]:
    """BigQuery's limits for loading so many days of so many tables, one job for each.

    Args:
        partitions: Those of the largest table afterwards.
        seconds: What the whole takes; None where that is not known, then it is all taken to happen on one day.
    """
    share = 1.0 if seconds is None else min(1.0, _DAY_SECONDS / seconds) if seconds else 1.0
    a_day = round(days * share)
    return (
        Limit("load jobs of a table a day", LOADS_PER_TABLE, a_day),
        Limit("load jobs of the project a day", LOADS_PER_PROJECT, a_day * tables),
        Limit("partition modifications of a table a day", MODIFICATIONS_PER_TABLE, a_day),
        Limit("partitions that one job changes", PARTITIONS_PER_JOB, min(days, 1)),
        Limit("partitions of a table", PARTITIONS_PER_TABLE, partitions),
    )


def bucket_limits(writes: int, seconds: float | None) -> Sequence[Limit]:
    """The bucket's limit, where the time is known."""
    return () if not seconds else (Limit("writes to the bucket a second", WRITES_PER_SECOND, round(writes / seconds)),)


def disk_limits(needed: int, free: int | None) -> Sequence[Limit]:
    """The room on the disk, where the lake is on one."""
    return () if free is None else (Limit("bytes on the disk", free, needed),)
