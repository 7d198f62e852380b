"""Simulated markets as a source: deterministic, keyless, with faults where they are wanted."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import pyarrow as pa

from market_data_assets.domain.datasets import Dataset, TableFrame
from market_data_assets.domain.days import day_of, day_start
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.domain.venues import market_of
from market_data_assets.errors import NotListed, SettingsError
from market_data_assets.sources.base import Listings
from market_data_assets.sources.simulated.contracts import SimulatedContract, contracts
from market_data_assets.sources.simulated.definitions import definition
from market_data_assets.sources.simulated.pathologies import MidnightSpill
from market_data_assets.sources.simulated.planting import Pathology, Planting
from market_data_assets.sources.simulated.rows import Rows
from market_data_assets.sources.simulated.screening import screen
from market_data_assets.sources.simulated.seeds import stream
from market_data_assets.sources.simulated.vendor_day import vendor_rows

MODEL_VERSION = 1
"""Raised whenever the same seed gives other rows, so that stored days are known to be of another vendor file."""

DATASETS = (TRADES, BOOK_SNAPSHOT_5)
"""What instruments are listed with. ``fetch`` makes books of any number of levels."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One pathology in one file.

    Attributes:
        day: Vendor day of the file.
        rows: The rows that were changed or added, as delivered and before any screening; or those that were taken away.
    """

    pathology: Pathology
    instrument_id: InstrumentId
    data_type: str
    day: dt.date
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class SimulatedSource:
    """Markets that never existed.

    Attributes:
        universe: Which of them are wanted.
        pathologies: Faults, planted in this order.
        scale: Multiplies the number of trades and of book changes, above 0.

    Raises:
        SettingsError: a scale that is not above 0.
    """

    universe: Universe
    pathologies: Sequence[Pathology] = ()
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise SettingsError(f"simulated markets: a scale of {self.scale}, expected a number above 0")

    @property
    def name(self) -> str:
        """The source's name in settings and in definition rows."""
        return "simulated"

    def instruments(self, day: dt.date) -> Listings:
        """Every contract of the universe that was listed at any moment of the UTC ``day``, ordered by id."""
        return Listings([instrument for instrument, _ in self._listed(day)])

    def fetch(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> TableFrame:
        """The rows that arrived on ``day``, sorted by exchange time, then by arrival.

        Raises:
            NotListed: no such contract that day, or no such data type.
            BadData, SchemaDrift: so many faults were planted that the file is refused.
        """
        what = f"simulated {dataset.name} of {instrument.instrument_id} on {day}"
        rows: Rows | None = self._clean_rows(dataset, instrument.instrument_id, day)
        for _, planting in self._plantings(dataset, instrument.instrument_id, day, rows):
            rows = planting.rows
        if rows is None:
            raise NotListed(f"{what}: no such file; a missing file is planted there")
        return screen(rows, dataset, day, what=what, source_version=self._version())

    def planted(self, day: dt.date) -> tuple[Planted, ...]:
        """What is planted in the files of ``day``, by instrument, data type and in the order of planting."""
        return tuple(
            planted
            for instrument, _ in self._listed(day)
            for dataset in DATASETS
            if self._faults(dataset, instrument.instrument_id, day)
            for planted in self._planted_in(dataset, instrument.instrument_id, day)
        )

    def _planted_in(self, dataset: Dataset, instrument: InstrumentId, day: dt.date) -> Iterator[Planted]:
        for pathology, planting in self._plantings(dataset, instrument, day, self._clean_rows(dataset, instrument, day)):
            yield Planted(pathology, instrument, dataset.name, day, planting.touched.in_raw_order().arrow(dataset))

    def _plantings(
        self, dataset: Dataset, instrument: InstrumentId, day: dt.date, rows: Rows | None
    ) -> Iterator[tuple[Pathology, Planting]]:
        """One fault after the other, each in what the one before left."""
        for number, pathology in self._faults(dataset, instrument, day):
            if rows is None:
                return
            planting = pathology.plant(rows.in_raw_order(), day, stream("pathology", number, instrument, dataset.name, day))
            yield pathology, planting
            rows = planting.rows

    def _clean_rows(self, dataset: Dataset, instrument: InstrumentId, day: dt.date) -> Rows:
        contract = next((contract for listed, contract in self._listed(day) if listed.instrument_id == instrument), None)
        if contract is None:
            raise NotListed(f"simulated {dataset.name} of {instrument} on {day}: not listed that day")
        if dataset != TRADES and not dataset.name.startswith("book_snapshot_"):
            raise NotListed(f"simulated {dataset.name} of {instrument} on {day}: simulated markets have trades and book snapshots only")

        def delay(rows: Rows, end: int) -> Rows:
            for spill in self._spills(dataset, instrument, end):
                rows = spill.delay(rows, end)
            return rows

        return vendor_rows(dataset, contract, day, self.scale, delay)

    def _spills(self, dataset: Dataset, instrument: InstrumentId, end: int) -> Iterator[MidnightSpill]:
        """The spills over ``end``, the end of a block, if that is a midnight."""
        if end != day_start(day_of(end)):
            return
        for pathology in self.pathologies:
            if isinstance(pathology, MidnightSpill) and pathology.where.matches(instrument, dataset.name, day_of(end)):
                yield pathology

    def _faults(self, dataset: Dataset, instrument: InstrumentId, day: dt.date) -> list[tuple[int, Pathology]]:
        """The pathologies of one file in the order of planting, with their numbers."""
        numbered = enumerate(self.pathologies)
        return [(number, pathology) for number, pathology in numbered if pathology.where.matches(instrument, dataset.name, day)]

    def _listed(self, day: dt.date) -> list[tuple[Instrument, SimulatedContract]]:
        """The day's contracts of the universe with their definitions, ordered by id."""
        markets = self.universe.markets()
        candidates = (contract for contract in contracts(day) if market_of(contract.market.exchange) in markets)
        defined = [(definition(contract, day, self.name, DATASETS), contract) for contract in candidates]
        wanted = [pair for pair in defined if self.universe.includes(pair[0].instrument_id)]
        return sorted(wanted, key=lambda pair: pair[0].instrument_id)

    def _version(self) -> str:
        """What the rows depend on, apart from the instrument and the day."""
        identity = f"{self.scale}|{tuple(self.pathologies)}"
        return f"simulated-{MODEL_VERSION}-{sha256(identity.encode()).hexdigest()[:12]}"
