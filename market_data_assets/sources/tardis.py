"""Tardis: daily CSV files of ticks and instrument metadata, over HTTP or from a folder in the same layout."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain, product
from pathlib import Path
from typing import Any

from market_data_assets.domain.datasets import Dataset, Frame
from market_data_assets.domain.days import day_end, day_start, to_datetime
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.symbols.definition import dataset_symbol, define
from market_data_assets.domain.symbols.listing import is_group
from market_data_assets.domain.universe import Universe
from market_data_assets.domain.venues import Market
from market_data_assets.errors import (
    DamagedFile,
    MarketDataError,
    NoData,
    NotAvailableYet,
    NotListed,
    SettingsError,
    UnknownInstrument,
)
from market_data_assets.sources.archives import gunzip, read_pieces
from market_data_assets.sources.base import Listings, Secret, keep_unambiguous
from market_data_assets.sources.csv.frame import CsvFile, CsvFrame
from market_data_assets.sources.download import Downloader, join_url, local_path
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.tardis_metadata import (
    DatasetSymbol,
    ExchangeDatasets,
    as_of,
    definition_details,
    listing_of,
    parse_exchange,
    parse_instruments,
    status_on,
)
from market_data_assets.sources.tardis_tables import TABLES

DATASETS_URL = "https://datasets.tardis.dev"
API_URL = "https://api.tardis.dev"
_FILE_ENDING = ".csv.gz"
_MOST_PARTS = 5
_METADATA_SECONDS = 900
"""How long an exchange's metadata is believed; Tardis exports once a day."""
_EXPORT_DELAY = dt.timedelta(days=1)
"""A day's files appear some hours after its end; a file that is missing until then may still come."""


