"""Tardis: daily CSV files of ticks and instrument metadata, over HTTP or from a folder in the same layout."""

import datetime as dt
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, product
from pathlib import Path

from market_data_assets.domain.datasets import Dataset, Frame
from market_data_assets.domain.days import day_end, day_start, to_datetime
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.symbols.listing import group_of
from market_data_assets.domain.universe import Universe
from market_data_assets.domain.venues import market_of
from market_data_assets.errors import DamagedFile, MarketDataError, NoData, NotAvailableYet, NotListed, UnknownInstrument
from market_data_assets.sources.archives import gunzip, read_pieces
from market_data_assets.sources.base import Listings, Secret, keep_unambiguous
from market_data_assets.sources.csv.frame import CsvFile, CsvFrame
from market_data_assets.sources.csv.tables import CsvTable
from market_data_assets.sources.download import Downloader, local_path
from market_data_assets.sources.exports import possible_markets, slowest
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.local_file import LocalFile
from market_data_assets.sources.tardis_directory import SOURCE_NAME, TardisDirectory
from market_data_assets.sources.tardis_groups import Group, GroupFile, GroupMember, GroupShelf, open_group
from market_data_assets.sources.tardis_strays import find_strays
from market_data_assets.sources.tardis_tables import TABLES, table_of
from market_data_assets.sources.versions import FileVersion

DATASETS_URL = "https://datasets.tardis.dev"
API_URL = "https://api.tardis.dev"
_MOST_PARTS = 5
_EXPORT_DELAY = dt.timedelta(days=1)
"""A day's files appear some hours after its end; a file that is missing until then may still come."""


