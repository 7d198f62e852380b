"""One read from plan to table: which rows and columns are decoded, and how they are put together."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from market_data_assets.client.plan import OnMissing, ReadPlan, plan_read, require_complete
from market_data_assets.client.stacking import INSTRUMENT_COLUMN, in_time, named, stacked
from market_data_assets.client.stored_days import Shelf
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId

_TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class Read:
    """What to read.

    Attributes:
        schema: Every column of the shelf's dataset.
        columns: Those wanted, in order; ``instrument_id`` may be among them where the files do not hold it.
        plan: What the read touches, where that is known already; it is looked up otherwise.
    """

    shelf: Shelf
    schema: pa.Schema
    instruments: Sequence[InstrumentId]
    time_range: TimeRange
    columns: Sequence[str]
    missing: OnMissing
    plan: ReadPlan | None = None

    def run(self) -> pa.Table:
        """The rows: instruments in the order asked for, each ascending in time.

        Raises:
            PartitionMissing, QueryError: as :func:`plan_read` and, unless gaps are skipped, :func:`require_complete`.
        """
        plan = plan_read(self.shelf, self.instruments, self.time_range) if self.plan is None else self.plan
        if self.missing == "raise":
            require_complete(plan, self.shelf)
        parts = self.shelf.read(plan.pieces, self.decoded, self.time_range)
        rows = [self._of_instrument(instrument, tables) for instrument, tables in parts]
        return stacked(rows) if rows else self._of_instrument(self.instruments[0], [self._empty()])

    def _of_instrument(self, instrument: InstrumentId, parts: Sequence[pa.Table]) -> pa.Table:
        table = in_time(parts)
        if INSTRUMENT_COLUMN in self.columns and INSTRUMENT_COLUMN not in table.column_names:
            table = named(table, instrument)
        return table.select(list(self.columns))

    @property
    def decoded(self) -> Sequence[str]:
        """The columns wanted that are stored, and the time: it is what days are put in order by, and no row lacks it."""
        stored = set(self.schema.names)
        names = [name for name in self.columns if name in stored]
        return names if _TIMESTAMP in names else [*names, _TIMESTAMP]

    def _empty(self) -> pa.Table:
        return pa.schema([self.schema.field(name) for name in self.decoded]).empty_table()
