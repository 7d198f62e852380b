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
from market_data_assets.client.lake_shelf import LakeShelf
from market_data_assets.client.plan import OnMissing, check_missing, plan_read, require_complete
from market_data_assets.client.request import Columns, Ids, choose_columns, parse_ids
from market_data_assets.domain.datasets import DailyFrames, Dataset, Frame, TableFrame
from market_data_assets.domain.days import DAY_MICROSECONDS, TimeRange, day_of
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import QueryError, SchemaDrift
from market_data_assets.storage.day_commit import Commit
from market_data_assets.storage.parallel import for_each

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
            ConcurrentCommit: another writer committed one of the days meanwhile; days before it are written, write again.
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
        """What :meth:`write_features` stored under ``name``, by instrument in the order asked for, ascending in time.

        Files may differ in their columns: one that some lack is null there; whole numbers and doubles become doubles.

        Raises:
            SchemaDrift: a column whose types in two files have no common type, such as numbers and text.
        """
        return self._submitted(_custom(name), ids, (start, end), columns, missing=missing, as_known_at=as_known_at, as_=as_)

    def write_signals(self, frame: Any) -> Sequence[Commit]:
        """Store signals of models: the columns of ``ml_signals`` exactly; errors as :meth:`write_features`."""
        from market_data_assets.compute.mft.ml_signals import ML_SIGNALS  # noqa: PLC0415

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
        from market_data_assets.compute.mft.ml_signals import ML_SIGNALS  # noqa: PLC0415

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
        check_missing(missing)
        lake, time_range = self._lake_at(as_known_at), TimeRange.parse(*span)
        shelf = LakeShelf(lake, dataset, self._at_a_time)
        plan = plan_read(shelf, parse_ids(ids)[0], time_range)
        if missing == "raise":
            require_complete(plan, shelf)
        # Which columns there are, only the files say.
        parts = for_each(lambda piece: lake.read(dataset, piece.day, piece.instrument, None, time_range), plan.pieces, shelf.at_a_time)
        table = _joined(dataset, parts)
        return to_frame(table.select(list(choose_columns(str(dataset), columns, table.column_names, table.column_names))), as_)


def _custom(name: str) -> Dataset:
    from market_data_assets.compute.mft.submissions import custom_features  # noqa: PLC0415

    if not _NAME.fullmatch(name):
        raise QueryError(f"features {name!r}: expected lower-case letters, digits and _, beginning with a letter, at most 63")
    return custom_features(name)


def _joined(dataset: Dataset, parts: Sequence[pa.Table]) -> pa.Table:
    if not parts:
        return dataset.schema.empty_table()
    try:
        return pa.concat_tables(parts, promote_options="permissive").unify_dictionaries()
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise SchemaDrift(f"{dataset}: its files have columns of types that have no common type ({error}); read fewer days") from None


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
    times = np.asarray(rows["timestamp"].cast(pa.int64()).to_numpy())
    days = times // DAY_MICROSECONDS
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(codes) != 0) | (np.diff(days) != 0)]))
    stops = np.append(starts[1:], rows.num_rows)
    return [
        (InstrumentId.parse(str(rows["instrument_id"][int(start)])), day_of(int(times[start])), rows.slice(int(start), int(stop - start)))
        for start, stop in zip(starts, stops, strict=True)
    ]
