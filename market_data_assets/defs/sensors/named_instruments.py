"""Which instruments a requested run is about, in a run config of bounded size."""

from collections.abc import Iterable

from market_data_assets.domain.instruments import InstrumentId

MOST_NAMED = 200
"""More than this are named by pattern. What a pattern names beside them costs nothing: raw assets fetch what is missing."""


def named(instruments: Iterable[InstrumentId]) -> list[str]:
    """The ids in order; where they are too many, a pattern for each underlying, and if those are, for each type of a venue."""
    ids = sorted(set(instruments))
    for name in (str, _underlying, _market):
        names = list(dict.fromkeys(map(name, ids)))
        if len(names) <= MOST_NAMED:
            return names
    return names


def selection_config(instruments: Iterable[InstrumentId], *, refresh: bool) -> dict[str, object]:
    """The run config of a run that fetches these instruments, with ``refresh`` also where they are stored.

    What follows is computed of the whole day: where one instrument failed, the run before has computed none of the others either.
    """
    return {"resources": {"selection": {"config": {"instruments": named(instruments), "refresh": refresh, "whole_day": True}}}}


def _underlying(instrument: InstrumentId) -> str:
    return f"{instrument.venue}:{instrument.instrument_type}:{instrument.base}-*"


def _market(instrument: InstrumentId) -> str:
    return f"{instrument.venue}:{instrument.instrument_type}:*"
