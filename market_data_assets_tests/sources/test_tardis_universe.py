"""The universe of a day where Tardis has group files: from metadata, from definitions, or from the files of a folder."""

import datetime as dt
import gzip
import json
from pathlib import Path

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import Unusable
from market_data_assets.sources.tardis import TardisSource
from market_data_assets_tests.faults.http_server import Answer, FaultServer
from market_data_assets_tests.sources.conftest import QUICK
from market_data_assets_tests.sources.csv.frames import DAY
from market_data_assets_tests.sources.csv.vendor_lines import line, text_of
from market_data_assets_tests.sources.option_groups import (
    GROUP,
    IDS,
    PATH,
    SYMBOLS,
    aside,
    chains,
    exchange,
    in_folder,
    listed,
    member,
    mixed,
    option,
    outcomes,
    over_http,
    packed,
    put,
)


@pytest.fixture
def vendor(server: FaultServer) -> FaultServer:
    server.script("/v1/exchanges/deribit", exchange(GROUP, members=[member(name) for name in SYMBOLS]))
    return server


def test_members_of_a_group_come_from_the_list_of_symbols_of_the_exchange(server: FaultServer, cache: Path) -> None:
    server.script(
        "/v1/exchanges/deribit",
        exchange(
            GROUP,
            listed("BTC-9AUG24-60000-P", "option", "trades", "quotes"),
            listed("BTC-PERPETUAL", "perpetual", "trades"),
            members=[
                *(member(name) for name in SYMBOLS[:2]),
                member("BTC-PERPETUAL", "perpetual"),
                member("ETH-PERPETUAL", "perpetual"),
                member("BTC-9AUG24-70000-C", availableSince="2024-08-09T00:00:00.000Z"),
                member("BTC-8AUG24-70000-C", availableTo="2024-08-08T00:00:00.000Z"),
                member("BTC-8AUG24-80000-C", availableTo="2024-08-08T08:00:00.000Z"),
                member("WHAT-IS-THIS-ONE"),
                member("BTC-9AUG24", "warrant"),
            ],
        ),
    )
    found = over_http(server, cache).instruments(DAY)
    assert {str(instrument.instrument_id): instrument.data_types for instrument in found.instruments} == {
        "DERIBIT:OPTION:BTC-USD-60000-240809-CALL": ("trades", "options_chain"),
        "DERIBIT:OPTION:BTC-USD-60000-240809-PUT": ("trades", "quotes", "options_chain"),
        "DERIBIT:OPTION:BTC-USD-80000-240808-CALL": ("trades", "options_chain"),
        "DERIBIT:PERP:BTC-USD": ("trades",),
    }
    assert ["WHAT-IS-THIS-ONE" in str(error) for error in found.unknown] == [True]


def test_members_of_a_group_come_from_the_definitions_too(server: FaultServer, cache: Path, samples: Path) -> None:
    definition = json.loads((samples / "tardis_api/instruments/deribit_BTC-25APR25-200000-P.json").read_bytes())
    group = {**GROUP, "availableSince": "2020-01-01T00:00:00Z"}
    server.script("/v1/exchanges/deribit", exchange(group))
    server.script("/v1/instruments/deribit", Answer(json.dumps([definition]).encode()))

    class Key:
        def get_secret_value(self) -> str:
            return "key"

    source = TardisSource(server.url, server.url, Universe(("deribit",)), cache, api_key=Key(), limits=QUICK)
    assert source.instruments(DAY).instruments == []
    (instrument,) = source.instruments(dt.date(2025, 2, 1)).instruments
    assert str(instrument.instrument_id) == "DERIBIT:OPTION:BTC-USD-200000-250425-PUT"
    assert instrument.data_types == ("trades", "options_chain")
    assert (instrument.lot_size, instrument.expiry) == (0.1, dt.datetime(2025, 4, 25, 8, tzinfo=dt.UTC))


def test_rows_that_the_universe_leaves_out_are_no_strays(vendor: FaultServer, cache: Path) -> None:
    vendor.script(f"/{PATH}", Answer(packed(*mixed())))
    days = chains(over_http(vendor, cache, patterns=("DERIBIT:OPTION:ETH-*",)))
    assert aside(days) == {"DERIBIT:OPTION:ETH-USD-2500-240809-PUT": {}}


def test_in_a_folder_symbols_that_no_rule_maps_are_known_beforehand(tmp_path: Path, cache: Path) -> None:
    put(tmp_path, packed(*mixed(), option("WHAT-IS-THIS", 1)))
    source = in_folder(tmp_path, cache)
    found = source.instruments(DAY)
    assert len(found.instruments) == len(IDS)
    assert ["'WHAT-IS-THIS'" in str(error) for error in found.unknown] == [True]
    assert sum(counts.get("unknown_symbol", 0) for counts in aside(chains(source)).values()) == 1


def test_in_a_folder_own_files_and_groups_of_several_data_types_are_one_universe(tmp_path: Path, cache: Path) -> None:
    put(tmp_path, packed(*mixed(100, SYMBOLS[:2])))
    trades = text_of("trades", *(line("trades", second, symbol=SYMBOLS[1], exchange="deribit") for second in range(4)))
    put(tmp_path, gzip.compress(trades.encode()), PATH.replace("options_chain", "trades"))
    perpetual = text_of("trades", line("trades", symbol="BTC-PERPETUAL", exchange="deribit"))
    put(tmp_path, gzip.compress(perpetual.encode()), "v1/deribit/trades/2024/08/08/BTC-PERPETUAL.csv.gz")
    put(tmp_path, b"not looked into", PATH.replace("options_chain", "quotes"))
    source = in_folder(tmp_path, cache)
    listing = source.instruments(DAY)
    assert listing.unknown == []
    assert {str(instrument.instrument_id): instrument.data_types for instrument in listing.instruments} == {
        "DERIBIT:OPTION:BTC-USD-60000-240809-CALL": ("options_chain",),
        "DERIBIT:OPTION:BTC-USD-60000-240809-PUT": ("options_chain", "trades"),
        "DERIBIT:PERP:BTC-USD": ("trades",),
    }
    days = chains(source, TRADES)
    assert [days[identifier].read().num_rows for identifier in days] == [4, 1]
    only = in_folder(tmp_path, cache, data_types=("trades",)).instruments(DAY).instruments
    assert [instrument.data_types for instrument in only] == [("trades",), ("trades",)]


@pytest.mark.parametrize(
    ("content", "known"), [(b"<html>", 0), (b"", 0), (gzip.compress(text_of("options_chain", *mixed(9_000)).encode())[:-9], len(IDS))]
)
def test_in_a_folder_a_group_file_that_cannot_be_read_stops_nothing_else(tmp_path: Path, cache: Path, content: bytes, known: int) -> None:
    put(tmp_path, content)
    perpetual = text_of("trades", line("trades", symbol="BTC-PERPETUAL", exchange="deribit"))
    put(tmp_path, gzip.compress(perpetual.encode()), "v1/deribit/trades/2024/08/08/BTC-PERPETUAL.csv.gz")
    source = in_folder(tmp_path, cache)
    found = source.instruments(DAY)
    assert len(found.instruments) in {1, 1 + known}
    assert ["deribit symbol 'OPTIONS': expected a group file of options_chain" in str(error) for error in found.unknown] == [True]
    assert chains(source, TRADES)[found.instruments[-1].instrument_id].read().num_rows == 1
    assert all(isinstance(error, Unusable) for error in outcomes(chains(source)))
