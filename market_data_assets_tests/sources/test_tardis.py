"""Tardis over HTTP and from a folder: which instruments a day has, what a file becomes, and what absence means."""

import datetime as dt
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, RAW, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import (
    AuthError,
    NotAvailableYet,
    NotListed,
    SchemaDrift,
    SettingsError,
)
from market_data_assets.sources.base import fetch_day
from market_data_assets.sources.tardis import TardisSource
from market_data_assets.sources.tardis_metadata import parse_exchange
from market_data_assets_tests.faults.http_server import Answer, FaultServer
from market_data_assets_tests.sources.conftest import QUICK
from market_data_assets_tests.sources.csv.frames import DAY, file_of, trade
from market_data_assets_tests.sources.tardis_vendor import KEY, PATH, Key, btc, exchange, folder_source, ids, source, symbol


@pytest.fixture
def listed(server: FaultServer) -> FaultServer:
    server.script("/v1/exchanges/binance", exchange(symbol("BTCUSDT")))
    return server


def test_the_day_of_real_files_has_its_instruments(samples: Path, cache: Path) -> None:
    found = folder_source(samples / "tardis_from_raw", cache, "binance", "binance-futures", "binance-delivery").instruments(DAY)
    assert ids(found.instruments) == ["BINANCE:PERP:BTC-USD", "BINANCE:PERP:BTC-USDT", "BINANCE:SPOT_PAIR:BTC-USDT"]
    assert found.unknown == []
    assert {"trades", "book_snapshot_5", "incremental_book_L2"} <= set(found.instruments[0].data_types)


@pytest.mark.parametrize("day", [DAY, dt.date(2024, 8, 9)])
def test_every_real_file_reads_completely_and_sorted(samples: Path, cache: Path, day: dt.date) -> None:
    root = samples / "tardis_from_raw"
    tardis = folder_source(root, cache, "binance")
    instruments = tardis.instruments(day).instruments
    read = 0
    for dataset in RAW:
        days = fetch_day(tardis, dataset, instruments, day)
        for instrument in (each for each in instruments if dataset.name in each.data_types):
            name = f"{instrument.tardis_exchange}/{dataset.name}/{day:%Y/%m/%d}/{instrument.tardis_symbol}.csv.gz"
            lines = gzip.decompress((root / "v1" / name).read_bytes()).count(b"\n")
            frame = days[instrument.instrument_id]
            table = dataset.conform(frame.read())
            assert table.num_rows == lines - 1, name
            assert frame.quarantined == ()
            assert frame.source_version.startswith("sha256:")
            times = table.column("timestamp").to_numpy()
            assert (times[1:] >= times[:-1]).all()
            read += 1
    # 2024-08-08 has trades and books of 5 levels of three markets, and books of 25 of two; the next day lacks a market.
    assert read == {DAY: 8, dt.date(2024, 8, 9): 5}[day]


def test_every_value_of_a_real_file_is_that_of_python(samples: Path, cache: Path) -> None:
    tardis = folder_source(samples / "tardis_from_raw", cache, "binance-futures")
    table = tardis.fetch(TRADES, tardis.instruments(DAY).instruments[0], DAY).read()
    path = samples / "tardis_from_raw/v1/binance-futures/trades/2024/08/08/BTCUSDT.csv.gz"
    rows = [line.split(",") for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:]]
    rows.sort(key=lambda row: int(row[2]))
    assert table.column("timestamp").cast("int64").to_pylist() == [int(row[2]) for row in rows]
    assert table.column("local_timestamp").cast("int64").to_pylist() == [int(row[3]) for row in rows]
    assert table.column("id").to_pylist() == [int(row[4]) for row in rows]
    assert table.column("side").to_pylist() == [row[5] for row in rows]
    assert table.column("price").to_pylist() == [float(row[6]) for row in rows]
    assert table.column("amount").to_pylist() == [float(row[7]) for row in rows]


