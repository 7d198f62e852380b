"""Values of ``@name`` parameters: what both warehouses take, so that a query means the same on either."""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal

from market_data_assets.errors import QueryError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCALARS = (str, bool, int, float, Decimal, bytes, dt.datetime, dt.date)


def checked_parameters(parameters: Mapping[str, object] | None) -> Mapping[str, object]:
    """The same values, lists in place of tuples.

    Raises:
        QueryError: a name that SQL cannot use, a naive datetime, or a value of a kind that no column has.
    """
    for name in parameters or {}:
        if not _NAME.fullmatch(name):
            raise QueryError(f"parameter {name!r}: expected a name of letters, digits and underscores")
    return {name: _value(name, value) for name, value in (parameters or {}).items()}


def _value(name: str, value: object) -> object:
    return [_scalar(name, each) for each in value] if isinstance(value, list | tuple) else _scalar(name, value)


def _scalar(name: str, value: object) -> object:
    if value is not None and not isinstance(value, _SCALARS):
        raise QueryError(f"parameter @{name} is a {type(value).__name__}; expected text, a number, a date, a time, or a list of those")
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        raise QueryError(f"parameter @{name} {value!r} is naive; give it a time zone")
    return value
