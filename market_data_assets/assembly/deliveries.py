"""What the lake says of a day's raw files, as the completeness rules want it."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from market_data_assets.compute.completeness.files import Delivery, missing_files
from market_data_assets.compute.completeness.holes import Feed, find_holes
from market_data_assets.compute.completeness.record import Missing, Span, report_table
from market_data_assets.compute.contract import listed_within
from market_data_assets.domain.datasets import DailyFrames, Dataset
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS, RAW
from market_data_assets.errors import PartitionMissing, Retryable, Unusable
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.manifest import DayContent
from market_data_assets.storage.parallel import for_each


@dataclass(frozen=True, slots=True)
class _Stored:
    """One raw data type of the day: what became of each instrument, and the rows of its exchange day."""

    dataset: Dataset
    deliveries: Mapping[InstrumentId, Delivery]
    frames: DailyFrames


def find_missing(lake: Lake, instruments: pa.Table, day: dt.date, workers: int) -> pa.Table:
    """The report of what is missing: every instrument and raw data type of the day against what is stored.

    Args:
        instruments: The day's rows of the instruments table.
    """
    stored = {each.dataset.name: each for dataset in RAW for each in _stored(lake, dataset, day)}
    rows = instruments.select(["instrument_id", "available_from", "available_to", "data_types"]).to_pylist()
    found = for_each(partial(_missing_of, lake, stored, day), rows, workers)
    return report_table([*(missing for each in found for missing in each), *_unknown_symbols(lake, day)])


def report_inputs(lake: Lake, day: dt.date) -> Mapping[str, str]:
    """Content hashes of the raw days that :func:`find_missing` looks at."""
    inputs: dict[str, str] = {}
    for dataset in RAW:
        with suppress(PartitionMissing):
            inputs |= lake.read_exchange_day(dataset, day).inputs
    return inputs


def _stored(lake: Lake, dataset: Dataset, day: dt.date) -> Iterator[_Stored]:
    """The data type of the day, if any of it was ever stored."""
    with suppress(PartitionMissing):
        content = lake.manifest(dataset, day).content
        yield _Stored(dataset, _deliveries(content), lake.read_exchange_day(dataset, day))


def _deliveries(content: DayContent) -> Mapping[InstrumentId, Delivery]:
    rows = {entry.instrument_id: entry.rows for entry in content.files}
    absent = {entry.instrument_id: entry.reason for entry in content.absent}
    failed = {entry.instrument_id: entry.error for entry in content.failed}
    aside: dict[str | None, dict[str, int]] = {}
    for entry in content.quarantined:
        aside.setdefault(entry.instrument_id, {})[entry.reason] = entry.rows
    names = {*rows, *absent, *failed, *aside} - {None}
    return {
        InstrumentId.parse(str(name)): Delivery(rows.get(name), absent.get(str(name)), failed.get(str(name)), aside.get(name, {}))
        for name in names
    }


def _missing_of(lake: Lake, stored: Mapping[str, _Stored], day: dt.date, row: Mapping[str, Any]) -> Sequence[Missing]:
    instrument = InstrumentId.parse(row["instrument_id"])
    listed = listed_within(day, row["available_from"], row["available_to"])
    expected = [dataset.name for dataset in RAW if dataset.name in row["data_types"]]
    found: list[Missing] = []
    feeds: dict[str, Feed] = {}
    for data_type in expected:
        of_type = stored.get(data_type)
        delivery = None if of_type is None else of_type.deliveries.get(instrument)
        found += missing_files(instrument, data_type, listed, delivery)
        if of_type is not None and delivery is not None and delivery.rows is not None:
            feeds |= _feed(lake, of_type, instrument, day, is_empty=delivery.rows == 0)
    found += _holes(instrument, feeds, listed)
    return found


def _holes(instrument: InstrumentId, feeds: Mapping[str, Feed], listed: Span) -> Iterator[Missing]:
    for data_type in feeds:
        for hole in find_holes(data_type, feeds, listed):
            yield Missing(instrument, data_type, hole.reason, hole.evidence, listed, hole.span, hole.rows)


def _feed(lake: Lake, stored: _Stored, instrument: InstrumentId, day: dt.date, *, is_empty: bool) -> Mapping[str, Feed]:
    """The feed under its name; nothing where the stored rows cannot be read, which other findings say."""
    dataset = stored.dataset
    numbered = "id" in dataset.columns
    try:
        table = stored.frames[instrument].read(["timestamp", "id"] if numbered else ["timestamp"])
    except (Retryable, Unusable):
        return {}
    times = table["timestamp"].cast(pa.int64()).to_numpy()
    if not numbered or not pa.types.is_integer(table.schema.field("id").type) or table["id"].null_count:
        return {dataset.name: Feed(times, is_empty=is_empty)}
    aside = frozenset(_ids(lake.read_quarantined(dataset, day, instrument)))
    return {dataset.name: Feed(times, np.asarray(table["id"].to_numpy(), np.int64), aside, is_empty)}


def _ids(tables: Iterable[pa.Table]) -> Iterator[int]:
    """Whole-number ids of rows as delivered, which may be text."""
    for table in tables:
        if "id" in table.column_names:
            texts = (str(value) for value in table["id"].to_pylist())
            yield from (int(text) for text in texts if text.isdigit())


def _unknown_symbols(lake: Lake, day: dt.date) -> Iterator[Missing]:
    for table in lake.read_quarantined(INSTRUMENTS, day):
        for row in table.to_pylist():
            yield Missing(None, None, str(row["reason"]), str(row.get("symbol", "")))