class TardisSource:
    """The Tardis vendor as a :class:`market_data_assets.sources.base.Source`."""

    name = "tardis"

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
            cache: Folder for downloads in progress; they are removed once read.
            api_key: Without one the vendor gives the first day of each month, and no instrument definitions.
            clock, now, sleep: Monotonic seconds, Unix seconds, and a pause.
        """
        self._datasets_url = datasets_url
        is_folder = local_path(datasets_url) is not None
        self._api_url = datasets_url if is_folder and api_url.rstrip("/") == API_URL else api_url
        self._universe, self._limits = universe, limits or Limits()
        self._has_key = api_key is not None
        token = None if api_key is None else api_key.get_secret_value()
        self._downloader = Downloader(cache, self._limits, token=token, clock=clock, now=now, sleep=sleep)
        self._clock, self._now = clock, now
        self._metadata: dict[str, tuple[float, ExchangeDatasets | None, Mapping[str, Mapping[str, Any]]]] = {}
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
            for symbol in self._symbols(market, day):
                if is_group(symbol.symbol) or not symbol.is_available(day):
                    continue
                try:
                    found.append(self._define(market, symbol, day))
                except UnknownInstrument as error:
                    unknown.append(error)
        kept, ambiguous = keep_unambiguous(found)
        wanted = [instrument for instrument in kept if self._universe.includes(instrument.instrument_id)]
        return Listings(sorted(wanted, key=lambda instrument: instrument.instrument_id), [*unknown, *ambiguous])

    def fetch(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> Frame:
        """The vendor's file of one data type of one instrument, cut by arrival time at midnight UTC.

        Raises:
            NotListed: Tardis has no such file; the message says whether its metadata promised one.
            NotAvailableYet: the day has not been exported yet.
            Retryable, AuthError, Unusable: as of downloads; the frame raises ``Unusable`` for what is found while reading.
        """
        what = f"Tardis {dataset.name} {instrument.instrument_id} {day}"
        table = TABLES.get(dataset.name)
        if table is None:
            raise MarketDataError(f"{what}: this data type is not read from Tardis; read are {', '.join(TABLES)}")
        exchange, symbol = instrument.tardis_exchange, instrument.tardis_symbol
        if exchange is None or symbol is None:
            raise NotListed(f"{what}: Tardis has no name for this instrument")
        self._refuse_unexported(what, exchange, day)
        url = join_url(self._datasets_url, "v1", exchange, dataset.name, f"{day:%Y/%m/%d}", f"{symbol}{_FILE_ENDING}")
        try:
            local = self._downloader.fetch(url, what, partial(_verify, limits=self._limits))
        except NotListed as error:
            raise self._absence(what, instrument, day, error) from None
        file = CsvFile(
            what=what,
            # The frame holds the file, and with it the download that is removed after its last use.
            open=lambda: gunzip(what, read_pieces(local.path), self._limits),
            table=table,
            schema=dataset.schema,
            day=day,
            version=local.version,
            same={"exchange": (exchange,), "symbol": _row_symbols(symbol, instrument.native_symbol)},
        )
        return CsvFrame(file, self._limits)

    def _define(self, market: Market, symbol: DatasetSymbol, day: dt.date) -> Instrument:
        definition = self._definitions(market.exchange).get(dataset_symbol(symbol.symbol))
        values = None if definition is None else as_of(definition, to_datetime(day_start(day)))
        details = {} if values is None else definition_details(values)
        return define(
            market,
            listing_of(market.exchange, symbol, values),
            source=self.name,
            data_types=symbol.data_types,
            available_from=symbol.available_from,
            available_to=symbol.available_to,
            status=status_on(symbol, details.get("expiry"), day),
            **details,
        )

    def _symbols(self, market: Market, day: dt.date) -> tuple[DatasetSymbol, ...]:
        datasets = self._exchange(market.exchange)
        if datasets is not None:
            return datasets.symbols
        root = local_path(self._datasets_url)
        if root is None:
            raise SettingsError(f"Tardis has no metadata of exchange {market.exchange!r} at {self._api_url}")
        return _symbols_in_folder(root / "v1" / market.exchange, day)

    def _exchange(self, exchange: str) -> ExchangeDatasets | None:
        return self._load_metadata(exchange)[0]

    def _definitions(self, exchange: str) -> Mapping[str, Mapping[str, Any]]:
        return self._load_metadata(exchange)[1]

    def _load_metadata(self, exchange: str) -> tuple[ExchangeDatasets | None, Mapping[str, Mapping[str, Any]]]:
        """What the vendor says of an exchange, asked for again after a while; None where it says nothing."""
        with self._lock:
            loaded, datasets, definitions = self._metadata.get(exchange, (float("-inf"), None, {}))
            if self._clock() - loaded > _METADATA_SECONDS:
                document = self._document("exchanges", exchange)
                datasets = None if document is None else parse_exchange(f"Tardis metadata of {exchange}", document)
                document = self._document("instruments", exchange) if self._has_key or local_path(self._api_url) else None
                definitions = {} if document is None else parse_instruments(f"Tardis instruments of {exchange}", document)
                self._metadata[exchange] = (self._clock(), datasets, definitions)
            return datasets, definitions

    def _document(self, kind: str, exchange: str) -> bytes | None:
        url = join_url(self._api_url, "v1", kind, exchange)
        endings = ("", ".json") if local_path(url) is not None else ("",)
        for ending in endings:
            try:
                return self._downloader.fetch_document(url + ending, f"Tardis {kind} metadata of {exchange}")
            except NotListed:
                continue
        return None

    def _refuse_unexported(self, what: str, exchange: str, day: dt.date) -> None:
        datasets = self._exchange(exchange)
        until = None if datasets is None else datasets.exported_until
        if until is not None and to_datetime(day_start(day)) >= until:
            raise NotAvailableYet(f"{what}: Tardis has exported days before {until:%Y-%m-%d} only")

    def _absence(self, what: str, instrument: Instrument, day: dt.date, error: NotListed) -> NoData:
        now = dt.datetime.fromtimestamp(self._now(), dt.UTC)
        if local_path(self._datasets_url) is None and now < to_datetime(day_end(day)) + _EXPORT_DELAY:
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


def _symbols_in_folder(folder: Path, day: dt.date) -> tuple[DatasetSymbol, ...]:
    """What a folder of files holds for the day, where nothing says what it should hold (DECISIONS D21)."""
    data_types: dict[str, list[str]] = {}
    for file in sorted(folder.glob(f"*/{day:%Y/%m/%d}/*{_FILE_ENDING}")):
        data_types.setdefault(file.name.removesuffix(_FILE_ENDING), []).append(file.parts[-5])
    return tuple(DatasetSymbol(symbol, None, tuple(types)) for symbol, types in sorted(data_types.items()))


def _verify(what: str, pieces: Iterator[bytes], path: Path, *, limits: Limits) -> None:
    """Unpack a download while it arrives: whole, undamaged, and ending with a whole line."""
    last = b""
    for content in gunzip(what, pieces, limits):
        last = content
    if last and not last.endswith(b"\n"):
        raise DamagedFile(f"{what}: the last line is cut, it has no end: {last[-80:]!r} in {path.name}")
