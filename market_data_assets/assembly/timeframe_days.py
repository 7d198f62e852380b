"""A day in every timeframe, computed from the same ticks in one pass: of each instrument only the timeframes that need it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pyarrow as pa

from market_data_assets.assembly.up_to_date import REFUSED, Sources, StoredDay, Wanted, identity_of, to_make, version_of
from market_data_assets.compute.contract import Contract, contract_of
from market_data_assets.domain.datasets import DailyFrames, Dataset, Frame, TableFrame, Unchanged
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import NoData, NotListed, Unusable
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.spill import fan_out

Compute = Callable[[InstrumentId, Frame, Sequence[Timeframe]], Mapping[Timeframe, TableFrame]]
"""From an instrument and its ticks, the frames of some timeframes."""


class Contracts:
    """The contracts of a day, by the rows of its instruments table."""

    def __init__(self, ticks: str, day: object, instruments: pa.Table) -> None:
        self._what = f"{ticks} {day}"
        self._rows = {InstrumentId.parse(row["instrument_id"]): row for row in instruments.to_pylist()}

    def of(self, instrument: InstrumentId) -> Contract:
        """The contract of an instrument.

        Raises:
            NotListed: the day does not list it.
            ContractSizeUnknown: a derivative without a known multiplier.
        """
        if instrument not in self._rows:
            raise NotListed(f"{self._what}: {instrument} has ticks, but the day's instruments do not list it")
        return contract_of(self._rows[instrument])

    def with_ticks(self, ticks: Sources) -> Sources:
        """The identity of ticks and contract together."""
        found: dict[InstrumentId, str | None] = {}

        def sources(instrument: InstrumentId) -> str | None:
            # Every timeframe asks again.
            if instrument not in found:
                found[instrument] = self._sources(instrument, ticks(instrument))
            return found[instrument]

        return sources

    def _sources(self, instrument: InstrumentId, ticks: str | None) -> str | None:
        try:
            contract = self.of(instrument)
        except (NoData, Unusable):
            return REFUSED
        terms = (str(instrument), contract.inverse, contract.multiplier, contract.listed_from, contract.listed_to)
        return identity_of(ticks, *terms) if ticks else ticks


@contextmanager
def timeframe_days(
    lake: Lake, tables: Mapping[Timeframe, Dataset], ticks: DailyFrames, *, compute: Compute, sources: Sources, wanted: Wanted
) -> Iterator[Mapping[Timeframe, DailyFrames | Unchanged]]:
    """What a run makes of a day, by timeframe; valid within the ``with`` block. Instruments are computed when they are asked for.

    Args:
        tables: The timeframes that are wanted, and their datasets.
        ticks: The whole day with its inputs.
    """
    plans = {each: to_make(table, StoredDay.find(lake, table, ticks.day), ticks, sources, wanted) for each, table in tables.items()}
    days = {timeframe: plan for timeframe, plan in plans.items() if isinstance(plan, DailyFrames)}
    needed: Mapping[InstrumentId, list[Timeframe]] = defaultdict(list)
    for timeframe, day in days.items():
        for instrument in day.loaders:
            needed[instrument].append(timeframe)
    versions = {timeframe: version_of(tables[timeframe]) for timeframe in days}

    def computed(instrument: InstrumentId, frame: Frame) -> Mapping[Timeframe, Frame]:
        made_of = sources(instrument) or REFUSED
        frames = compute(instrument, frame, needed[instrument])
        return {each: replace(found, source_version=versions[each](made_of)) for each, found in frames.items()}

    loaders = {instrument: ticks.loaders[instrument] for instrument in needed}
    with fan_out(replace(ticks, loaders=loaders), computed, list(days)) as made:
        lazily = {each: {instrument: made[each].loaders[instrument] for instrument in day.loaders} for each, day in days.items()}
        yield plans | {each: replace(day, loaders=lazily[each]) for each, day in days.items()}
