"""Reading what is computed per bucket: candles, book snapshots and features."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.client.deployment import Deployment, From, Time
from market_data_assets.client.filling import NEEDED, forward_fill
from market_data_assets.client.frames import As, check_as, to_frame
from market_data_assets.client.plan import OnMissing
from market_data_assets.client.reading import Read
from market_data_assets.client.request import Columns, Ids, choose_columns
from market_data_assets.domain.days import TimeRange, day_of, day_start, to_datetime
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.errors import QueryError

# The registries of computed tables are imported where they are needed: trades and instruments do without them.


class BarReads(Deployment):
    """Rows whose bucket starts in the range, on the exchange's clock."""

    def candles(
        self,
        ids: Ids,
        timeframe: str | Timeframe,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        fill: Literal["ffill"] | None = None,
        components: bool = False,
        source: From = "auto",
        missing: OnMissing = "raise",
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """Candles with their microstructure features.

        Args:
            fill: ``ffill`` carries the last close, from the start of the first day on, into the prices of buckets that are
                known to have had no trades; never over ``no_data`` or a missing bucket. ``bucket_status`` tells them apart.
            components: Also offer the hidden columns that make merging exact; only the lake has them.
            source: ``lake`` or ``warehouse`` reads that one; :meth:`explain` says which one ``auto`` reads, and why.
        """
        from market_data_assets.compute.candles.registry import CANDLES  # noqa: PLC0415

        check_as(as_)
        length, span = Timeframe.parse(timeframe), TimeRange.parse(start, end)
        read = self._read(
            CANDLES[length], ids, span, columns=columns, missing=missing, source=source, components=components, as_known_at=as_known_at
        )
        if fill is None:
            return to_frame(read.run(), as_)
        if fill != "ffill":
            raise QueryError(f"fill {fill!r}: expected ffill or None")
        return to_frame(_filled(read, length), as_)

    def book_snapshots(
        self,
        ids: Ids,
        timeframe: str | Timeframe,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        components: bool = False,
        source: From = "auto",
        missing: OnMissing = "raise",
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """The last book and the book features of each bucket; arguments as for :meth:`candles`."""
        from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS  # noqa: PLC0415

        check_as(as_)
        dataset, span = BOOK_SNAPSHOTS[Timeframe.parse(timeframe)], TimeRange.parse(start, end)
        read = self._read(
            dataset, ids, span, columns=columns, missing=missing, source=source, components=components, as_known_at=as_known_at
        )
        return to_frame(read.run(), as_)

    def features(
        self,
        ids: Ids,
        timeframe: str | Timeframe,
        start: Time,
        end: Time,
        columns: Columns = None,
        *,
        group: str | None = None,
        missing: OnMissing = "raise",
        as_known_at: Time | None = None,
        as_: As = "pandas",
    ) -> Any:
        """Mid-frequency features, 1m and up; for a join that does not look ahead, use ``available_at``.

        Args:
            columns: Features that are not stored may be among them: then all are computed from the stored candles now.
            group: Only the features of a named group, such as ``technical_features``, ``fundamental_features`` or ``alpha158``
                (which is not stored), beside the key columns; not together with ``columns``.
        """
        from market_data_assets.compute.mft.registry import FEATURES, MFT_FEATURES, columns_of_group  # noqa: PLC0415

        check_as(as_)
        length, span = Timeframe.parse(timeframe), TimeRange.parse(start, end)
        if length not in MFT_FEATURES:
            raise QueryError(f"features at {length}: they exist at {', '.join(map(str, MFT_FEATURES))}")
        if group is not None and columns is not None:
            raise QueryError(f"group {group!r} and columns {columns!r}: expected one of them")
        stored = MFT_FEATURES[length]
        offered = dict.fromkeys([*stored.columns, *(feature.name for feature in FEATURES)])
        chosen = choose_columns(str(stored), columns if group is None else columns_of_group(group), list(offered), list(stored.columns))
        if set(chosen) <= set(stored.columns):
            return to_frame(self._read(stored, ids, span, columns=chosen, missing=missing, as_known_at=as_known_at).run(), as_)
        return to_frame(self._computed(length, ids, span, chosen, missing=missing, as_known_at=as_known_at).run(), as_)

    def _computed(
        self, timeframe: Timeframe, ids: Ids, span: TimeRange, columns: Sequence[str], *, missing: OnMissing, as_known_at: Time | None
    ) -> Read:
        """Features of which at least one is not stored, from candles."""
        from market_data_assets.client.computed import ComputedFeatures  # noqa: PLC0415
        from market_data_assets.compute.mft.registry import features_dataset, select_features  # noqa: PLC0415

        keys = features_dataset(timeframe, ()).columns
        features = select_features([name for name in columns if name not in keys])
        shelf = ComputedFeatures(self._lake_at(as_known_at), timeframe, features, self._at_a_time)
        return self._read(features_dataset(timeframe, features), ids, span, columns=columns, missing=missing, shelf=shelf)


def _filled(read: Read, timeframe: Timeframe) -> pa.Table:
    """The read with prices filled from the start of its first day on."""
    since = TimeRange(day_start(day_of(read.time_range.start)), read.time_range.end)
    wide = replace(read, columns=list(dict.fromkeys([*read.columns, *NEEDED])), time_range=since)
    table = forward_fill(wide.run(), timeframe)
    start = pa.scalar(to_datetime(read.time_range.start), table.schema.field("timestamp").type)
    return table.filter(pc.greater_equal(table["timestamp"], start)).select(list(read.columns))