def test_genuine_files_of_the_vendor_read(samples: Path, cache: Path) -> None:
    bitmex = folder_source(samples / "tardis", cache, "bitmex")
    day = dt.date(2020, 3, 1)
    table = bitmex.fetch(TRADES, bitmex.instruments(day).instruments[0], day).read()
    assert table.num_rows == 10
    assert table.column("id")[0].as_py() == "ccc3c1fa-212c-e8b0-1706-9b9c4f3d5ecf"
    futures = folder_source(samples / "tardis", cache, "binance-futures")
    day = dt.date(2020, 9, 1)
    books = futures.fetch(BOOK_SNAPSHOT_5, futures.instruments(day).instruments[0], day).read()
    assert books.num_rows == 10
    assert books.column("ask_prices")[0].as_py() == [11657.08, 11657.54, 11657.56, 11657.61, 11657.92]


def test_a_folder_without_the_day_has_no_instruments(samples: Path, cache: Path) -> None:
    assert folder_source(samples / "tardis_from_raw", cache).instruments(dt.date(2024, 8, 10)).instruments == []


def test_a_metadata_object_in_the_folder_is_believed(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "v1/exchanges/binance.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(exchange(symbol("BTCUSDT"), symbol("ETHUSDT")).body)
    tardis = folder_source(tmp_path, cache, "binance-futures", "binance")
    found = tardis.instruments(DAY).instruments
    assert ids(found) == ["BINANCE:SPOT_PAIR:BTC-USDT", "BINANCE:SPOT_PAIR:ETH-USDT"]
    with pytest.raises(NotListed, match="although Tardis lists it"):
        tardis.fetch(TRADES, found[0], DAY)


def test_the_real_exchange_object_is_read(samples: Path) -> None:
    datasets = parse_exchange("hyperliquid", (samples / "tardis_api/exchanges/hyperliquid.json").read_bytes())
    assert [listed.symbol for listed in datasets.symbols] == ["0G", "BTC", "SOL"]
    assert [listed.is_available(dt.date(2025, 9, 21)) for listed in datasets.symbols] == [False, True, True]
    assert datasets.exported_until == dt.datetime(2026, 7, 3, tzinfo=dt.UTC)


def test_a_day_has_what_was_listed_at_any_moment_of_it(server: FaultServer, cache: Path) -> None:
    server.script(
        "/v1/exchanges/binance-futures",
        exchange(
            symbol("BTCUSDT", "perpetual"),
            symbol("PERPETUALS", "perpetual"),
            symbol("BORNUSDT", "perpetual", since="2024-08-08T23:59:59.000Z"),
            symbol("LATEUSDT", "perpetual", since="2024-08-09T00:00:00.000Z"),
            symbol("DIEDUSDT", "perpetual", to="2024-08-08T00:00:01.000Z"),
            symbol("DEADUSDT", "perpetual", to="2024-08-08T00:00:00.000Z"),
            symbol("WHAT", "perpetual"),
            symbol("ODDUSDT", "warrant"),
        ),
    )
    found = source(server, cache).instruments(DAY)
    assert ids(found.instruments) == ["BINANCE:PERP:BORN-USDT", "BINANCE:PERP:BTC-USDT", "BINANCE:PERP:DIED-USDT"]
    assert [instrument.status for instrument in found.instruments] == ["active", "active", "delisted"]
    assert sorted("WHAT" in str(error) or "ODDUSDT" in str(error) for error in found.unknown) == [True, True]


def test_the_universe_chooses_by_pattern(server: FaultServer, cache: Path) -> None:
    server.script("/v1/exchanges/binance-futures", exchange(symbol("BTCUSDT", "perpetual"), symbol("ETHUSDT", "perpetual")))
    assert ids(source(server, cache, patterns=("BINANCE:PERP:ETH-*",)).instruments(DAY).instruments) == ["BINANCE:PERP:ETH-USDT"]


def test_two_symbols_of_one_id_are_both_refused(server: FaultServer, cache: Path) -> None:
    server.script(
        "/v1/exchanges/okex-swap",
        exchange(symbol("BTC-USDT-SWAP", "perpetual"), symbol("btc-usdt-swap", "perpetual"), symbol("ETH-USDT-SWAP", "perpetual")),
    )
    found = source(server, cache, venues=("okex-swap",)).instruments(DAY)
    assert ids(found.instruments) == ["OKX:PERP:ETH-USDT"]
    assert len(found.unknown) == 2
    assert all("OKX:PERP:BTC-USDT also stands for" in str(error) for error in found.unknown)


def test_definitions_hold_as_of_the_day(server: FaultServer, cache: Path, samples: Path) -> None:
    definition = json.loads((samples / "tardis_api/instruments/bitmex_XBTUSD.json").read_bytes())
    server.script("/v1/exchanges/bitmex", exchange(symbol("XBTUSD", "perpetual"), until="2026-01-01T00:00:00Z"))
    server.script("/v1/instruments/bitmex", Answer(json.dumps([definition]).encode()))
    tardis = source(server, cache, venues=("bitmex",), key=Key())
    seen = {}
    for day in (dt.date(2021, 6, 8), dt.date(2021, 6, 9), dt.date(2024, 7, 31), dt.date(2024, 8, 1)):
        (instrument,) = tardis.instruments(day).instruments
        assert str(instrument.instrument_id) == "BITMEX:PERP:BTC-USD"
        seen[day.isoformat()] = (instrument.tick_size, instrument.lot_size)
    assert seen == {"2021-06-08": (0.5, 1), "2021-06-09": (0.5, 100), "2024-07-31": (0.5, 100), "2024-08-01": (0.1, 100)}


def test_definitions_of_futures_options_and_spot_give_ids_and_details(server: FaultServer, cache: Path, samples: Path) -> None:
    names = ("BTC-14FEB25", "BTC-25APR25-200000-P", "BTC_USDC")
    definitions = [json.loads((samples / f"tardis_api/instruments/deribit_{name}.json").read_bytes()) for name in names]
    listed = [symbol(name, kind, since="2023-04-24T00:00:00Z") for name, kind in zip(names, ("future", "option", "spot"), strict=True)]
    server.script("/v1/exchanges/deribit", exchange(*listed, until="2026-01-01T00:00:00Z"))
    server.script("/v1/instruments/deribit", Answer(json.dumps(definitions).encode()))
    found = source(server, cache, venues=("deribit",), key=Key()).instruments(dt.date(2025, 2, 1)).instruments
    assert ids(found) == ["DERIBIT:FUTURE:BTC-USD-250214", "DERIBIT:OPTION:BTC-USD-200000-250425-PUT", "DERIBIT:SPOT_PAIR:BTC-USDC"]
    assert found[0].expiry == dt.datetime(2025, 2, 14, 8, tzinfo=dt.UTC)
    assert found[0].listed_at == dt.datetime(2025, 1, 31, 8, 0, 21, tzinfo=dt.UTC)
    assert (found[1].tick_size, found[1].lot_size, found[1].contract_multiplier) == (0.0001, 0.1, 1)


def test_metadata_is_asked_for_once(server: FaultServer, cache: Path) -> None:
    server.script("/v1/exchanges/binance-futures", exchange(symbol("BTCUSDT", "perpetual")))
    tardis = source(server, cache)
    tardis.instruments(DAY)
    tardis.instruments(DAY)
    assert server.paths() == ["/v1/exchanges/binance-futures"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"datasets": {"symbols": [{}]}}',
        b'{"datasets": {"symbols": [{"id": "A", "dataTypes": [], "availableSince": "soon"}]}}',
    ],
)
def test_metadata_of_another_shape_is_drift(server: FaultServer, cache: Path, body: bytes) -> None:
    server.script("/v1/exchanges/binance-futures", Answer(body))
    with pytest.raises(SchemaDrift, match="binance-futures"):
        source(server, cache).instruments(DAY)


