"""Which symbols Tardis has for a day: those with files of their own, and the members of its group files."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.symbols.definition import dataset_symbol
from market_data_assets.domain.symbols.listing import GROUPS, group_of, is_group
from market_data_assets.errors import Retryable, UnknownInstrument, Unusable
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.local_file import LocalFile
from market_data_assets.sources.tardis_groups import symbols_of
from market_data_assets.sources.tardis_metadata import DatasetSymbol, ExchangeDatasets, defined_symbol

FILE_ENDING = ".csv.gz"


def listed_symbols(datasets: ExchangeDatasets, definitions: Mapping[str, Mapping[str, Any]], day: dt.date) -> list[DatasetSymbol]:
    """The symbols that were there on the day, with the data types of their own files and of their group's.

    Members of groups that have no files of their own come from the exchange's list of symbols, then from the
    instrument definitions; those whose type has no group on the day have no data, and are left out.

    Raises:
        SchemaDrift: a definition that is not in the documented shape.
    """
    available = [symbol for symbol in datasets.symbols if symbol.is_available(day)]
    groups = {symbol.symbol.upper(): symbol.data_types for symbol in available if is_group(symbol.symbol)}
    found = [symbol for symbol in available if not is_group(symbol.symbol)]
    found = [replace(symbol, data_types=_union(symbol.data_types, _group_types(symbol, groups))) for symbol in found]
    if not groups:
        return found
    known = {dataset_symbol(symbol.symbol) for symbol in found}
    for member in (*datasets.members, *(defined_symbol(definition) for definition in definitions.values())):
        data_types, name = _group_types(member, groups), dataset_symbol(member.symbol)
        if data_types and name not in known and member.is_available(day):
            known.add(name)
            found.append(replace(member, data_types=data_types))
    return found


def symbols_in_folder(
    folder: Path, day: dt.date, data_types: Collection[str], limits: Limits
) -> tuple[list[DatasetSymbol], list[UnknownInstrument]]:
    """What a folder of one exchange's files holds for the day, where nothing says what it should hold (DECISIONS D21).

    Args:
        data_types: Those whose group files are read for the symbols in them.

    Returns:
        The symbols, and the group files whose symbols could not all be read. Those met before the damage are among the
        symbols, so that whoever fetches them is told.
    """
    found: dict[str, DatasetSymbol] = {}
    unreadable: list[UnknownInstrument] = []

    def add(symbol: str, kind: str | None, data_type: str) -> None:
        before = found.get(symbol, DatasetSymbol(symbol, kind, ()))
        found[symbol] = replace(before, data_types=_union(before.data_types, (data_type,)))

    files = [(file.name.removesuffix(FILE_ENDING), file) for file in sorted(folder.glob(f"*/{day:%Y/%m/%d}/*{FILE_ENDING}"))]
    for symbol, file in files:
        if not is_group(symbol):
            add(dataset_symbol(symbol), None, file.parts[-5])
    for group, file in files:
        data_type = file.parts[-5]
        if not is_group(group) or data_type not in data_types:
            continue
        try:
            for symbol in symbols_of(f"Tardis {data_type} {folder.name} {group} {day}", LocalFile(file), limits):
                add(symbol, str(GROUPS[group.upper()]), data_type)
        except (Unusable, Retryable) as error:
            unreadable.append(
                UnknownInstrument.symbol(folder.name, group, f"a group file of {data_type} whose symbols can be read: {error}")
            )
    return [found[symbol] for symbol in sorted(found)], unreadable


def _group_types(symbol: DatasetSymbol, groups: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The data types that the group of the symbol's type has; none where Tardis names no type, or one that we do not know."""
    try:
        group = None if symbol.kind is None else group_of(InstrumentType.parse(symbol.kind))
    except UnknownInstrument:
        return ()
    return () if group is None else tuple(groups.get(group, ()))


def _union(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
