"""Writing what downstream services compute: features of their own and signals of their models."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from market_data_assets.client.deployment import Deployment, Time
from market_data_assets.client.frames import As, check_as, table_of, to_frame
from market_data_assets.client.plan import OnMissing
from market_data_assets.client.request import Columns, Ids, choose_columns, parse_ids
from market_data_assets.domain.datasets import DailyFrames, Dataset, Frame, TableFrame
from market_data_assets.domain.days import TimeRange, day_of
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import PartitionMissing, QueryError
from market_data_assets.storage.day_commit import Commit

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
# The contracts of submitted rows are read where they are needed: ticks and candles are read without them.


class FeatureWrites(Deployment):
    """Rows that are written whole: a write replaces an instrument's day of its table, or changes nothing."""

    def write_features(self, name: str, frame: Any) -> Sequence[Commit]:
        """Store features of your own for backtests, under a name of your own; one commit per UTC day.

        Args:
            name: Lower-case letters, digits and ``_``, such as ``momentum_v2``.
            frame: pandas, polars or Arrow, any number of instruments and days: ``instrument_id``, ``timestamp``,
                ``available_at`` (both with a time zone) and any other columns.

        Raises:
            QueryError: a name that is not allowed, a frame that is none.
            SchemaDrift: one of the three columns is missing or of another type.
            BadData: rows that break the contract: nulls in the three, an id that is none, an instant known before it was,
                two rows of one instrument and instant.
        """
        return self._write(_custom(name), frame)

    def custom_features(
        self,
        name: str,
        ids: Ids,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        missing: OnMissing = "raise",
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """What :meth:`write_features` stored under ``name``, by instrument in the order asked for, ascending in time."""
        return self._submitted(_custom(name), ids, (start, end), columns, missing=missing, as_known_at=as_known_at, as_=as_)

    def write_signals(self, frame: Any) -> Sequence[Commit]:
        """Store signals of models: the columns of ``ml_signals`` exactly; errors as :meth:`write_features`."""
        from market_data_assets.compute.mft.submissions import ML_SIGNALS  # noqa: PLC0415

        return self._write(ML_SIGNALS, frame)

    def signals(
        self,
        ids: Ids,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        missing: OnMissing = "raise",
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """What :meth:`write_signals` stored, by instrument in the order asked for, ascending in time."""
        from market_data_assets.compute.mft.submissions import ML_SIGNALS  # noqa: PLC0415

        return self._submitted(ML_SIGNALS, ids, (start, end), columns, missing=missing, as_known_at=as_known_at, as_=as_)

    def _write(self, dataset: Dataset, frame: Any) -> Sequence[Commit]:
        from market_data_assets.compute.mft.submissions import checked_rows  # noqa: PLC0415

        rows = checked_rows(dataset, table_of(frame))
        days: dict[dt.date, dict[InstrumentId, Frame]] = {}
        for instrument, day, part in _by_instrument_and_day(rows):
            days.setdefault(day, {})[instrument] = TableFrame(part)
        return [self._lake.write_day(dataset, _frames(day, frames), partial=True) for day, frames in sorted(days.items())]

    def _submitted(
        self,
        dataset: Dataset,
        ids: Ids,
        span: tuple[Time, Time],
        columns: Columns,
        *,
        missing: OnMissing,
        as_known_at: Time | None,
        as_: As,
    ) -> Any:
        check_as(as_)
        lake, time_range, parts = self._lake_at(as_known_at), TimeRange.parse(*span), []
        for instrument in parse_ids(ids)[0]:
            for day in time_range.days():
                try:
                    parts.append(lake.read(dataset, day, instrument, None, time_range))
                except (PartitionMissing, QueryError):
                    if missing == "raise":
                        raise
        table = pa.concat_tables(parts, promote_options="permissive") if parts else dataset.schema.empty_table()
        return to_frame(table.select(list(choose_columns(str(dataset), columns, table.column_names, table.column_names))), as_)


def _custom(name: str) -> Dataset:
    from market_data_assets.compute.mft.submissions import custom_features  # noqa: PLC0415

    if not _NAME.fullmatch(name):
        raise QueryError(f"features {name!r}: expected lower-case letters, digits and _, beginning with a letter, at most 63")
    return custom_features(name)


def _frames(day: dt.date, frames: Mapping[InstrumentId, Frame]) -> DailyFrames:
    return DailyFrames(day, {instrument: partial(_same, frame) for instrument, frame in frames.items()})


def _same(frame: Frame) -> Frame:
    return frame


def _by_instrument_and_day(rows: pa.Table) -> list[tuple[InstrumentId, dt.date, pa.Table]]:
    """Slices of rows that are sorted by instrument and time."""
    if not rows.num_rows:
        return []
    names = rows["instrument_id"].combine_chunks().dictionary_encode()
    codes = np.asarray(names.indices.to_numpy())
    days = np.asarray(rows["timestamp"].cast(pa.int64()).to_numpy()) // TimeRange.of_day(dt.date(1970, 1, 1)).end
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(codes) != 0) | (np.diff(days) != 0)]))
    stops = np.append(starts[1:], rows.num_rows)
    return [
        (InstrumentId.parse(str(rows["instrument_id"][int(start)])), _day(rows, int(start)), rows.slice(int(start), int(stop - start)))
        for start, stop in zip(starts, stops, strict=True)
    ]


def _day(rows: pa.Table, place: int) -> dt.date:
    return day_of(int(rows["timestamp"].cast(pa.int64())[place].as_py()))
