"""What Tardis says it has: the metadata of exchanges, asked for again after a while, or what a folder of files holds."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from market_data_assets.domain.days import day_end, day_start, to_datetime
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.symbols.definition import dataset_symbol, define
from market_data_assets.domain.universe import Universe
from market_data_assets.domain.venues import Market
from market_data_assets.errors import NotListed, SettingsError, UnknownInstrument
from market_data_assets.sources.download import Downloader, join_url, local_path
from market_data_assets.sources.exports import newest_day_folder
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
from market_data_assets.sources.tardis_universe import FILE_ENDING, listed_symbols, symbols_in_folder

SOURCE_NAME = "tardis"
_METADATA_SECONDS = 900
"""How long an exchange's metadata is believed; Tardis exports once a day."""

_Definitions = Mapping[str, Mapping[str, Any]]


class TardisDirectory:
    """What there is, by exchange and day. Safe to use from several threads."""

    def __init__(
        self,
        datasets_url: str,
        api_url: str,
        universe: Universe,
        downloader: Downloader,
        limits: Limits,
        *,
        has_key: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The arguments are those of :class:`market_data_assets.sources.tardis.TardisSource`."""
        self._datasets_url = datasets_url
        self._folder = local_path(datasets_url)
        self._api_url = api_url
        self._universe, self._downloader, self._limits, self._clock = universe, downloader, limits, clock
        self._has_definitions = has_key or local_path(api_url) is not None
        self._metadata: dict[str, tuple[float, ExchangeDatasets | None, _Definitions]] = {}
        self._lock = threading.Lock()

    def file_url(self, exchange: str, data_type: str, day: dt.date, name: str) -> str:
        """Where the file of a symbol or of a group is, whether there is one or not."""
        return join_url(self._datasets_url, "v1", exchange, data_type, f"{day:%Y/%m/%d}", f"{name}{FILE_ENDING}")

    def symbols(self, market: Market, day: dt.date) -> tuple[Sequence[DatasetSymbol], Sequence[UnknownInstrument]]:
        """The symbols that were there on the day, and group files whose symbols cannot be told.

        Raises:
            SettingsError: there is no metadata of the exchange, and files are not in a folder that could be listed.
            Retryable, AuthError, Unusable: as of downloads.
        """
        datasets, definitions = self._load(market.exchange)
        if datasets is not None:
            return listed_symbols(datasets, definitions, day), ()
        if self._folder is None:
            raise SettingsError(f"Tardis has no metadata of exchange {market.exchange!r} at {self._api_url}")
        wanted = self._universe.choose(tuple(TABLES))
        return symbols_in_folder(self._folder / "v1" / market.exchange, day, wanted, self._limits)

    def listed(self, market: Market, day: dt.date) -> frozenset[str] | None:
        """The names of the symbols that were there on the day; None where only the files themselves say so."""
        datasets, definitions = self._load(market.exchange)
        if datasets is None:
            return None
        return frozenset(dataset_symbol(symbol.symbol) for symbol in listed_symbols(datasets, definitions, day))

    def define(self, market: Market, symbol: DatasetSymbol, day: dt.date) -> Instrument:
        """The definition row of a symbol, with what its definition said on the day.

        Raises:
            UnknownInstrument: no rule understands it.
            SchemaDrift: a definition that is not in the documented shape.
        """
        definition = self._load(market.exchange)[1].get(dataset_symbol(symbol.symbol))
        values = None if definition is None else as_of(definition, to_datetime(day_start(day)))
        details = {} if values is None else definition_details(values)
        return define(
            market,
            listing_of(market.exchange, symbol, values),
            source=SOURCE_NAME,
            data_types=self._universe.choose(symbol.data_types),
            available_from=symbol.available_from,
            available_to=symbol.available_to,
            status=status_on(symbol, details.get("expiry"), day),
            **details,
        )

    def has_files(self, exchange: str, data_type: str, day: dt.date, name: str) -> bool:
        """Whether there should be a file of this name, a symbol's or a group's, on the day."""
        datasets = self._load(exchange)[0]
        if datasets is not None:
            return datasets.has_files(name, data_type, day)
        path = local_path(self.file_url(exchange, data_type, day, name))
        return path is not None and path.is_file()

    def exported_until(self, exchange: str) -> dt.datetime | None:
        """The first instant that has not been exported yet; None where nothing says so."""
        datasets = self._load(exchange)[0]
        return None if datasets is None else datasets.exported_until

    def ask_exported_until(self, market: Market) -> dt.datetime | None:
        """As :meth:`exported_until`, asked for now; of a folder of files the end of its newest day. Errors as of documents."""
        if self._folder is not None:
            newest = newest_day_folder(self._folder / "v1" / market.exchange)
            return None if newest is None else to_datetime(day_end(newest))
        document = self._document("exchanges", market.exchange)
        return None if document is None else parse_exchange(f"Tardis metadata of {market.exchange}", document).exported_until

    def _load(self, exchange: str) -> tuple[ExchangeDatasets | None, _Definitions]:
        """What the vendor says of an exchange, asked for again after a while; None where it says nothing."""
        with self._lock:
            loaded, datasets, definitions = self._metadata.get(exchange, (float("-inf"), None, {}))
            if self._clock() - loaded > _METADATA_SECONDS:
                document = self._document("exchanges", exchange)
                datasets = None if document is None else parse_exchange(f"Tardis metadata of {exchange}", document)
                document = self._document("instruments", exchange) if self._has_definitions else None
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
