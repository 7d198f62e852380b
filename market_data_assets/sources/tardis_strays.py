"""Rows of a group file that are no instrument's: set aside, and told of once."""

import datetime as dt
import logging
from dataclasses import replace

from market_data_assets.domain.universe import Universe
from market_data_assets.errors import UnknownInstrument
from market_data_assets.sources.tardis_directory import TardisDirectory
from market_data_assets.sources.tardis_groups import Group, GroupFile
from market_data_assets.sources.tardis_metadata import DatasetSymbol

_LOGGER = logging.getLogger(__name__)


def find_strays(
    file: GroupFile, group: Group, *, data_type: str, day: dt.date, directory: TardisDirectory, universe: Universe
) -> GroupFile:
    """``file`` with the rows that no instrument of the day takes: of a symbol that no rule maps (``unknown_symbol``), or
    of one that Tardis does not list (``unlisted_symbol``). What the universe leaves out on purpose is no stray.
    """
    listed = directory.listed(group.market, day)
    reasons: dict[str, str] = {}
    takers: list[str] = []
    for symbol in file.split.symbols:
        spelled = DatasetSymbol(file.split.spellings(symbol)[0], str(group.kind), ())
        try:
            instrument = directory.define(group.market, spelled, day).instrument_id
        except UnknownInstrument:
            reasons[symbol] = "unknown_symbol"
            continue
        if not universe.includes(instrument):
            continue
        if listed is not None and symbol not in listed:
            reasons[symbol] = "unlisted_symbol"
        elif not directory.has_files(group.market.exchange, data_type, day, symbol):
            takers.append(symbol)
    if not reasons:
        return file
    strays = file.set_aside(reasons)
    if not takers:
        _LOGGER.warning("%s: rows of no instrument: %s", file.split.what, {each.reason: each.count for each in strays})
    return replace(file, spokesman=takers[0] if takers else None, strays=strays)
