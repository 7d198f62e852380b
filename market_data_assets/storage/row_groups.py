"""Rows as a file takes them: in groups of one size, one chunk per column, checked and counted."""

from collections.abc import Iterator

import pyarrow as pa

from market_data_assets.domain.datasets import Dataset
from market_data_assets.errors import SchemaDrift
from market_data_assets.storage.dictionaries import canonical

TIMESTAMP_COLUMN = "timestamp"


def row_groups(batches: Iterator[pa.RecordBatch], what: str, dataset: Dataset) -> Iterator[pa.Table]:
    """Tables of exactly ``row_group_rows`` rows, the last one shorter, however the rows were batched before.

    At least one, with the declared columns, one chunk each and canonical dictionaries.

    Args:
        what: Dataset, day and instrument, for the messages.

    Raises:
        SchemaDrift: columns that the dataset does not declare, a schema that changes from batch to batch, or no batch at all.
    """
    waiting: list[pa.RecordBatch] = []
    rows = 0
    schema: pa.Schema | None = None
    yielded = False
    for batch in batches:
        conformed = _conform(batch, schema, what, dataset)
        schema = conformed.schema
        waiting.append(conformed)
        rows += conformed.num_rows
        while rows >= dataset.row_group_rows:
            table = pa.Table.from_batches(waiting)
            yield _contiguous(table.slice(0, dataset.row_group_rows))
            yielded = True
            rest = table.slice(dataset.row_group_rows)
            waiting, rows = rest.to_batches(), rest.num_rows
    if schema is None:
        raise SchemaDrift(f"{what}: the frame gave no batch; an empty day is one batch without rows")
    if rows or not yielded:
        yield _contiguous(pa.Table.from_batches(waiting, schema=schema))


def _conform(batch: pa.RecordBatch, expected: pa.Schema | None, what: str, dataset: Dataset) -> pa.RecordBatch:
    if expected is not None and batch.schema.equals(expected):
        return batch
    schema = dataset.schema_for(batch.schema)
    if expected is not None and schema != expected:
        raise SchemaDrift(f"{what}: batches of one frame differ in schema, {schema} after {expected}")
    return pa.RecordBatch.from_arrays([batch.column(name) for name in schema.names], schema=schema)


def _contiguous(table: pa.Table) -> pa.Table:
    """One chunk per column: page borders, and so the bytes, do not depend on how rows arrived."""
    columns = [canonical(column) if pa.types.is_dictionary(column.type) else column.combine_chunks() for column in table.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)


class Tally:
    """Counts what was written, and refuses rows that cannot be found again by time.

    Attributes:
        bytes: In Arrow memory.
        min_timestamp, max_timestamp: First and last exchange time so far, µs UTC, both inclusive.
    """

    def __init__(self, what: str, dataset: Dataset) -> None:
        self._what, self._dataset = what, dataset
        self.rows = self.row_groups = self.bytes = 0
        self.min_timestamp: int | None = None
        self.max_timestamp: int | None = None

    def add(self, group: pa.Table) -> None:
        """Count the next group.

        Raises:
            SchemaDrift: nulls where the dataset allows none, or rows not in ascending ``timestamp``.
        """
        self._require_values(group)
        self._add_times(group)
        self.rows += group.num_rows
        self.row_groups += 1
        self.bytes += group.nbytes

    def _require_values(self, group: pa.Table) -> None:
        for name, column in self._dataset.columns.items():
            if not column.nullable and (nulls := group.column(name).null_count):
                raise SchemaDrift(f"{self._what}: column {name} has {nulls} null(s), expected none")

    def _add_times(self, group: pa.Table) -> None:
        if TIMESTAMP_COLUMN not in self._dataset.columns or not group.num_rows:
            return
        times = group.column(TIMESTAMP_COLUMN).combine_chunks().view(pa.int64()).to_numpy()
        ascending = bool((times[1:] >= times[:-1]).all())
        if not ascending or (self.max_timestamp is not None and times[0] < self.max_timestamp):
            raise SchemaDrift(f"{self._what}: rows are not in ascending timestamp, found in row group {self.row_groups}")
        if self.min_timestamp is None:
            self.min_timestamp = int(times[0])
        self.max_timestamp = int(times[-1])
