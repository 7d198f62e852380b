"""Symbols that write base and quote with a separator."""

import re

_SEPARATOR = re.compile(r"[-/:]")


def split_separated(symbol: str) -> tuple[str, str] | None:
    """Both sides of the one separator: ``/`` or ``:`` as venues write it, or ``-`` as dataset names have it; else None."""
    parts = _SEPARATOR.split(symbol)
    return (parts[0], parts[1]) if len(parts) == 2 and all(part.isalnum() for part in parts) else None
