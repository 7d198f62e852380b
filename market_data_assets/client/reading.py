"""One read from plan to table: which rows and columns are decoded, and how they are put together."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

import pyarrow as pa

from market_data_assets.client.plan import OnMissing, Piece, ReadPlan, Shelf, check_missing, plan_read, require_complete
from market_data_assets.client.stacking import INSTRUMENT_COLUMN, in_time, named, stacked
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId

_TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class Read:
    """What to read.

    Attributes:
        schema: Every column of the shelf's dataset.
        columns: Those wanted, in order; ``instrument_id`` may be among them where the files do not hold it.
        workers: Files decoded at a time.
    """

    shelf: Shelf
    schema: pa.Schema
    instruments: Sequence[InstrumentId]
    time_range: TimeRange
    columns: Sequence[str]
    missing: OnMissing
    workers: int

    def run(self) -> pa.Table:
        """The rows: instruments in the order asked for, each ascending in time.

        Raises:
            PartitionMissing, QueryError: as :func:`plan_read` and, unless gaps are skipped, :func:`require_complete`.
        """
        check_missing(self.missing)
        plan = plan_read(self.shelf, self.instruments, self.time_range)
        if self.missing == "raise":
            require_complete(plan, self.shelf)
        rows = [self._of_instrument(instrument, parts) for instrument, parts in self._tables(plan)]
        return stacked(rows) if rows else self._of_instrument(self.instruments[0], [self._empty()])

    def _tables(self, plan: ReadPlan) -> Sequence[tuple[InstrumentId, list[pa.Table]]]:
        """The decoded parts of each instrument, by day."""
        needed = self._decoded()

        def decode(piece: Piece) -> pa.Table:
            return self.shelf.read(piece, needed, self.time_range)

        if len(plan.pieces) > 1 and self.workers > 1:
            with ThreadPoolExecutor(min(self.workers, len(plan.pieces)), thread_name_prefix="read") as pool:
                tables = list(pool.map(decode, plan.pieces))
        else:
            tables = [decode(piece) for piece in plan.pieces]
        pairs = zip(plan.pieces, tables, strict=True)
        return [(instrument, [table for _, table in group]) for instrument, group in groupby(pairs, lambda pair: pair[0].instrument)]

    def _of_instrument(self, instrument: InstrumentId, parts: Sequence[pa.Table]) -> pa.Table:
        table = in_time(parts)
        if INSTRUMENT_COLUMN in self.columns and INSTRUMENT_COLUMN not in table.column_names:
            table = named(table, instrument)
        return table.select(list(self.columns))

    def _decoded(self) -> Sequence[str]:
        """The columns wanted that are stored, and the time: it is what days are put in order by, and no row lacks it."""
        stored = set(self.schema.names)
        names = [name for name in self.columns if name in stored]
        return names if _TIMESTAMP in names else [*names, _TIMESTAMP]

    def _empty(self) -> pa.Table:
        return pa.schema([self.schema.field(name) for name in self._decoded()]).empty_table()
