"""One vendor file as a frame: verified, parsed and sorted while it is read, in bounded memory."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from market_data_assets.domain.datasets import Quarantined, SchemaWidened
from market_data_assets.domain.days import DAY_MICROSECONDS, day_end, day_start
from market_data_assets.errors import DeliveredFile, Unusable
from market_data_assets.sources.csv.blocks import line_blocks, split_header
from market_data_assets.sources.csv.columns import BlockParser, match_fields
from market_data_assets.sources.csv.kernel import Bytes
from market_data_assets.sources.csv.ordering import WINDOW_BYTES, LateRow, ReorderWindow
from market_data_assets.sources.csv.rejections import Rejections
from market_data_assets.sources.csv.tables import CsvTable
from market_data_assets.sources.limits import Limits


@dataclass(frozen=True, slots=True)
class CsvFile:
    """What is to be read, and what its rows must say.

    Attributes:
        what: The file, dataset, day and instrument, for messages.
        open: Starts reading the uncompressed content, in pieces of at most 1 MiB; called once per reading.
        table: The vendor's columns.
        schema: Our columns.
        day: The file's UTC day; rows more than one day off it are set aside. None where the table checks no day.
        same: The spellings that the rows' exchange and symbol may have, by column.
        version: Identifies the file's content, such as its checksum.
        delivered: The file as it can be set aside when it is refused; None where there is none.
        beside: What is set aside with this file, whatever its rows hold.
    """

    what: str
    open: Callable[[], Iterator[bytes]]
    table: CsvTable
    schema: pa.Schema
    day: dt.date | None
    version: Callable[[], str]
    same: Mapping[str, Sequence[str]] = field(default_factory=dict)
    delivered: Callable[[], DeliveredFile | None] = lambda: None
    beside: Sequence[Quarantined] = ()


@dataclass(slots=True)
class CsvFrame:
    """A :class:`market_data_assets.domain.datasets.Frame` over one CSV file.

    Rows come out ordered by exchange time, then as in the file. Rows are held back in a window of ``window`` bytes; a
    file with a row later than that is read again and sorted as a whole in memory.
    """

    file: CsvFile
    limits: Limits = field(default_factory=Limits)
    window: int = WINDOW_BYTES
    quarantined: Sequence[Quarantined] = ()
    _ids_are_text: bool = False
    _sort_whole: bool = False

    @property
    def source_version(self) -> str:
        """``sha256:…`` of the vendor's file."""
        return self.file.version()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Sorted batches of one schema, at least one.

        Raises:
            SchemaWidened: read again: the file's ids are text, or it is too disordered for the window.
            SchemaDrift: columns are missing, of another type or of another unit.
            BadData: too many impossible values.
            Unusable: the file is damaged, or a row is cut.
            TooLarge: more bytes or rows than the limits allow.
            Every ``Unusable`` carries the delivered file.
        """
        try:
            yield from self._sorted_batches()
        except LateRow:
            self._sort_whole = True
            raise
        except SchemaWidened:
            self._ids_are_text = True
            raise
        except Unusable as error:
            error.delivered = self.file.delivered()
            raise

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The whole frame in memory. Raises as :meth:`batches`, but reads again by itself where that asks to."""
        while True:
            try:
                table = pa.Table.from_batches(list(self.batches()))
            except SchemaWidened:
                continue
            return table if columns is None else table.select(list(columns))

    def _sorted_batches(self) -> Iterator[pa.RecordBatch]:
        self.quarantined = ()
        window = ReorderWindow(self.file.what, self.file.table.order, None if self._sort_whole else self.window)
        parser: BlockParser | None = None
        rejections = self._rejections(())
        is_empty = True
        for block in line_blocks(self.file.what, self.file.open()):
            text = block
            if parser is None:
                header, text = self._split_header(block)
                rejections = self._rejections(header)
                parser = self._parser(rejections)
            if not len(text):
                continue
            batch = parser.parse(text)
            self.limits.check_rows(self.file.what, rejections.rows)
            for ready in window.push(batch):
                is_empty = False
                yield ready
        rejections.check_limits()
        for ready in window.finish():
            is_empty = False
            yield ready
        if is_empty:
            schema = self.file.schema if parser is None else parser.schema
            yield pa.RecordBatch.from_pylist([], schema=schema)
        self.quarantined = (*rejections.quarantined(), *self.file.beside)

    def _split_header(self, block: Bytes) -> tuple[list[str], Bytes]:
        positions = self.file.table.positions
        if positions and block[:1].tobytes().isdigit():
            return list(positions), block
        return split_header(self.file.what, block)

    def _rejections(self, header: Sequence[str]) -> Rejections:
        day = self.file.day
        bounds = (0, 0) if day is None else (day_start(day) - DAY_MICROSECONDS, day_end(day) + DAY_MICROSECONDS)
        fields = match_fields(self.file.what, self.file.table, header) if header else ()
        return Rejections(self.file.what, header, fields, bounds)

    def _parser(self, rejections: Rejections) -> BlockParser:
        return BlockParser(
            fields=rejections.fields,
            schema=self.file.schema,
            same=self.file.same,
            rejections=rejections,
            ids_are_text=self._ids_are_text,
        )
