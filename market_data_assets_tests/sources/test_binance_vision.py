"""Binance Vision over HTTP and from a folder: universe, checksums, units, files with and without a header, candles."""

import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, TRADES
from market_data_assets.domain.symbols.listing import Listing
from market_data_assets.domain.universe import Universe
from market_data_assets.domain.venues import market_of
from market_data_assets.errors import MarketDataError, NotAvailableYet, NotListed, Retryable, SchemaDrift, SettingsError, Unusable
from market_data_assets.sources.binance_vision import BinanceVisionSource, klines, native_symbols
from market_data_assets.sources.binance_vision_tables import TABLES
from market_data_assets_tests.faults.http_server import Answer, FaultServer
from market_data_assets_tests.sources.conftest import QUICK
from market_data_assets_tests.sources.csv.frames import DAY, START, file_of, frame_of, values

LATER = 1_800_000_000.0
FOLDER = "/data/spot/daily/trades/BTCUSDT"
STEM = "BTCUSDT-trades-2024-08-08"


def spot(time: int, id_: int = 1, taker_sold: str = "True") -> str:
    return f"{id_},61800.30000000,0.00600000,370.80,{time},{taker_sold},True"


def zipped(text: str, name: str = f"{STEM}.csv") -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return memory.getvalue()


def checksum(content: bytes, name: str = f"{STEM}.zip") -> bytes:
    return f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode()


def publish(server: FaultServer, content: bytes, *, folder: str = FOLDER, stem: str = STEM) -> None:
    server.script(f"{folder}/{stem}.zip", Answer(content))
    server.script(f"{folder}/{stem}.zip.CHECKSUM", Answer(checksum(content, f"{stem}.zip")))


def source(server: FaultServer, cache: Path, *patterns: str, listing: bool = False, now: float = LATER) -> BinanceVisionSource:
    universe = Universe(("BINANCE",), patterns or ("BINANCE:SPOT_PAIR:BTC-USDT",))
    listing_url = f"{server.url}/list" if listing else None
    return BinanceVisionSource(server.url, universe, cache, listing_url=listing_url, limits=QUICK, now=lambda: now, sleep=lambda _: None)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2019-10-11", ("BINANCE:SPOT_PAIR:XRP-ETH", 5_929, "2019-10-11T00:00:11.620000+00:00")),
        ("2020-01-02", ("BINANCE:SPOT_PAIR:BTC-USDT", 500, "2020-01-02T15:10:23.305000+00:00")),
        ("2023-03-20", ("BINANCE:SPOT_PAIR:ETH-BTC", 500, "2023-03-20T02:45:37.591000+00:00")),
        ("2026-01-01", ("BINANCE:SPOT_PAIR:BTC-USDT", 2_927, "2026-01-01T00:00:00.039409+00:00")),
    ],
)
def test_real_files_read_in_milliseconds_and_microseconds(samples: Path, cache: Path, day: str, expected: tuple[str, int, str]) -> None:
    identifier, rows, first = expected
    vision = BinanceVisionSource((samples / "binance_vision").as_uri(), Universe(), cache)
    (instrument,) = vision.instruments(dt.date.fromisoformat(day)).instruments
    frame = vision.fetch(TRADES, instrument, dt.date.fromisoformat(day))
    table = TRADES.conform(frame.read())
    assert str(instrument.instrument_id) == identifier
    assert table.num_rows == rows
    assert frame.quarantined == ()
    assert table.column("timestamp")[0].as_py().isoformat() == first
    assert table.column("local_timestamp").equals(table.column("timestamp"))
    ids = values(table, "id")
    assert ids == list(range(ids[0], ids[0] + rows))  # type: ignore[operator, arg-type]


def test_the_maker_who_bought_makes_a_taker_who_sold(server: FaultServer, cache: Path) -> None:
    publish(server, zipped(file_of(spot(START), spot(START, 2, "False"), header=None)))
    vision = source(server, cache)
    frame = vision.fetch(TRADES, vision.instruments(DAY).instruments[0], DAY)
    assert values(frame.read(), "side") == ["sell", "buy"]


