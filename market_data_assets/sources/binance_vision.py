"""Binance Vision: the exchange's own daily dumps of trades, free and without a key, over HTTP or from a folder."""

import datetime as dt
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from market_data_assets.domain.datasets import Dataset, Frame
from market_data_assets.domain.days import day_end, to_datetime
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.symbols.definition import define
from market_data_assets.domain.symbols.listing import Listing
from market_data_assets.domain.universe import Universe
from market_data_assets.domain.venues import Market, market_of
from market_data_assets.errors import (
    DamagedFile,
    MarketDataError,
    NoData,
    NotAvailableYet,
    NotListed,
    Retryable,
    SettingsError,
    UnknownInstrument,
    Unusable,
)
from market_data_assets.sources.archives import read_pieces, unzip
from market_data_assets.sources.base import Listings, keep_unambiguous
from market_data_assets.sources.binance_vision_exports import published_until
from market_data_assets.sources.binance_vision_listing import KINDS, BucketListing, file_stem, symbols_in_folder
from market_data_assets.sources.binance_vision_tables import KLINES, KLINES_SCHEMA, TABLES
from market_data_assets.sources.csv.frame import CsvFile, CsvFrame
from market_data_assets.sources.download import Downloader, join_url, local_path
from market_data_assets.sources.exports import possible_markets, slowest
from market_data_assets.sources.limits import Limits
from market_data_assets.sources.local_file import LocalFile
from market_data_assets.sources.versions import FileVersion

URL = "https://data.binance.vision"
LISTING_URL = "https://s3-ap-northeast-1.amazonaws.com/data.binance.vision"
_PUBLICATION_DELAY = dt.timedelta(days=2)
"""A day's files appear the day after, sometimes later; a file that is missing until then may still come."""
KLINE_INTERVALS = {"1m": "1m", "5m": "5m", "15m": "15m", "1h": "1h", "4h": "4h", "24h": "1d"}
"""Our timeframes of which the exchange publishes its own candles, and its names of them."""
_CHECKSUM = re.compile(r"([0-9a-fA-F]{64})\s+\*?(\S+)\s*")


