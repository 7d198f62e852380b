"""What a caller asked for, checked: instrument ids and columns."""

import difflib
from collections.abc import Iterable, Sequence

from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.venues import Market, find_instrument, find_markets
from market_data_assets.errors import QueryError, SettingsError

Ids = str | InstrumentId | Iterable[str | InstrumentId]
Columns = str | Sequence[str] | None
_LISTED, _NEAR = 60, 5


def parse_ids(ids: Ids) -> tuple[Sequence[InstrumentId], bool]:
    """The ids in the order given, without repeats, and whether they were given as several.

    Raises:
        UnknownInstrument: text that is not an id of a known venue.
        QueryError: no id at all.
    """
    if isinstance(ids, (str, InstrumentId)):
        return [find_instrument(ids)], False
    instruments = list(dict.fromkeys(map(find_instrument, ids)))
    if not instruments:
        raise QueryError("no instrument id was given; expected one, or several in a list")
    return instruments, True


def markets_named(venue: str) -> Sequence[Market]:
    """The markets of a venue by our name or an alias, or the one that a vendor calls so.

    Raises:
        QueryError: no such venue.
    """
    try:
        return find_markets(venue)
    except SettingsError as error:
        raise QueryError(str(error)) from None


def choose_columns(name: str, columns: Columns, allowed: Sequence[str], default: Sequence[str]) -> Sequence[str]:
    """The columns asked for, in their order, without repeats; ``default`` when none were.

    Raises:
        QueryError: a column that is not among ``allowed``, or an empty choice.
    """
    if columns is None:
        return default
    chosen = [columns] if isinstance(columns, str) else list(dict.fromkeys(columns))
    if not chosen:
        raise QueryError(f"{name}: no column was asked for; it has {', '.join(allowed)}")
    if unknown := set(chosen) - set(allowed):
        raise QueryError.columns(name, unknown, _shown(unknown, allowed))
    return chosen


def _shown(unknown: Iterable[str], allowed: Sequence[str]) -> Sequence[str]:
    """All that are allowed, or of very many those with names near to the unknown ones."""
    if len(allowed) <= _LISTED:
        return allowed
    near = [name for each in sorted(unknown) for name in difflib.get_close_matches(each, allowed, _NEAR)]
    return [*dict.fromkeys(near or allowed[:_NEAR]), f"… {len(allowed)} in all"]