def test_a_checksum_that_differs_is_fetched_again_and_then_refused(server: FaultServer, cache: Path) -> None:
    content = zipped(file_of(spot(START), header=None))
    publish(server, content)
    vision = source(server, cache)
    instrument = vision.instruments(DAY).instruments[0]
    path = f"{FOLDER}/{STEM}.zip.CHECKSUM"
    server.script(path, Answer(checksum(b"another")), Answer(checksum(content)))
    assert vision.fetch(TRADES, instrument, DAY).read().num_rows == 1
    server.script(path, Answer(checksum(b"another")))
    with pytest.raises(Unusable, match=f"sha256 is {hashlib.sha256(content).hexdigest()}, expected"):
        vision.fetch(TRADES, instrument, DAY)
    server.script(path, Answer(b"<html>"))
    with pytest.raises(Unusable, match="expected a sha256"):
        vision.fetch(TRADES, instrument, DAY)


def test_a_missing_checksum_is_waited_for(server: FaultServer, cache: Path) -> None:
    server.script(f"{FOLDER}/{STEM}.zip", Answer(zipped(file_of(spot(START), header=None))))
    vision = source(server, cache)
    with pytest.raises(Retryable, match="checksum is not published"):
        vision.fetch(TRADES, vision.instruments(DAY).instruments[0], DAY)