class TardisSource:
    """The Tardis vendor as a :class:`market_data_assets.sources.base.Source`. Safe to use from several threads."""

    name = SOURCE_NAME

    def __init__(
        self,
        datasets_url: str,
        api_url: str,
        universe: Universe,
        cache: Path,
        *,
        api_key: Secret | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """A vendor at these URLs.

        Args:
            datasets_url: ``https://…`` or ``file://…``; below it ``v1/{exchange}/{data_type}/{YYYY}/{MM}/{DD}/{SYMBOL}.csv.gz``.
            api_url: Below it ``v1/exchanges/{exchange}`` and ``v1/instruments/{exchange}``. Where the files are a folder
                and this is left at Tardis' own address, metadata is looked for in the folder only: no network is used.
            cache: Folder for downloads in progress and group files taken apart; they are removed once read.
            api_key: Without one the vendor gives the first day of each month, and no instrument definitions.
            clock, now, sleep: Monotonic seconds, Unix seconds, and a pause.
        """
        self._universe, self._limits, self._now = universe, limits or Limits(), now
        self._is_folder = local_path(datasets_url) is not None
        api_url = datasets_url if self._is_folder and api_url.rstrip("/") == API_URL else api_url
        token = None if api_key is None else api_key.get_secret_value()
        self._downloader = Downloader(cache, self._limits, token=token, clock=clock, now=now, sleep=sleep)
        self._directory = TardisDirectory(
            datasets_url, api_url, universe, self._downloader, self._limits, has_key=api_key is not None, clock=clock
        )
        self._shelves: weakref.WeakSet[GroupShelf] = weakref.WeakSet()
        self._loose: weakref.WeakValueDictionary[tuple[str, dt.date], GroupShelf] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def instruments(self, day: dt.date) -> Listings:
        """Every instrument of the universe that was listed at any moment of the UTC ``day``, ordered by id.

        Raises:
            SettingsError: the vendor has no metadata of an exchange, and files are not in a folder that could be listed.
            Retryable, AuthError, Unusable: as of downloads.
        """
        found: list[Instrument] = []
        unknown: list[UnknownInstrument] = []
        for market in self._universe.markets():
            symbols, unreadable = self._directory.symbols(market, day)
            unknown += unreadable
            for symbol in symbols:
                try:
                    found.append(self._directory.define(market, symbol, day))
                except UnknownInstrument as error:
                    unknown.append(error)
        kept, ambiguous = keep_unambiguous(found)
        wanted = [instrument for instrument in kept if self._universe.includes(instrument.instrument_id)]
        return Listings(sorted(wanted, key=lambda instrument: instrument.instrument_id), [*unknown, *ambiguous])

    def exported_until(self, now: dt.datetime) -> dt.datetime | None:  # noqa: ARG002 - other vendors are asked day by day
        """As the vendor says it for every exchange of the universe; of a folder, the end of the newest day that lies in it.

        Raises:
            Retryable, AuthError, Unusable: as of downloads.
        """
        markets = possible_markets(self._universe)
        with ThreadPoolExecutor(max(1, len(markets)), thread_name_prefix="tardis-exports") as pool:
            return slowest(pool.map(self._directory.ask_exported_until, markets))

    def fetch(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> Frame:
        """The vendor's day of one data type of one instrument, cut by arrival time at midnight UTC.

        It comes from the instrument's own file, or from its group's where it has none. A group file is downloaded and
        taken apart once for all instruments that are fetched while any of their frames is held; :meth:`day_fetcher`
        keeps it until the whole day is read.

        Raises:
            NotListed: Tardis has no such file; the message says whether its metadata promised one.
            NotAvailableYet: the day has not been exported yet.
            Retryable, AuthError, Unusable: as of downloads; the frame raises ``Unusable`` for what is found while reading.
        """
        key = (dataset.name, day)
        with self._lock:
            shelf = self._loose.get(key)
            if shelf is None:
                shelf = self._loose[key] = self._new_shelf(dataset, day)
        try:
            return self._fetch(dataset, day, shelf, instrument)
        except MarketDataError:
            # Whoever asks now shares the failure; whoever asks later asks the vendor again.
            with self._lock:
                if self._loose.get(key) is shelf:
                    del self._loose[key]
            raise

    def day_fetcher(self, dataset: Dataset, day: dt.date) -> Callable[[Instrument], Frame]:
        """:meth:`fetch` for one day: a group file is downloaded and taken apart once, or fails once, while the answer is held."""
        with self._lock:
            shelf = self._new_shelf(dataset, day)
        return partial(self._fetch, dataset, day, shelf)

    def file_urls(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> Sequence[str]:
        """The one address of the file that the instrument's rows of the day are in, its own or its group's; errors as of metadata."""
        exchange, symbol = instrument.tardis_exchange, instrument.tardis_symbol
        if exchange is None or symbol is None:
            return ()
        group = group_of(instrument.instrument_id.instrument_type)
        is_grouped = (
            group is not None
            and self._directory.has_files(exchange, dataset.name, day, group)
            and not self._directory.has_files(exchange, dataset.name, day, symbol)
        )
        return (self._directory.file_url(exchange, dataset.name, day, group if is_grouped and group else symbol),)

    def possible_urls(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> Sequence[str]:
        """The addresses of the instrument's own file and of its group's; none for an instrument that Tardis does not name."""
        exchange, symbol = instrument.tardis_exchange, instrument.tardis_symbol
        if exchange is None or symbol is None:
            return ()
        names = (symbol, group_of(instrument.instrument_id.instrument_type))
        return [self._directory.file_url(exchange, dataset.name, day, name) for name in names if name is not None]

    def version_of(self, url: str, seconds: float) -> FileVersion | None:
        """As :meth:`Downloader.version_of`."""
        return self._downloader.version_of(url, f"Tardis {url.rpartition('/')[2]}", seconds)

    def close(self) -> None:
        """Remove the group files that are on the local disk; frames that were to read them can do so no more."""
        with self._lock:
            shelves = list(self._shelves)
        for shelf in shelves:
            for group in shelf.clear():
                group.split.remove()

    def _fetch(self, dataset: Dataset, day: dt.date, shelf: GroupShelf, instrument: Instrument) -> Frame:
        what = f"Tardis {dataset.name} {instrument.instrument_id} {day}"
        exchange, symbol = instrument.tardis_exchange, instrument.tardis_symbol
        if exchange is None or symbol is None:
            raise NotListed(f"{what}: Tardis has no name for this instrument")
        market, kind = market_of(exchange), instrument.instrument_id.instrument_type
        table = table_of(dataset.name, market, kind)
        if table is None:
            raise MarketDataError(f"{what}: this data type is not read from Tardis; read are {', '.join(TABLES)}")
        self._refuse_unexported(what, exchange, day)
        group = group_of(kind)
        has_group = group is not None and self._directory.has_files(exchange, dataset.name, day, group)
        try:
            if not has_group or self._directory.has_files(exchange, dataset.name, day, symbol):
                return self._own_frame(what, dataset, instrument, day, table)
        except NotListed as error:
            if not has_group:
                raise self._absence(what, instrument, day, error) from None
        try:
            member = GroupMember(shelf, shelf.get(Group(market, kind)), symbol)
        except NotListed as error:
            raise self._absence(what, instrument, day, error) from None
        return self._group_frame(what, dataset, member, day, exchange)

    def _own_frame(self, what: str, dataset: Dataset, instrument: Instrument, day: dt.date, table: CsvTable) -> Frame:
        exchange, symbol = instrument.tardis_exchange or "", instrument.tardis_symbol or ""
        local = self._download(what, exchange, dataset, day, symbol)
        file = CsvFile(
            what=what,
            # The frame holds the file, and with it the download that is removed after its last use.
            open=lambda: gunzip(what, read_pieces(local.path), self._limits),
            table=table,
            schema=dataset.schema,
            day=day,
            version=local.version,
            same={"exchange": (exchange,), "symbol": _row_symbols(symbol, instrument.native_symbol)},
            delivered=lambda: local,
        )
        return CsvFrame(file, self._limits)

    def _group_frame(self, what: str, dataset: Dataset, member: GroupMember, day: dt.date, exchange: str) -> Frame:
        file = CsvFile(
            what=what,
            open=member.content,
            table=member.file.table,
            schema=dataset.schema,
            day=day,
            version=member.version,
            same={"exchange": (exchange,), "symbol": member.spellings},
            delivered=member.extract,
            beside=member.strays,
        )
        return CsvFrame(file, self._limits)

    def _new_shelf(self, dataset: Dataset, day: dt.date) -> GroupShelf:
        shelf = GroupShelf(partial(self._fetch_group, dataset, day))
        self._shelves.add(shelf)
        return shelf

    def _fetch_group(self, dataset: Dataset, day: dt.date, group: Group) -> GroupFile:
        what = f"Tardis {dataset.name} {group.market.exchange} {group.name} {day}"
        table = table_of(dataset.name, group.market, group.kind) or TABLES[dataset.name]
        local = self._download(what, group.market.exchange, dataset, day, group.name)
        file = open_group(what, local, table, self._downloader, self._limits)
        return find_strays(file, group, data_type=dataset.name, day=day, directory=self._directory, universe=self._universe)

    def _download(self, what: str, exchange: str, dataset: Dataset, day: dt.date, name: str) -> LocalFile:
        url = self._directory.file_url(exchange, dataset.name, day, name)
        return self._downloader.fetch(url, what, partial(_verify, limits=self._limits))

    def _refuse_unexported(self, what: str, exchange: str, day: dt.date) -> None:
        until = self._directory.exported_until(exchange)
        if until is not None and to_datetime(day_start(day)) >= until:
            raise NotAvailableYet(f"{what}: Tardis has exported days before {until:%Y-%m-%d} only")

    def _absence(self, what: str, instrument: Instrument, day: dt.date, error: NotListed) -> NoData:
        now = dt.datetime.fromtimestamp(self._now(), dt.UTC)
        if not self._is_folder and now < to_datetime(day_end(day)) + _EXPORT_DELAY:
            return NotAvailableYet(
                f"{what}: not exported yet, the day ended less than {_EXPORT_DELAY.days} day ago or has not ended ({error})"
            )
        start, end = instrument.available_from, instrument.available_to
        if start is None:
            return NotListed(f"{what}: no such file ({error})")
        shown = f"{start:%Y-%m-%d %H:%M} to {'now' if end is None else f'{end:%Y-%m-%d %H:%M}'}"
        inside = start < to_datetime(day_end(day)) and (end is None or end > to_datetime(day_start(day)))
        if inside:
            return NotListed(f"{what}: no such file, although Tardis lists it from {shown}: data is missing there ({error})")
        return NotListed(f"{what}: not listed that day, only from {shown} ({error})")


def _row_symbols(symbol: str, native_symbol: str) -> tuple[str, ...]:
    """What rows may call a dataset's symbol: dataset names have ``-`` where the venue's own may have ``/`` or ``:``."""
    parts = symbol.split("-")
    joints = product("-/:", repeat=len(parts) - 1) if len(parts) <= _MOST_PARTS else ()
    spelled = ("".join(chain(*zip(parts, (*joint, ""), strict=True))) for joint in joints)
    return tuple(dict.fromkeys((symbol, native_symbol, *spelled)))


def _verify(what: str, pieces: Iterator[bytes], path: Path, *, limits: Limits) -> None:
    """Unpack a download while it arrives: whole, undamaged, and ending with a whole line."""
    last = b""
    for content in gunzip(what, pieces, limits):
        last = content
    if last and not last.endswith(b"\n"):
        raise DamagedFile(f"{what}: the last line is cut, it has no end: {last[-80:]!r} in {path.name}")