def test_an_exchange_that_the_vendor_does_not_know_is_a_wrong_setting(server: FaultServer, cache: Path) -> None:
    with pytest.raises(SettingsError, match="no metadata of exchange 'binance-futures'"):
        source(server, cache).instruments(DAY)


def test_a_file_over_http_reads_like_one_in_a_folder(listed: FaultServer, cache: Path) -> None:
    listed.script(PATH, Answer(gzip.compress(file_of(trade(1), trade(2, id_=2)).encode())))
    frame = source(listed, cache, key=Key()).fetch(TRADES, btc(), DAY)
    assert frame.read(["id"]).column("id").to_pylist() == [1, 2]
    assert listed.requests[-1][1]["Authorization"] == f"Bearer {KEY}"
    assert frame.read().num_rows == 2


def test_the_universe_chooses_data_types(listed: FaultServer, cache: Path) -> None:
    universe = Universe(("binance-futures",), data_types=("liquidations", "book_snapshot_5"))
    listed.script("/v1/exchanges/binance-futures", exchange(symbol("BTCUSDT", "perpetual")))
    tardis = TardisSource(listed.url, listed.url, universe, cache, limits=QUICK)
    assert [instrument.data_types for instrument in tardis.instruments(DAY).instruments] == [("book_snapshot_5",)]