def test_a_checksum_in_a_folder_is_compared_where_there_is_one(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / FOLDER[1:] / f"{STEM}.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(zipped(file_of(spot(START), header=None)))
    vision = BinanceVisionSource(tmp_path.as_uri(), Universe(), cache)
    (instrument,) = vision.instruments(DAY).instruments
    assert vision.fetch(TRADES, instrument, DAY).read().num_rows == 1
    path.with_name(f"{path.name}.CHECKSUM").write_bytes(checksum(b"another"))
    with pytest.raises(Unusable, match="by the checksum file") as caught:
        vision.fetch(TRADES, instrument, DAY)
    assert caught.value.delivered is not None
    assert caught.value.delivered.path == path


@pytest.mark.parametrize(
    "content",
    [
        b"<html>sorry</html>",
        zipped(file_of(spot(START), header=None))[:-9],
        zipped(file_of(spot(START).replace(",True", ",maybe"), header=None)),
        zipped(file_of(spot(START), header="id,price,qty,quote_qty,when,is_buyer_maker,is_best_match")),
    ],
    ids=["page", "truncated", "impossible value", "renamed column"],
)
@pytest.mark.parametrize("transport", ["http", "folder"])
def test_a_refused_file_travels_with_its_refusal(server: FaultServer, tmp_path: Path, cache: Path, content: bytes, transport: str) -> None:
    publish(server, content)
    path = tmp_path / FOLDER[1:] / f"{STEM}.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    vision = source(server, cache) if transport == "http" else BinanceVisionSource(tmp_path.as_uri(), Universe(), cache)
    (instrument,) = vision.instruments(DAY).instruments
    with pytest.raises(Unusable) as caught:
        vision.fetch(TRADES, instrument, DAY).read()
    assert caught.value.delivered is not None
    assert caught.value.delivered.path.read_bytes() == content


def test_the_universe_chooses_data_types(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / FOLDER[1:] / f"{STEM}.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(zipped(file_of(spot(START), header=None)))
    chosen = {}
    for data_types in ((), ("trades",), ("liquidations",)):
        (instrument,) = BinanceVisionSource(tmp_path.as_uri(), Universe(data_types=data_types), cache).instruments(DAY).instruments
        chosen[data_types] = instrument.data_types
    assert chosen == {(): ("trades",), ("trades",): ("trades",), ("liquidations",): ()}


def test_aggregated_trades_stand_in_where_there_are_no_trades(server: FaultServer, cache: Path) -> None:
    row = f"9,61800.3,0.006,11,12,{START // 1000},true"
    header = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
    stem = "BTCUSDT-aggTrades-2024-08-08"
    publish(server, zipped(file_of(row, header=header)), folder="/data/futures/um/daily/aggTrades/BTCUSDT", stem=stem)
    vision = source(server, cache, "BINANCE:PERP:BTC-USDT")
    table = vision.fetch(TRADES, vision.instruments(DAY).instruments[0], DAY).read()
    assert values(table, "id") == [9]
    assert values(table, "timestamp")[0].isoformat() == "2024-08-08T00:00:00+00:00"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("now", "error"), [(START / 1e6 + 1.5 * 86_400, NotAvailableYet), (START / 1e6 + 4 * 86_400, NotListed)])
def test_a_day_without_a_file_is_absent(server: FaultServer, cache: Path, now: float, error: type[Exception]) -> None:
    vision = source(server, cache, now=now)
    with pytest.raises(error):
        vision.fetch(TRADES, vision.instruments(DAY).instruments[0], DAY)


def test_only_trades_are_read(server: FaultServer, cache: Path) -> None:
    vision = source(server, cache)
    with pytest.raises(MarketDataError, match="only trades"):
        vision.fetch(BOOK_SNAPSHOT_5, vision.instruments(DAY).instruments[0], DAY)


def test_without_a_listing_the_universe_names_its_instruments(server: FaultServer, cache: Path) -> None:
    named = ("BINANCE:SPOT_PAIR:BTC-USDT", "BINANCE:PERP:BTC-USDT", "BINANCE:PERP:BTC-USD", "BINANCE:FUTURE:BTC-USDT-241227")
    found = source(server, cache, *named).instruments(DAY).instruments
    assert sorted(str(instrument.instrument_id) for instrument in found) == sorted(named)
    assert [instrument.native_symbol for instrument in found] == ["BTCUSDT_241227", "BTCUSD_PERP", "BTCUSDT", "BTCUSDT"]
    with pytest.raises(SettingsError, match="expected ids without wildcards"):
        source(server, cache, "BINANCE:PERP:*").instruments(DAY)


def page(*, folders: Iterable[str] = (), keys: Iterable[str] = (), following: str | None = None) -> Answer:
    parts = [f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>" for folder in folders]
    parts += [f"<Contents><Key>{key}</Key></Contents>" for key in keys]
    parts += [f"<IsTruncated>{'true' if following else 'false'}</IsTruncated>"]
    parts += [f"<NextMarker>{following}</NextMarker>"] if following else []
    return Answer(
        f'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{"".join(parts)}</ListBucketResult>'.encode()
    )


def script_listing(server: FaultServer, prefix: str, answer: Answer, marker: str = "") -> None:
    server.script(f"/list?prefix={prefix}&delimiter=/&marker={marker}", answer)


def test_a_listing_gives_the_symbols_that_have_a_file_that_day(server: FaultServer, cache: Path) -> None:
    server.script("/list", page())
    base = "data/spot/daily/trades/"
    script_listing(server, base, page(folders=[f"{base}BTCUSDT/"], following=f"{base}BTCUSDT/"))
    script_listing(server, base, page(folders=[f"{base}ETHUSDT/", f"{base}WHAT/"]), marker=f"{base}BTCUSDT/")
    name = f"{base}BTCUSDT/{STEM}.zip"
    script_listing(server, name, page(keys=[name, f"{name}.CHECKSUM"]))
    found = source(server, cache, "BINANCE:*:*", listing=True).instruments(DAY)
    assert [str(instrument.instrument_id) for instrument in found.instruments] == ["BINANCE:SPOT_PAIR:BTC-USDT"]
    assert "WHAT" in str(found.unknown[0])


@pytest.mark.parametrize("body", [b"<html></html>", b"not xml", b"<a><b></a>"])
def test_a_listing_of_another_shape_is_drift(server: FaultServer, cache: Path, body: bytes) -> None:
    server.script("/list", Answer(body))
    with pytest.raises(SchemaDrift, match="Binance Vision listing"):
        source(server, cache, listing=True).instruments(DAY)


def test_a_listing_that_turns_in_circles_is_refused(server: FaultServer, cache: Path) -> None:
    base = "data/spot/daily/trades/"
    server.script("/list", page(folders=[f"{base}A/"], following="a"))
    with pytest.raises(SchemaDrift, match="does not lead past"):
        source(server, cache, listing=True).instruments(DAY)


@pytest.mark.parametrize(
    "text", ["BINANCE:SPOT_PAIR:BTC-USDT", "BINANCE:PERP:BTC-USDT", "BINANCE:PERP:BTC-USD", "BINANCE:FUTURE:BTC-USD-241227"]
)
def test_one_of_the_native_symbols_is_read_back_as_the_id(text: str) -> None:
    identifier = InstrumentId.parse(text)
    found = set()
    for symbol in native_symbols(identifier):
        for exchange in ("binance", "binance-futures", "binance-delivery"):
            try:
                found.add(market_of(exchange).rule(Listing(exchange, symbol)))
            except MarketDataError:
                continue
    assert identifier in found


@pytest.mark.parametrize("market", ["spot", "futures/um", "futures/cm"])
@pytest.mark.parametrize("with_header", [True, False])
def test_trades_read_with_and_without_a_header(market: str, with_header: bool) -> None:
    table = TABLES[market, "trades"]
    row = ",".join([spot(START // 1000)] if market == "spot" else [spot(START // 1000).rpartition(",")[0].lower()])
    text = file_of(row.replace("true", "True") if market == "spot" else row, header=",".join(table.positions) if with_header else None)
    assert values(frame_of(text, table=table).read(), "price") == [61800.3]


@given(st.integers(0, 86_400_000 - 1), st.sampled_from([1_000, 1]))
def test_either_unit_gives_the_same_instant(millisecond: int, divisor: int) -> None:
    time = START + millisecond * 1_000
    frame = frame_of(file_of(spot(time // divisor), header=None), table=TABLES["spot", "trades"])
    assert frame.read().column("timestamp").cast("int64").to_pylist() == [time]


@pytest.mark.parametrize("scale", [1_000_000, 0.001])
def test_a_third_unit_is_refused(scale: float) -> None:
    time = START // 1_000_000 if scale > 1 else START * 1_000
    with pytest.raises(SchemaDrift, match=r"looks like (seconds|milliseconds|nanoseconds)"):
        frame_of(file_of(spot(time), header=None), table=TABLES["spot", "trades"]).read()


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("spot/daily/klines/ADABTC/1m/ADABTC-1m-2021-11-27.csv", 10),
        ("spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2020-05-06.csv", 60),
        ("spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2020-05_06.csv", 1_468),
        ("futures/um/monthly/klines/NEARUSDT/1m/NEARUSDT-1m-2024-06.zip", 43_200),
        ("futures/um/monthly/klines/ALGOUSDT/1m/ALGOUSDT-1m-2024-02.zip", 41_760),
    ],
)
def test_real_candles_are_read(samples: Path, name: str, rows: int) -> None:
    table = klines(samples / "binance_vision/data" / name)
    assert table.num_rows == rows
    assert table.column_names == [
        "open_time",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "close_time",
        "quote_volume",
        "count",
        "taker_buy_volume",
        "taker_buy_quote_volume",
    ]
    opened = table.column("open_time").cast("int64").to_pylist()
    assert opened == sorted(set(opened))


def test_the_first_real_candle_has_its_printed_values(samples: Path) -> None:
    row = klines(samples / "binance_vision/data/spot/daily/klines/ADABTC/1m/ADABTC-1m-2021-11-27.csv").to_pylist()[0]
    assert row["open_time"] == dt.datetime(2021, 11, 27, tzinfo=dt.UTC)
    assert row["close_time"] == dt.datetime(2021, 11, 27, 0, 0, 59, 999_000, tzinfo=dt.UTC)
    assert [row[name] for name in ("open", "high", "low", "close", "volume")] == [0.00002853, 0.00002854, 0.00002851, 0.00002854, 36304.2]
    assert [row[name] for name in ("quote_volume", "count", "taker_buy_volume", "taker_buy_quote_volume")] == [
        1.03547608,
        79,
        19523.0,
        0.55694227,
    ]


def test_candles_that_went_through_a_spreadsheet_are_refused(samples: Path) -> None:
    with pytest.raises(SchemaDrift, match=r"open_time is '1.70027E\+12', expected an integer"):
        klines(samples / "dirty/BTCUSDT-1h-2023-11-18.spreadsheet_damaged.csv")


def test_candles_that_are_repeated_are_refused(tmp_path: Path) -> None:
    row = f"{day_start(DAY)},1,2,1,2,5,{day_start(DAY) + 59_999_999},7,3,1,2,0"
    path = tmp_path / "BTCUSDT-1m-2024-08-08.csv"
    path.write_text(file_of(row, header=None))
    assert klines(path).num_rows == 1
    path.write_text(file_of(row, row, header=None))
    with pytest.raises(Unusable, match="twice"):
        klines(path)
