"""What every source can do, and how its answers become a day of frames."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import pyarrow as pa

from market_data_assets.domain.datasets import DailyFrames, Dataset, Frame, Quarantined, TableFrame
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.errors import UnknownInstrument
from market_data_assets.sources.versions import FileVersion


@dataclass(frozen=True, slots=True)
class Listings:
    """The instruments of a day, and the symbols that no rule maps."""

    instruments: Sequence[Instrument]
    unknown: Sequence[UnknownInstrument] = ()

    def frame(self) -> TableFrame:
        """The rows of the instruments table, ordered by id; symbols that no rule maps are set aside with their message."""
        rows = sorted((instrument.row() for instrument in self.instruments), key=lambda row: str(row["instrument_id"]))
        table = pa.Table.from_pylist(rows, schema=INSTRUMENTS.schema)
        if not self.unknown:
            return TableFrame(table)
        messages = pa.table({"reason": ["unknown_symbol"] * len(self.unknown), "symbol": [str(error) for error in self.unknown]})
        return TableFrame(table, quarantined=(Quarantined("unknown_symbol", len(self.unknown), messages),))


class Source(Protocol):
    """One vendor. Raises ``NoData`` for "absent", ``Unusable`` for "delivered but broken", ``Retryable`` for "failed"."""

    @property
    def name(self) -> str:
        """What settings call the vendor."""
        ...

    def instruments(self, day: dt.date) -> Listings:
        """Every instrument of the universe that was listed at any moment of the UTC ``day``, ordered by id."""
        ...

    def fetch(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> Frame:
        """The vendor's day of one raw data type of one instrument, fetched and verified, parsed when it is read."""
        ...


@runtime_checkable
class SharesFiles(Protocol):
    """A source where several instruments may be in one file."""

    def day_fetcher(self, dataset: Dataset, day: dt.date) -> Callable[[Instrument], Frame]:
        """:meth:`Source.fetch` for one day, where files that instruments share are fetched once while the answer is held."""
        ...


@runtime_checkable
class LocatesFiles(Protocol):
    """A source of files that have addresses."""

    def file_urls(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> Sequence[str]:
        """Where :meth:`Source.fetch` looks for the file, in that order; it is one of them, or there is none."""
        ...


@runtime_checkable
class TellsVersions(Protocol):
    """A source that can say whether a file is still the one that was fetched, without fetching it."""

    def possible_urls(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> Sequence[str]:
        """Every address the file may have been fetched from, told without asking the vendor."""
        ...

    def version_of(self, url: str, seconds: float) -> FileVersion | None:
        """What the vendor says of a file now, in ``seconds`` at most; None where it says nothing.

        Raises:
            NotListed: there is no such file any more.
            AuthError, Retryable, QuotaExhausted: as of downloads. MarketDataError: the vendor does not answer such questions.
        """
        ...


@runtime_checkable
class AnnouncesDays(Protocol):
    """A source that can be asked cheaply which days it has."""

    def exported_until(self, now: dt.datetime) -> dt.datetime | None:
        """The first instant that is not exported yet, as far as is known: days that end by then are there.

        One small question per market. Errors as of :meth:`Source.instruments`.

        Args:
            now: The current time, aware.

        Returns:
            Aware, UTC; of the slowest market of the universe. None where nothing says so.
        """
        ...


class Secret(Protocol):
    """A credential that does not show itself when printed, such as pydantic's ``SecretStr``."""

    def get_secret_value(self) -> str:
        """The credential itself."""
        ...


def keep_unambiguous(found: Sequence[Instrument]) -> tuple[list[Instrument], list[UnknownInstrument]]:
    """The instruments whose id no other symbol of the day has; the others are refused, since their rows would mix."""
    by_id: dict[InstrumentId, list[Instrument]] = {}
    for instrument in found:
        by_id.setdefault(instrument.instrument_id, []).append(instrument)
    kept = [group[0] for group in by_id.values() if len(group) == 1]
    refused = [
        UnknownInstrument.symbol(
            instrument.tardis_exchange or instrument.instrument_id.venue,
            instrument.native_symbol,
            f"an id of its own, but {identifier} also stands for {', '.join(_names_beside(instrument, group))}",
        )
        for identifier, group in by_id.items()
        if len(group) > 1
        for instrument in group
    ]
    return kept, refused


def _names_beside(instrument: Instrument, group: Sequence[Instrument]) -> list[str]:
    return [f"{other.tardis_exchange} {other.native_symbol!r}" for other in group if other is not instrument]


def fetch_day(source: Source, dataset: Dataset, instruments: Iterable[Instrument], day: dt.date) -> DailyFrames:
    """The day of ``dataset`` for those of ``instruments`` that the vendor has it for; fetched one by one as it is read.

    Files that instruments share are kept until the day is let go.
    """
    wanted = [instrument for instrument in instruments if dataset.name in instrument.data_types]
    fetch = source.day_fetcher(dataset, day) if isinstance(source, SharesFiles) else partial(_fetch, source, dataset, day)
    return DailyFrames(day, {instrument.instrument_id: partial(fetch, instrument) for instrument in wanted})


def _fetch(source: Source, dataset: Dataset, day: dt.date, instrument: Instrument) -> Frame:
    return source.fetch(dataset, instrument, day)