SINCE = dt.datetime(2019, 3, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        (None, None, "no such file"),
        (SINCE, None, "although Tardis lists it from 2019-03-30 00:00 to now: data is missing"),
        (dt.datetime(2024, 8, 9, tzinfo=dt.UTC), None, "not listed that day, only from 2024-08-09"),
        (SINCE, dt.datetime(2024, 8, 8, tzinfo=dt.UTC), "not listed that day, only from 2019-03-30 00:00 to 2024-08-08 00:00"),
    ],
)
def test_a_missing_file_is_absent_and_says_whether_it_was_promised(
    listed: FaultServer, cache: Path, since: dt.datetime | None, until: dt.datetime | None, said: str
) -> None:
    with pytest.raises(NotListed, match=said):
        source(listed, cache).fetch(TRADES, btc(available_from=since, available_to=until), DAY)


def test_a_day_that_is_not_exported_yet_is_not_asked_for(server: FaultServer, cache: Path) -> None:
    server.script("/v1/exchanges/binance", exchange(symbol("BTCUSDT"), until="2024-08-08T00:00:00.000Z"))
    with pytest.raises(NotAvailableYet, match="exported days before 2024-08-08"):
        source(server, cache).fetch(TRADES, btc(), DAY)
    assert PATH not in server.paths()


@pytest.mark.parametrize(("hours", "error"), [(-3, NotAvailableYet), (20, NotAvailableYet), (30, NotListed)])
def test_a_file_of_a_day_that_has_just_ended_may_still_come(listed: FaultServer, cache: Path, hours: int, error: type[Exception]) -> None:
    now = dt.datetime(2024, 8, 9, tzinfo=dt.UTC).timestamp() + hours * 3_600
    with pytest.raises(error):
        source(listed, cache, now=now).fetch(TRADES, btc(), DAY)


def test_a_refused_key_is_in_no_message(listed: FaultServer, cache: Path) -> None:
    listed.script(PATH, Answer(b"", 401))
    with pytest.raises(AuthError) as caught:
        source(listed, cache, key=Key()).fetch(TRADES, btc(), DAY)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("spelling", ["XBT/USD", "XBT-USD", "XBT:USD"])
def test_rows_may_spell_a_symbol_as_the_venue_does(server: FaultServer, cache: Path, spelling: str) -> None:
    server.script("/v1/exchanges/kraken", exchange(symbol("XBT-USD")))
    server.script("/v1/exchanges/cryptofacilities", exchange())
    line = trade(symbol=spelling).replace("binance,", "kraken,")
    server.script("/v1/kraken/trades/2024/08/08/XBT-USD.csv.gz", Answer(gzip.compress(file_of(line).encode())))
    tardis = source(server, cache, venues=("kraken",))
    (instrument,) = tardis.instruments(DAY).instruments
    assert str(instrument.instrument_id) == "KRAKEN:SPOT_PAIR:BTC-USD"
    assert tardis.fetch(TRADES, instrument, DAY).read().num_rows == 1


READ_IN_ZONE = """
import datetime as dt, sys
from pathlib import Path
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.sources.tardis import API_URL, TardisSource
day = dt.date(2024, 8, 8)
tardis = TardisSource(Path(sys.argv[1]).as_uri(), API_URL, Universe(("binance-delivery",)), Path(sys.argv[2]))
table = tardis.fetch(TRADES, tardis.instruments(day).instruments[0], day).read()
print(table.column("timestamp").cast("int64")[0], table.schema.field("timestamp").type)
"""


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "right/UTC"])
def test_the_zone_of_the_machine_does_not_matter(samples: Path, cache: Path, zone: str) -> None:
    arguments = [sys.executable, "-c", READ_IN_ZONE, str(samples / "tardis_from_raw"), str(cache)]
    answer = subprocess.run(arguments, env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True)
    assert answer.stdout == "1723161257679000 timestamp[us, tz=UTC]\n"
