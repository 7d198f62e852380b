"""Vendor files of a plan: counted by address, sized where they lie in a folder, estimated where they do not."""

import datetime as dt
from pathlib import Path

import pytest

from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, INSTRUMENTS, OPTIONS_CHAIN, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import Retryable, SettingsError
from market_data_assets.preflight.downloads import DELIVERED_PER_STORED, Addresses, Downloads, downloads_of
from market_data_assets.preflight.neighbours import Neighbours
from market_data_assets.preflight.universe import Origin, Vendor, listed_by_day
from market_data_assets.sources.base import Listings
from market_data_assets.sources.binance_vision import BinanceVisionSource
from market_data_assets.sources.opening import open_source
from market_data_assets.sources.tardis import TardisSource
from market_data_assets.upkeep.stored_days import Size
from market_data_assets_tests.client.lakes import BTC as BTC_ID
from market_data_assets_tests.client.lakes import lake_at, write_instruments
from market_data_assets_tests.faults.http_server import serving
from market_data_assets_tests.preflight.records import DAY, instrument

BTC, ETH = "BINANCE:PERP:BTC-USDT", "BINANCE:PERP:ETH-USDT"
NOTHING = Neighbours.of({})
NEARBY = Neighbours.of({(TRADES, DAY): {BTC: Size(1_000, 40_000)}})


def put(folder: Path, name: str, size: int) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)


def test_files_in_a_folder_have_their_size(tmp_path: Path) -> None:
    put(tmp_path, "v1/binance-futures/trades/2024/08/08/BTCUSDT.csv.gz", 1_234)
    source = TardisSource(tmp_path.as_uri(), "https://api.tardis.dev", Universe(), tmp_path / "cache")
    listed = {DAY: [instrument(BTC, "trades"), instrument(ETH, "trades", symbol="ETHUSDT")]}
    assert downloads_of(Addresses(source), NEARBY, TRADES, listed) == Downloads(files=1, known_bytes=1_234, absent=1)
    assert (
        downloads_of(Addresses(source), NEARBY, BOOK_SNAPSHOT_5, listed)
        == downloads_of(Addresses(source), NEARBY, INSTRUMENTS, listed)
        == Downloads()
    )


def test_files_on_a_server_are_estimated_from_stored_days_and_only_metadata_is_asked_for(tmp_path: Path) -> None:
    with serving() as server:
        source = TardisSource(server.url, server.url, Universe(), tmp_path)
        listed = {DAY: [instrument(BTC, "trades"), instrument("BITMEX:PERP:BTC-USD", "trades", exchange="bitmex", symbol="XBTUSD")]}
        found = downloads_of(Addresses(source), NEARBY, TRADES, listed)
        assert {path.rpartition("/")[0] for path in server.paths()} == {"/v1/exchanges"}
    assert found == Downloads(files=2, estimated_bytes=round(40_000 * DELIVERED_PER_STORED["trades"]), unsized=1)


def test_a_vendor_that_is_down_is_taken_to_have_a_file_for_each_of_ours() -> None:
    chain = [instrument(f"DERIBIT:OPTION:BTC-USD-{strike}-240927-CALL", "trades", exchange="deribit") for strike in (50_000, 60_000)]
    found = downloads_of(Addresses(SilentVendor()), NEARBY, TRADES, {DAY: [instrument(BTC, "trades"), *chain]})
    assert found == Downloads(files=2, estimated_bytes=round(40_000 * DELIVERED_PER_STORED["trades"]), unsized=1)


def test_options_that_share_a_file_are_one_file(tmp_path: Path) -> None:
    put(tmp_path, "v1/deribit/options_chain/2024/08/08/OPTIONS.csv.gz", 99)
    source = TardisSource(tmp_path.as_uri(), "https://api.tardis.dev", Universe(), tmp_path / "cache")
    names = [f"BTC-27SEP24-{strike}-C" for strike in (50_000, 60_000)]
    chain = [
        instrument(f"DERIBIT:OPTION:BTC-USD-{name.split('-')[2]}-240927-CALL", "options_chain", exchange="deribit", symbol=name)
        for name in names
    ]
    assert downloads_of(Addresses(source), NOTHING, OPTIONS_CHAIN, {DAY: chain}) == Downloads(files=1, known_bytes=99)