class BinanceVisionSource:
    """The Binance Vision dumps as a :class:`market_data_assets.sources.base.Source`.

    Trades come from the ``trades`` dump. Where the exchange publishes only ``aggTrades`` for the day, one row is one
    aggregated trade: the fills of one taker order at one price, with the aggregate's id.
    """

    name = "binance_vision"

    def __init__(
        self,
        url: str,
        universe: Universe,
        cache: Path,
        *,
        listing_url: str | None = LISTING_URL,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """The dumps below ``url`` (``https://…`` or ``file://…``).

        Args:
            cache: Folder for downloads in progress; they are removed once read.
            listing_url: The bucket's listing; None where there is none: the universe must then name its instruments.
                Not used for folders.
        """
        self._url, self._universe, self._limits, self._now = url, universe, limits or Limits(), now
        self._downloader = Downloader(cache, self._limits, clock=clock, now=now, sleep=sleep)
        self._listing = None if listing_url is None else BucketListing(listing_url, self._downloader.fetch_document)

    def instruments(self, day: dt.date) -> Listings:
        """Every instrument of the universe that has a file of trades for the UTC ``day``, ordered by id.

        Without a folder or a listing these are the instruments that the universe names, whether they have one or not.

        Raises:
            SettingsError: there is no listing, and the universe has wildcards or is empty.
            Retryable, Unusable: as of downloads.
        """
        found: list[Instrument] = []
        unknown: list[UnknownInstrument] = []
        data_types = self._universe.choose((TRADES.name,))
        for market in self._universe.markets():
            if market.binance_vision is None:
                continue
            for symbol in self._symbols(market, market.binance_vision, day):
                try:
                    instrument = _define(market, symbol, data_types)
                except UnknownInstrument as error:
                    unknown.append(error)
                    continue
                if self._universe.includes(instrument.instrument_id) and self._has_file(market.binance_vision, symbol, day):
                    found.append(instrument)
        kept, ambiguous = keep_unambiguous(found)
        return Listings(sorted(kept, key=lambda instrument: instrument.instrument_id), [*unknown, *ambiguous])

    def exported_until(self, now: dt.datetime) -> dt.datetime | None:
        """The end of the newest day of the last seven that a busy instrument of each market has a checksum of.

        Of a folder, the end of the newest day that any file in it is of. Errors as of downloads.
        """
        today = now.astimezone(dt.UTC).date()
        paths = [market.binance_vision for market in possible_markets(self._universe) if market.binance_vision is not None]
        return slowest(published_until(self._url, path, today, self._downloader.fetch_document) for path in paths)

    def fetch(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> Frame:
        """The exchange's day of trades of one instrument, cut by exchange time; ``local_timestamp`` repeats it.

        Raises:
            NotListed: there is no dump of trades for that day.
            NotAvailableYet: … and the day ended so recently that it may still come.
            Retryable, Unusable: as of downloads; the frame raises ``Unusable`` for what is found while reading.
        """
        what = f"Binance Vision {dataset.name} {instrument.instrument_id} {day}"
        path = _path_of(instrument)
        if dataset.name != TRADES.name:
            raise MarketDataError(f"{what}: only trades are read from Binance Vision")
        if path is None:
            raise NotListed(f"{what}: Binance Vision has no dumps of {instrument.tardis_exchange}")
        for kind in KINDS:
            local = self._fetch_file(what, self._stem_url(path, kind, instrument, day))
            if local is not None:
                return self._frame(what, local, path=path, kind=kind, day=day)
        raise self._absence(what, day)

    def file_urls(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> Sequence[str]:
        """Where the dump of trades is looked for, the better kind first; nowhere for other data types and other venues."""
        path = _path_of(instrument)
        if path is None or dataset.name != TRADES.name:
            return ()
        stems = [self._stem_url(path, kind, instrument, day) for kind in KINDS]
        return [f"{stem}{ending}" for stem in stems for ending in _endings(stem)]

    def possible_urls(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> Sequence[str]:
        """As :meth:`file_urls`, which asks nobody."""
        return self.file_urls(dataset, instrument, day)

    def version_of(self, url: str, seconds: float) -> FileVersion | None:
        """As :meth:`Downloader.version_of`."""
        return self._downloader.version_of(url, f"Binance Vision {url.rpartition('/')[2]}", seconds)

    def klines_of(self, instrument: Instrument, day: dt.date, interval: str) -> pa.Table:
        """The exchange's own candles of an instrument and UTC day, as :func:`klines` gives them.

        Args:
            interval: One of the names in :data:`KLINE_INTERVALS`.

        Raises:
            NotListed: it publishes none of the market, or none of that day. NotAvailableYet: … and they may still come.
            Retryable, Unusable: as of downloads, and as of :func:`klines`.
        """
        what = f"Binance Vision klines {interval} {instrument.instrument_id} {day}"
        path = _path_of(instrument)
        if path is None:
            raise NotListed(f"{what}: Binance Vision has no dumps of {instrument.tardis_exchange}")
        symbol = instrument.native_symbol
        stem = file_stem(symbol, interval, day)
        local = self._fetch_file(what, join_url(self._url, "data", path, "daily", "klines", symbol, interval, stem))
        if local is None:
            raise self._absence(what, day)
        return klines(local.path)

    def _frame(self, what: str, local: LocalFile, *, path: str, kind: str, day: dt.date) -> Frame:
        file = CsvFile(
            what=f"{what} ({kind})",
            # The frame holds the file, and with it the download that is removed after its last use.
            open=lambda: _content(what, local.path, self._limits),
            table=TABLES[path, kind],
            schema=TRADES.schema,
            day=day,
            version=local.version,
            delivered=lambda: local,
        )
        return CsvFrame(file, self._limits)

    def _stem_url(self, path: str, kind: str, instrument: Instrument, day: dt.date) -> str:
        """The address of a dump without its ending."""
        symbol = instrument.native_symbol
        return join_url(self._url, "data", path, "daily", kind, symbol, file_stem(symbol, kind, day))

    def _fetch_file(self, what: str, url: str) -> LocalFile | None:
        """The file of trades, verified by its checksum; None where there is none."""
        in_folder = local_path(url) is not None
        for ending in _endings(url):
            try:
                local = self._downloader.fetch(f"{url}{ending}", what, partial(self._verify_download, f"{url}{ending}.CHECKSUM"))
            except NotListed:
                continue
            if in_folder:
                _verify_beside(what, local)
            return local
        return None

    def _verify_download(self, checksum_url: str, what: str, pieces: Iterator[bytes], path: Path) -> None:
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        try:
            document = self._downloader.read_document(checksum_url, f"{what} checksum")
        except NotListed:
            raise Retryable(f"{what}: its checksum is not published (yet)") from None
        # The content comes first: an HTML page with status 200 is told as what it is, not as a wrong checksum.
        for _ in unzip(what, path, self._limits):
            pass
        _compare_checksum(what, document, digest.hexdigest())

    def _symbols(self, market: Market, path: str, day: dt.date) -> Iterable[str]:
        root = local_path(self._url)
        if root is not None:
            return symbols_in_folder(root / "data" / path / "daily", day)
        if self._listing is None:
            return self._named_symbols(market)
        return sorted({symbol for kind in KINDS for symbol in self._listing.folders(f"data/{path}/daily/{kind}/")})

    def _has_file(self, path: str, symbol: str, day: dt.date) -> bool:
        if local_path(self._url) is not None or self._listing is None:
            return True
        names = (f"data/{path}/daily/{kind}/{symbol}/{file_stem(symbol, kind, day)}.zip" for kind in KINDS)
        return any(self._listing.has(name) for name in names)

    def _named_symbols(self, market: Market) -> list[str]:
        patterns = self._universe.patterns
        if not patterns or any(character in pattern for pattern in patterns for character in "*?["):
            expected = "ids without wildcards, such as BINANCE:SPOT_PAIR:BTC-USDT, since Binance Vision has no listing here"
            raise SettingsError(f"instruments {list(patterns)}: expected {expected}")
        symbols = {symbol for pattern in patterns for symbol in native_symbols(InstrumentId.parse(pattern))}
        return sorted(symbol for symbol in symbols if _is_of(market, symbol, patterns))

    def _absence(self, what: str, day: dt.date) -> NoData:
        now = dt.datetime.fromtimestamp(self._now(), dt.UTC)
        if local_path(self._url) is None and now < to_datetime(day_end(day)) + _PUBLICATION_DELAY:
            return NotAvailableYet(
                f"{what}: not published yet, the day ended less than {_PUBLICATION_DELAY.days} days ago or has not ended"
            )
        return NotListed(f"{what}: no dump for that day")


def publishes_klines(instrument: Instrument) -> bool:
    """Whether the exchange publishes candles of the instrument's market."""
    return _path_of(instrument) is not None


def native_symbols(instrument: InstrumentId) -> tuple[str, ...]:
    """How Binance may write an instrument: ``BTCUSDT``, ``BTCUSD_PERP`` or ``BTCUSDT_241227``."""
    pair = f"{instrument.base}{instrument.quote}"
    if instrument.expiry is not None:
        return (f"{pair}_{instrument.expiry:%y%m%d}",)
    return (pair, f"{pair}_PERP")


def klines(path: Path) -> pa.Table:
    """The exchange's own candles of one dump, as the reference for checks.

    Args:
        path: ``.zip`` or ``.csv``, of a day or a month, spot or futures, with a header or without.

    Returns:
        ``open_time`` and ``close_time`` (µs UTC, the latter the last instant inside), ``open``, ``high``, ``low``,
        ``close``, ``volume`` (base; contracts on coin-margined markets), ``quote_volume`` (quote; base there),
        ``count``, ``taker_buy_volume``, ``taker_buy_quote_volume``; one row per candle, ascending.

    Raises:
        SchemaDrift: columns missing, or times that are not integers, as spreadsheets leave them.
        Unusable: damaged, or candles out of order or repeated.
    """
    what = f"Binance Vision klines {path.name}"
    limits = Limits()
    file = CsvFile(what, lambda: _content(what, path, limits), KLINES, KLINES_SCHEMA, None, LocalFile(path).version)
    frame = CsvFrame(file, limits)
    table = frame.read()
    if frame.quarantined:
        raise Unusable(f"{what}: impossible values: {[(set_aside.reason, set_aside.count) for set_aside in frame.quarantined]}")
    repeated = pc.count_distinct(table.column("open_time")).as_py() != table.num_rows
    if repeated:
        raise Unusable(f"{what}: a candle stands there twice")
    return table


def _endings(url: str) -> tuple[str, ...]:
    """What a file may end in: in a folder it may lie unpacked."""
    return (".zip",) if local_path(url) is None else (".zip", ".csv")


def _path_of(instrument: Instrument) -> str | None:
    """The folder of the instrument's market; None where there is none."""
    return None if instrument.tardis_exchange is None else market_of(instrument.tardis_exchange).binance_vision


def _define(market: Market, symbol: str, data_types: tuple[str, ...]) -> Instrument:
    return define(market, Listing(market.exchange, symbol), source=BinanceVisionSource.name, data_types=data_types)


def _is_of(market: Market, symbol: str, patterns: Iterable[str]) -> bool:
    """Whether the market's rule reads ``symbol`` as one of the named instruments."""
    try:
        return market.rule(Listing(market.exchange, symbol)) in {InstrumentId.parse(pattern) for pattern in patterns}
    except UnknownInstrument:
        return False


def _content(what: str, path: Path, limits: Limits) -> Iterator[bytes]:
    return read_pieces(path) if path.suffix == ".csv" else unzip(what, path, limits)


def _verify_beside(what: str, local: LocalFile) -> None:
    """Compare a file of a folder with its checksum file, where there is one."""
    beside = local.path.with_name(f"{local.path.name}.CHECKSUM")
    if not beside.is_file():
        return
    digest = hashlib.sha256()
    for piece in read_pieces(local.path):
        digest.update(piece)
    try:
        _compare_checksum(what, beside.read_bytes(), digest.hexdigest())
    except DamagedFile as error:
        error.delivered = local
        raise


def _compare_checksum(what: str, document: bytes, found: str) -> None:
    match = _CHECKSUM.fullmatch(document[:1_000].decode(errors="replace"))
    if match is None:
        raise DamagedFile(f"{what}: expected a sha256 and a file name in the checksum file, got {document[:80]!r}")
    if match[1].lower() != found:
        raise DamagedFile(f"{what}: sha256 is {found}, expected {match[1].lower()} by the checksum file")
