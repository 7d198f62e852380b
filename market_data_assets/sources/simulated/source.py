"""Simulated markets as a source: deterministic, keyless, with faults where they are wanted."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256

import pyarrow as pa

from market_data_assets.domain.datasets import Dataset, TableFrame
from market_data_assets.domain.days import TimeRange, day_of, day_start, to_datetime
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.universe import Universe
from market_data_assets.domain.venues import Market, market_of
from market_data_assets.errors import NotListed, SettingsError
from market_data_assets.sources.base import Listings
from market_data_assets.sources.simulated.contracts import SimulatedContract, contracts
from market_data_assets.sources.simulated.definitions import definition
from market_data_assets.sources.simulated.faults import SpanFault
from market_data_assets.sources.simulated.feeds import feeds
from market_data_assets.sources.simulated.pathologies import MidnightSpill, Restatement
from market_data_assets.sources.simulated.planting import Pathology, Planting
from market_data_assets.sources.simulated.rows import Rows
from market_data_assets.sources.simulated.screening import screen
from market_data_assets.sources.simulated.seeds import stream
from market_data_assets.sources.simulated.vendor_day import vendor_rows

MODEL_VERSION = 2
"""Raised whenever the same seed gives other rows, so that stored days are known to be of another vendor file."""

SOURCE_NAME = "simulated"
"""The source's name in settings and in definition rows."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One pathology in one file.

    Attributes:
        day: Vendor day of the file.
        rows: The rows that were changed or added, as delivered and before any screening; or those that were taken away.
        span: Exactly where it was planted, in exchange time; None for what is not planted in a span.
    """

    pathology: Pathology
    instrument_id: InstrumentId
    data_type: str
    day: dt.date
    rows: pa.Table
    span: TimeRange | None


@dataclass(frozen=True, slots=True)
class SimulatedSource:
    """Markets that never existed.

    Attributes:
        universe: Which of them are wanted.
        pathologies: Faults, planted in this order.
        scale: Multiplies the number of trades and of book changes, above 0; not that of tickers and option quotes.
        revision: How often the vendor has published its files: 1, or more to see what it restated since.

    Raises:
        SettingsError: a scale that is not above 0, or a revision below 1.
    """

    universe: Universe
    pathologies: Sequence[Pathology] = ()
    scale: float = 1.0
    revision: int = 1

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise SettingsError(f"simulated markets: a scale of {self.scale}, expected a number above 0")
        if self.revision < 1:
            raise SettingsError(f"simulated markets: revision {self.revision}, expected 1 or more")

    @property
    def name(self) -> str:
        """The source's name in settings and in definition rows."""
        return SOURCE_NAME

    def instruments(self, day: dt.date) -> Listings:
        """Every contract of the universe that was listed at any moment of the UTC ``day``, ordered by id."""
        return Listings([instrument for instrument, _ in self._listed(day)])

    def exported_until(self, now: dt.datetime) -> dt.datetime:
        """The start of today: a simulated day is there as soon as it is over."""
        return to_datetime(day_start(now.astimezone(dt.UTC).date()))

    def fetch(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> TableFrame:
        """The rows that arrived on ``day``, sorted by exchange time, then by arrival.

        Raises:
            NotListed: no such contract that day, or no such data type.
            MarketDataError: what is planted there, such as BadData where so many values are impossible that the file is
                refused.
        """
        identifier = instrument.instrument_id
        what = f"simulated {dataset.name} of {identifier} on {day}"
        rows: Rows | None = self._clean_rows(dataset, identifier, day)
        for _, planting in self._plantings(dataset, identifier, day, rows):
            if planting.refusal is not None and (refused := planting.refusal(what)) is not None:
                raise refused
            rows = planting.rows
        if rows is None:
            raise NotListed(f"{what}: no such file")
        return screen(rows, dataset, day, what=what, source_version=self._version(dataset, identifier, day))

    def planted(self, day: dt.date) -> tuple[Planted, ...]:
        """What is planted in the files of ``day``, by instrument, data type and in the order of planting."""
        return tuple(
            planted
            for instrument, contract in self._listed(day)
            for dataset in feeds(contract)
            if dataset.name in instrument.data_types and self._faults(dataset, instrument.instrument_id, day)
            for planted in self._planted_in(dataset, instrument.instrument_id, day)
        )

    def _planted_in(self, dataset: Dataset, instrument: InstrumentId, day: dt.date) -> Iterator[Planted]:
        for pathology, planting in self._plantings(dataset, instrument, day, self._clean_rows(dataset, instrument, day)):
            span = pathology.span.on(day) if isinstance(pathology, SpanFault) else None
            yield Planted(pathology, instrument, dataset.name, day, planting.touched.in_raw_order().arrow(dataset), span)

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
        what = f"simulated {dataset.name} of {instrument} on {day}"
        if instrument not in _defined(day) or not self._wants(*_defined(day)[instrument], self.universe.markets()):
            raise NotListed(f"{what}: not listed that day")
        _, contract = _defined(day)[instrument]
        if dataset not in feeds(contract):
            raise NotListed(f"{what}: not recorded; what is, is {', '.join(feed.name for feed in feeds(contract))}")

        def delay(rows: Rows, end: int) -> Rows:
            for spill in self._spills(dataset, instrument, end):
                rows = spill.delay(rows, end)
            return rows

        return vendor_rows(dataset, contract, day, self.scale, delay)

    def _spills(self, dataset: Dataset, instrument: InstrumentId, end: int) -> Iterator[MidnightSpill]:
        """The spills over ``end``, the end of a block, if that is a midnight."""
        if end != day_start(day_of(end)):
            return
        for _, pathology in self._faults(dataset, instrument, day_of(end)):
            if isinstance(pathology, MidnightSpill):
                yield pathology

    def _faults(self, dataset: Dataset, instrument: InstrumentId, day: dt.date) -> list[tuple[int, Pathology]]:
        """The pathologies of one file in the order of planting, with their numbers; not what is to be restated later."""
        return [
            (number, pathology)
            for number, pathology in enumerate(self.pathologies)
            if pathology.where.matches(instrument, dataset.name, day)
            and not (isinstance(pathology, Restatement) and pathology.revision > self.revision)
        ]

    def _listed(self, day: dt.date) -> list[tuple[Instrument, SimulatedContract]]:
        """The day's contracts of the universe with their definitions, ordered by id."""
        markets = self.universe.markets()
        wanted = [pair for pair in _defined(day).values() if self._wants(*pair, markets)]
        return [(replace(instrument, data_types=self.universe.choose(instrument.data_types)), contract) for instrument, contract in wanted]

    def _wants(self, instrument: Instrument, contract: SimulatedContract, markets: Sequence[Market]) -> bool:
        return market_of(contract.market.exchange) in markets and self.universe.includes(instrument.instrument_id)

    def _version(self, dataset: Dataset, instrument: InstrumentId, day: dt.date) -> str:
        """What the rows of a file depend on, apart from which file it is: the scale, its faults, and what spills out of it."""
        spills = [
            pathology
            for _, pathology in self._faults(dataset, instrument, day + dt.timedelta(days=1))
            if isinstance(pathology, MidnightSpill)
        ]
        identity = f"{self.scale}|{self._faults(dataset, instrument, day)}|{spills}"
        return f"simulated-{MODEL_VERSION}-{sha256(identity.encode()).hexdigest()[:12]}"


@lru_cache(maxsize=16)
def _defined(day: dt.date) -> dict[InstrumentId, tuple[Instrument, SimulatedContract]]:
    """All contracts of the day with their definitions, ordered by id."""
    pairs = [(definition(contract, day, SOURCE_NAME), contract) for contract in contracts(day)]
    return {pair[0].instrument_id: pair for pair in sorted(pairs, key=lambda pair: pair[0].instrument_id)}
