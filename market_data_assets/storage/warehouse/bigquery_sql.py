"""BigQuery SQL as text: the tier that queries name becomes the dataset that holds the tables, and a range becomes a condition."""

import re

from market_data_assets.domain.days import TimeRange, to_datetime
from market_data_assets.storage.warehouse.base import PARTITION_COLUMN

# https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical: comments and literals first, since nothing in them is a name.
_TOKENS = re.compile(
    r"""
      (?P<comment> --[^\n]* | \#[^\n]* | /\*.*?\*/ )
    | (?P<text> (?:\b(?:rb|br|r|b))? (?: \"{3}(?:\\.|.)*?\"{3} | '{3}(?:\\.|.)*?'{3} | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' ) )
    | (?P<quoted> (?<!\.) `(?:\\.|[^`\\])*` )
    | (?P<word> (?<![.@\w`]) [A-Za-z_]\w* (?=\s*\.) )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def with_dataset(sql: str, tier: str, dataset: str) -> str:
    """``sql`` with ``dataset`` wherever a path starts with ``tier``; not within text or comments."""
    if tier == dataset:
        return sql

    def replaced(found: re.Match[str]) -> str:
        token = found.group()
        if found["word"] is not None:
            return f"`{dataset}`" if token.lower() == tier else token
        if found["quoted"] is not None:
            first, dot, rest = token[1:-1].partition(".")
            follows = bool(dot) or sql[found.end() :].lstrip().startswith(".")
            return f"`{dataset}{dot}{rest}`" if first.lower() == tier and follows else token
        return token

    return _TOKENS.sub(replaced, sql)


def in_range(time_range: TimeRange) -> tuple[str, dict[str, object]]:
    """The condition that a row lies in a range, which also chooses the partitions, and its parameters."""
    return f"{PARTITION_COLUMN} >= @start AND {PARTITION_COLUMN} < @end", {
        "start": to_datetime(time_range.start),
        "end": to_datetime(time_range.end),
    }
