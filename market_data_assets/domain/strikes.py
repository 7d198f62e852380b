"""Strike prices as exact decimals, in the one form that ids and comparisons use."""

import re
from decimal import Decimal

_WRITTEN = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?")
_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{0,17}[1-9])?")


def parse_strike(text: str) -> Decimal | None:
    """The strike written as ``50000`` or ``0.625``, of at most 18 digits on each side; None for anything else."""
    return plain_strike(Decimal(text)) if _WRITTEN.fullmatch(text) else None


def plain_strike(value: Decimal) -> Decimal | None:
    """``value`` without exponent and trailing zeros, so that equal strikes print alike; None if negative, not finite or too long."""
    # Decimal.normalize() rounds to the context's precision, which could make two strikes one; text does not.
    if not value.is_finite() or abs(value.adjusted()) > 18:
        return None
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return Decimal(text) if _PLAIN.fullmatch(text) else None
