"""Python values as typed query parameters of BigQuery."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter

# Booleans are integers and times are dates in Python: the narrower type comes first.
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "BOOL"),
    (int, "INT64"),
    (float, "FLOAT64"),
    (str, "STRING"),
    (dt.datetime, "TIMESTAMP"),
    (dt.date, "DATE"),
    (Decimal, "BIGNUMERIC"),
    (bytes, "BYTES"),
)


def query_parameters(values: Mapping[str, Any]) -> Sequence[ArrayQueryParameter | ScalarQueryParameter]:
    """One parameter per value, as checked by ``checked_parameters``; an empty list and None count as text."""
    return [
        ArrayQueryParameter(name, _type_of(*value), value)
        if isinstance(value, list)
        else ScalarQueryParameter(name, _type_of(value), value)
        for name, value in values.items()
    ]


def _type_of(*values: object) -> str:
    found = [next(name for type_, name in _TYPES if isinstance(value, type_)) for value in values if value is not None]
    if "FLOAT64" in found and set(found) <= {"FLOAT64", "INT64"}:
        return "FLOAT64"
    return found[0] if found else "STRING"
