"""Tardis' group files: one mixed file a day for all instruments of a type, split by its ``symbol`` column."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from market_data_assets.domain.datasets import Quarantined
from market_data_assets.domain.instruments import InstrumentType
from market_data_assets.domain.symbols.definition import dataset_symbol
from market_data_assets.domain.symbols.listing import group_of
from market_data_assets.domain.venues import Market
from market_data_assets.errors import Unusable
from market_data_assets.sources.archives import gunzip, read_pieces
from market_data_assets.sources.csv.columns import match_fields
from market_data_assets.sources.csv.rejections import KEPT_ROWS
from market_data_assets.sources.csv.symbols import labelled_blocks
from market_data_assets.sources.csv.tables import CsvTable, skipped
from market_data_assets.sources.download import Downloader
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.local_file import LocalFile
from market_data_assets.sources.shared_files import SharedFiles
from market_data_assets.sources.splitting import SplitFile, split_by_symbol


@dataclass(frozen=True, slots=True)
class Group:
    """All instruments of a type on one part of a venue."""

    market: Market
    kind: InstrumentType

    @property
    def name(self) -> str:
        """Tardis' name of the group, such as ``OPTIONS``."""
        return group_of(self.kind) or ""


@dataclass(frozen=True, slots=True)
class GroupFile:
    """A group file of one data type and day, taken apart.

    Attributes:
        version: ``sha256:…`` of the file as delivered.
        table: The columns of its rows; those that are not needed are skipped by name, their warning was given.
        spokesman: The symbol whose frame tells of the rows that are no instrument's, so that they are told once.
        strays: Those rows, set aside.
    """

    split: SplitFile
    version: str
    table: CsvTable
    downloader: Downloader
    spokesman: str | None = None
    strays: Sequence[Quarantined] = ()

    def extract(self, symbol: str) -> LocalFile:
        """One symbol's rows as a file of their own, which is what is set aside when they are refused.

        Raises:
            StorageFailed: the local disk refused.
        """
        local = self.downloader.scratch_file(f"{self.split.what} {symbol}")
        self.split.write(symbol, local.path)
        return local

    def set_aside(self, symbols: Mapping[str, str]) -> Sequence[Quarantined]:
        """The rows of symbols that are nobody's, with the reason given for each symbol; all counted, some kept."""
        return tuple(self._quarantined(reason, symbols) for reason in sorted(set(symbols.values())))

    def _quarantined(self, reason: str, symbols: Mapping[str, str]) -> Quarantined:
        chosen = sorted(symbol for symbol, why in symbols.items() if why == reason)
        rows: list[list[str]] = []
        for symbol in chosen:
            rows += [line.split(",") for line in self._first_lines(symbol, KEPT_ROWS - len(rows))]
        columns = {name: [row[index] if index < len(row) else "" for row in rows] for index, name in enumerate(self.split.header)}
        count = sum(self.split.rows(symbol) for symbol in chosen)
        return Quarantined(reason, count, pa.table({**columns, "reason": [reason] * len(rows)}))

    def _first_lines(self, symbol: str, most: int) -> list[str]:
        """The first lines of a symbol without the header, at most so many."""
        if most <= 0:
            return []
        held = b""
        for piece in self.split.content(symbol):
            held += piece
            if held.count(b"\n") > most:
                break
        return held.decode(errors="replace").splitlines()[1 : most + 1]


GroupShelf = SharedFiles[Group, GroupFile]
"""The group files of one data type and day."""


@dataclass(frozen=True, slots=True)
class GroupMember:
    """One instrument's part of a group file.

    Attributes:
        shelf: Held, so that frames of one day share their group files for as long as there is one of them.
    """

    shelf: GroupShelf
    file: GroupFile
    symbol: str

    @property
    def spellings(self) -> Sequence[str]:
        """How its rows spell the symbol."""
        return self.file.split.spellings(self.symbol) or (self.symbol,)

    @property
    def strays(self) -> Sequence[Quarantined]:
        """The group's rows that are no instrument's, where this is the instrument that tells of them."""
        return self.file.strays if self.symbol == self.file.spokesman else ()

    def content(self) -> Iterator[bytes]:
        """As :meth:`SplitFile.content`."""
        return self.file.split.content(self.symbol)

    def version(self) -> str:
        """``sha256:…`` of the whole group file."""
        return self.file.version

    def extract(self) -> LocalFile:
        """As :meth:`GroupFile.extract`."""
        return self.file.extract(self.symbol)


def open_group(what: str, local: LocalFile, table: CsvTable, downloader: Downloader, limits: Limits) -> GroupFile:
    """Split a group file.

    Raises:
        SchemaDrift: columns are missing, or it is no such file at all.
        Unusable: it is damaged, or too large. Each carries the file.
        StorageFailed: the local disk refused.
    """
    try:
        scratch = downloader.scratch_file(what)
        split = split_by_symbol(what, gunzip(what, read_pieces(local.path), limits), scratch, limits, name=dataset_symbol)
        fields = match_fields(what, table, split.header) if split.header else ()
    except Unusable as error:
        error.delivered = local
        raise
    known = {field.name for field in table.fields}
    extra = tuple(skipped(field.name) for field in fields if field.name not in known)
    return GroupFile(split, local.version(), replace(table, fields=(*table.fields, *extra)), downloader)


def symbols_of(what: str, local: LocalFile, limits: Limits) -> Iterator[str]:
    """The names of the symbols in a group file, as they are met; some may come before an error does.

    Raises:
        Unusable: the file is damaged or no such file at all.
        Retryable: it is empty.
    """
    seen = 0
    for block in labelled_blocks(what, gunzip(what, read_pieces(local.path), limits), dataset_symbol):
        names = block.symbols.names
        yield from names[seen:]
        seen = len(names)