def test_dumps_of_binance_are_found_packed_or_not(tmp_path: Path) -> None:
    put(tmp_path, "data/futures/um/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-08-08.csv", 55)
    source = BinanceVisionSource(tmp_path.as_uri(), Universe(), tmp_path / "cache")
    listed = {DAY: [instrument(BTC, "trades")]}
    assert downloads_of(Addresses(source), NOTHING, TRADES, listed) == Downloads(files=1, known_bytes=55)
    assert source.file_urls(BOOK_SNAPSHOT_5, listed[DAY][0], DAY) == ()


def test_a_folder_of_real_files_is_sized_to_the_byte(samples: Path, tmp_path: Path) -> None:
    folder = samples / "tardis_from_raw"
    settings = {"tardis_datasets_url": folder.as_uri(), "tardis_api_url": "https://api.tardis.dev", "tardis_api_key": None}
    wanted = Universe(("binance", "binance-futures", "binance-delivery"))
    source = open_source("tardis", wanted, tmp_path, binance_vision_url="https://data.binance.vision", **settings)
    listed = {DAY: source.instruments(DAY).instruments}
    for dataset in (TRADES, BOOK_SNAPSHOT_5):
        sizes = [file.stat().st_size for file in folder.glob(f"v1/binance*/{dataset.name}/2024/08/08/*.csv.gz")]
        assert downloads_of(Addresses(source), NOTHING, dataset, listed) == Downloads(len(sizes), sum(sizes))
    with pytest.raises(SettingsError, match="expected one of simulated, tardis, binance_vision"):
        open_source("tradis", wanted, tmp_path, binance_vision_url="https://data.binance.vision", **settings)


def test_a_vendor_that_is_down_is_asked_once_and_the_nearest_stored_day_stands_in(tmp_path: Path) -> None:
    lake, vendor = lake_at(tmp_path), SilentVendor()
    write_instruments(lake, DAY, {BTC: "binance-futures"})
    days = [DAY + dt.timedelta(days=number) for number in range(4)]
    found = listed_by_day(lake, Vendor(vendor, Universe()), days, [DAY], Universe())
    assert [listed.origin for listed in found.values()] == [Origin.STORED, *[Origin.NEIGHBOUR] * 3]
    assert all([each.instrument_id for each in listed.instruments] == [BTC_ID] for listed in found.values())
    assert vendor.asked == 1
    with pytest.raises(Retryable, match="no route"):
        listed_by_day(lake, Vendor(vendor, Universe()), days[1:], [], Universe())


def test_what_the_deployment_does_not_want_any_more_is_not_planned(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    write_instruments(lake, DAY, {BTC: "binance-futures", ETH: "binance-futures", "BITMEX:PERP:BTC-USD": "bitmex"})

    def listed(wanted: Universe, selected: Universe) -> list[str]:
        found = listed_by_day(lake, Vendor(SilentVendor(), wanted, asked_once=True), [DAY], [DAY], selected)
        return [str(each.instrument_id) for each in found[DAY].instruments]

    assert listed(Universe(("BINANCE",)), Universe()) == [BTC, ETH]
    assert listed(Universe(), Universe((), ("*:PERP:BTC-*",))) == ["BINANCE:PERP:BTC-USDT", "BITMEX:PERP:BTC-USD"]
    assert listed(Universe(), Universe((), (), ("liquidations",))) == []


class SilentVendor:
    """Never answers."""

    name = "silent"

    def __init__(self) -> None:
        self.asked = 0

    def instruments(self, day: dt.date) -> Listings:
        self.asked += 1
        raise Retryable("no route to the vendor")

    def fetch(self, dataset, instrument, day):
        raise AssertionError("a plan fetches nothing")

    def file_urls(self, dataset, instrument, day):
        raise Retryable("no route to the vendor")
