"""What each monthly view holds: the stored days of its month, regrouped by one thing."""

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from market_data_assets.domain.datasets import DailyFrames, Dataset
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.errors import NoData, PartitionMissing, Unusable
from market_data_assets.storage.lake_reader import LakeReader

_DAY = "day"


@dataclass(frozen=True, slots=True)
class View:
    """One way to regroup.

    Attributes:
        name: The view's folder, such as ``by_venue``.
        label: What its values are called in paths, such as ``venue``.
        value: Which value an instrument of a dataset belongs to; None for none.
    """

    name: str
    label: str
    doc: str
    value: Callable[[InstrumentId, Dataset], str | None]


VIEWS = (
    View("by_venue", "venue", "All instruments of a venue", lambda instrument, _dataset: instrument.venue),
    View("by_instrument_id", "instrument", "One instrument", lambda instrument, _dataset: str(instrument)),
    View("by_instrument_type", "type", "All instruments of a type", lambda instrument, _dataset: str(instrument.instrument_type)),
    View(
        "by_timeframe",
        "timeframe",
        "All instruments at a timeframe",
        lambda _instrument, dataset: None if dataset.timeframe is None else str(dataset.timeframe),
    ),
)


@dataclass(frozen=True, slots=True)
class Month:
    """The stored days of one month.

    Attributes:
        frames: Per dataset its stored days, ascending.
        instruments: The rows of the instruments table per stored day, ascending.
    """

    first: dt.date
    frames: Mapping[Dataset, Sequence[DailyFrames]]
    instruments: Mapping[dt.date, pa.Table]
    inputs: Mapping[str, str]

    def days(self) -> Sequence[dt.date]:
        """The days of which anything is stored, ascending."""
        return sorted({*self.instruments, *(day.day for days in self.frames.values() for day in days)})

    def files(self, view: View) -> Mapping[str, Mapping[str, Callable[[], Iterator[pa.Table]]]]:
        """Value → file name → its rows: by instrument, then ascending in time, visible columns only."""
        grouped: dict[str, dict[str, Callable[[], Iterator[pa.Table]]]] = {}
        for dataset, days in self.frames.items():
            members: dict[str, set[InstrumentId]] = {}
            for instrument in {each for day in days for each in day}:
                value = view.value(instrument, dataset)
                if value is not None:
                    members.setdefault(value, set()).add(instrument)
            for value, of_value in members.items():
                grouped.setdefault(value, {})[dataset.name] = partial(_rows, dataset, days, sorted(of_value))
        for value, tables in self._listings(view).items():
            grouped.setdefault(value, {})[INSTRUMENTS.name] = partial(iter, tables)
        return grouped

    def _listings(self, view: View) -> Mapping[str, Sequence[pa.Table]]:
        """The definitions of the instruments of each value, with the ``day`` they are of."""
        grouped: dict[str, list[pa.Table]] = {}
        for day, table in self.instruments.items():
            values = [view.value(InstrumentId.parse(str(name)), INSTRUMENTS) for name in table["instrument_id"].to_pylist()]
            for value in sorted({value for value in values if value is not None}):
                rows = table.filter(pa.array([each == value for each in values]))
                grouped.setdefault(value, []).append(rows.add_column(0, _DAY, pa.array([day] * rows.num_rows, pa.date32())))
        return grouped


def days_of_month(first: dt.date) -> Sequence[dt.date]:
    """Every day of the month that begins on ``first``, ascending."""
    return [first.replace(day=day) for day in range(1, monthrange(first.year, first.month)[1] + 1)]


def read_month(lake: LakeReader, first: dt.date, datasets: Sequence[Dataset]) -> Month:
    """What is stored of the month that begins on ``first``; rows are read when they are asked for."""
    days = days_of_month(first)
    frames = {dataset: [frame for day in days for frame in _stored(lake, dataset, day)] for dataset in datasets}
    listed = {day: table for day in days for table in _listed(lake, day)}
    inputs = {name: digest for of_dataset in frames.values() for day in of_dataset for name, digest in day.inputs.items()}
    inputs |= {f"{INSTRUMENTS}/{day}": lake.manifest(INSTRUMENTS, day).content.content_hash for day in listed}
    return Month(first, frames, listed, inputs)


def _stored(lake: LakeReader, dataset: Dataset, day: dt.date) -> list[DailyFrames]:
    try:
        return [lake.read_day(dataset, day)]
    except PartitionMissing:
        return []


def _listed(lake: LakeReader, day: dt.date) -> list[pa.Table]:
    try:
        return [lake.read_table(INSTRUMENTS, day)]
    except PartitionMissing:
        return []


def _rows(dataset: Dataset, days: Sequence[DailyFrames], instruments: Sequence[InstrumentId]) -> Iterator[pa.Table]:
    columns = list(dataset.visible_columns)
    empty = dataset.schema.empty_table().select(columns)
    given = False
    for instrument in instruments:
        tables = [table for day in days for table in _of_day(day, instrument, columns)]
        if tables:
            given = True
            yield pa.concat_tables(tables).unify_dictionaries()
    if not given:
        yield empty


def _of_day(day: DailyFrames, instrument: InstrumentId, columns: Sequence[str]) -> list[pa.Table]:
    if instrument not in day:
        return []
    try:
        frame = day[instrument]
    except (NoData, Unusable):
        # Set aside as a whole, which the manifest of the day says. A file that lacks a column is another matter, and is refused.
        return []
    return [frame.read(columns)]
