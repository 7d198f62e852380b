"""Broken, empty and missing vendor files through the whole graph."""

import gzip
import json
import shutil
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.catalog import TABLES
from market_data_assets.definitions import build_definitions
from market_data_assets.defs.runs import QUIET
from market_data_assets.defs.specs import asset_key
from market_data_assets.deployment import open_warehouse
from market_data_assets.domain.schemas import BOOK_SNAPSHOT_5, INSTRUMENTS, TRADES
from market_data_assets.settings import Settings
from market_data_assets_tests.defs.runs import DAY, errors, make, materialize, reader, settings_at

HEADER = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
TICKER = (
    "exchange,symbol,timestamp,local_timestamp,funding_timestamp,funding_rate,predicted_funding_rate,open_interest,last_price,"
    "index_price,mark_price\n"
)
BOOK = "exchange,symbol,timestamp,local_timestamp" + "".join(
    f",{side}s[{level}].{what}" for level in range(5) for side in ("ask", "bid") for what in ("price", "amount")
)
MINUTE = 60_000_000
NOON = 1_723_118_400_000_000


def row(symbol: str, number: int, *, price: str = "100.5") -> str:
    instant = NOON + number * MINUTE
    return f"binance,{symbol},{instant},{instant + 1_000},{number},buy,{price},2\n"


def write(folder: Path, name: str, content: bytes) -> None:
    """A vendor's file, named ``exchange/data type/symbol``."""
    exchange, data_type, symbol = name.split("/")
    path = folder / f"vendor/v1/{exchange}/{data_type}/2024/08/08/{symbol}.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_trades(folder: Path, symbol: str, content: bytes) -> None:
    write(folder, f"binance/trades/{symbol}", content)


def trades_file(symbol: str, rows: int = 10) -> bytes:
    return gzip.compress((HEADER + "".join(row(symbol, number) for number in range(rows))).encode())


def tardis_at(folder: Path, venues: str = "binance") -> Settings:
    (folder / "vendor/v1").mkdir(parents=True, exist_ok=True)
    return settings_at(folder, source="tardis", tardis_datasets_url=str(folder / "vendor"), venues=venues)


def manifest(folder: Path, partition: str) -> dict[str, list[dict[str, object]]]:
    loaded: dict[str, list[dict[str, object]]] = json.loads((folder / "lake" / partition / "_manifest.json").read_text())
    return loaded


def raw(data_type: str) -> str:
    return f"raw_tick_data/by_date/day-2024-08-08/data_type-{data_type}"


BROKEN = {
    "ETH": (trades_file("ETHUSDT")[:-20], "damaged_file"),
    "BNB": (b"<html><body>sorry</body></html>", "schema_drift"),
    "XRP": (gzip.compress((HEADER.replace("price", "cost") + row("XRPUSDT", 1)).encode()), "schema_drift"),
    "LTC": (gzip.compress((HEADER + "".join(row("LTCUSDT", number, price="nan") for number in range(9))).encode()), "bad_data"),
}
"""Base asset → its file of trades, and the reason it is refused for."""

DRIFTED = {
    "book_snapshot_5": gzip.compress((BOOK.replace("asks[0].price", "asks[0].cost") + "\n").encode()),
    "derivative_ticker": gzip.compress((TICKER.replace("mark_price", "marked") + "\n").encode()),
    "liquidations": gzip.compress(HEADER.replace("side", "direction").encode()),
}
"""Files of the perpetual whose columns are not those of their data type."""

BTC, PERP = "BINANCE:SPOT_PAIR:BTC-USDT", "BINANCE:PERP:BTC-USDT"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run over good files and one broken file of every kind."""
    folder = tmp_path_factory.mktemp("vendor")
    write_trades(folder, "BTCUSDT", trades_file("BTCUSDT"))
    for base, (content, _) in BROKEN.items():
        write_trades(folder, f"{base}USDT", content)
    lines = gzip.decompress(trades_file("BTCUSDT")).replace(b"binance,", b"binance-futures,")
    write(folder, "binance-futures/trades/BTCUSDT", gzip.compress(lines))
    for data_type, content in DRIFTED.items():
        write(folder, f"binance-futures/{data_type}/BTCUSDT", content)
    assert errors(materialize(tardis_at(folder, "binance,binance-futures"))) == []
    return folder


def test_broken_files_are_quarantined_and_stop_nothing_else(folder: Path) -> None:
    stored = manifest(folder, raw("trades"))
    assert sorted(str(entry["instrument_id"]) for entry in stored["files"]) == [PERP, BTC]
    assert {(entry["instrument_id"], entry["reason"]) for entry in stored["quarantined"]} == {
        (f"BINANCE:SPOT_PAIR:{base}-USDT", reason) for base, (_, reason) in BROKEN.items()
    }
    market_data = reader(tardis_at(folder))
    assert market_data.candles(BTC, "24h", DAY, "2024-08-09")["trade_count"].tolist() == [10]


def test_drift_of_one_data_type_stops_that_data_type_and_keeps_its_file(folder: Path) -> None:
    for data_type, content in DRIFTED.items():
        stored = manifest(folder, raw(data_type))
        assert [(entry["instrument_id"], entry["reason"]) for entry in stored["quarantined"]] == [(PERP, "schema_drift")], data_type
        kept = list((folder / "lake/_quarantine" / raw(data_type)).glob(f"{PERP}*"))
        assert [path.read_bytes() for path in kept] == [content], data_type
    candle = reader(tardis_at(folder)).candles(PERP, "24h", DAY, "2024-08-09").iloc[0]
    assert candle["trade_count"] == 10
    assert candle[["mark_price", "spread_twa", "liquidation_count"]].isna().all()


def test_the_report_says_what_is_missing_and_why(folder: Path) -> None:
    missing = reader(tardis_at(folder)).missing(DAY)
    found = set(missing[["instrument_id", "data_type", "reason"]].itertuples(index=False, name=None))
    expected = {(f"BINANCE:SPOT_PAIR:{base}-USDT", "trades", reason) for base, (_, reason) in BROKEN.items()}
    assert found == expected | {(PERP, data_type, "schema_drift") for data_type in DRIFTED}


def test_mended_files_take_the_place_of_the_quarantined_ones(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    for base in BROKEN:
        write_trades(tmp_path, f"{base}USDT", trades_file(f"{base}USDT"))
    for data_type in DRIFTED:
        (tmp_path / f"vendor/v1/binance-futures/{data_type}/2024/08/08/BTCUSDT.csv.gz").unlink()
    settings = tardis_at(tmp_path, "binance,binance-futures")
    make(settings)
    for data_type in ("trades", *DRIFTED):
        assert manifest(tmp_path, raw(data_type))["quarantined"] == []
        assert list((tmp_path / "lake/_quarantine" / raw(data_type)).glob("*")) == []
    assert reader(settings).candles("BINANCE:SPOT_PAIR:ETH-USDT", "24h", DAY, "2024-08-09")["trade_count"].tolist() == [10]
    assert len(reader(settings).missing(DAY)) == 0


def test_day_without_any_file_commits_with_no_rows_and_empties_the_warehouse(tmp_path: Path) -> None:
    settings = tardis_at(tmp_path)
    write_trades(tmp_path, "BTCUSDT", trades_file("BTCUSDT"))
    make(settings)
    (tmp_path / "vendor/v1/binance/trades/2024/08/08/BTCUSDT.csv.gz").unlink()
    make(settings)
    days = [json.loads(path.read_text()) for path in (tmp_path / "lake").rglob("by_date/*/**/_manifest.json")]
    assert len(days) == 1 + 6 + 1 + 7 + 7 + 6
    assert sum(entry["rows"] for day in days for entry in day["files"]) == 0
    for table in TABLES:
        assert open_warehouse(settings).instruments(table, DAY) == {}


def test_header_only_file_is_a_day_without_trades(tmp_path: Path) -> None:
    write_trades(tmp_path, "BTCUSDT", gzip.compress(HEADER.encode()))
    settings = tardis_at(tmp_path)
    make(settings)
    candles = reader(settings).candles("BINANCE:SPOT_PAIR:BTC-USDT", "1m", DAY, "2024-08-09")
    assert len(candles) == 1440
    assert set(candles["bucket_status"]) == {"no_data"}
    assert candles["open"].isna().all()
    assert (candles["volume"] == 0).all()


def test_tampered_file_is_refused_and_the_next_run_heals_it(tmp_path: Path) -> None:
    write_trades(tmp_path, "BTCUSDT", trades_file("BTCUSDT"))
    settings = tardis_at(tmp_path)
    make(settings)
    stored = tmp_path / "lake/processed_candles/by_date/day-2024-08-08/timeframe-1m/BINANCE:SPOT_PAIR:BTC-USDT.parquet"
    good = stored.read_bytes()
    stored.write_bytes(good[:-9] + b"tampering")
    with pytest.raises(Exception, match="materialize it again"):
        reader(settings).candles("BINANCE:SPOT_PAIR:BTC-USDT", "1m", DAY, "2024-08-09")
    make(settings)
    assert stored.read_bytes() == good


def test_empty_file_of_a_usually_active_instrument_warns(tmp_path: Path) -> None:
    write_trades(tmp_path, "BTCUSDT", trades_file("BTCUSDT"))
    day_before = tmp_path / "vendor/v1/binance/trades/2024/08/07/BTCUSDT.csv.gz"
    day_before.parent.mkdir(parents=True)
    lines = trades_file("BTCUSDT")
    day_before.write_bytes(gzip.compress(gzip.decompress(lines).replace(b"17231", b"17230")))
    settings = tardis_at(tmp_path)
    write_trades(tmp_path, "BTCUSDT", gzip.compress(HEADER.encode()))
    keys = list(map(asset_key, (INSTRUMENTS, TRADES, BOOK_SNAPSHOT_5)))
    for day, silent in ((DAY.replace(day=7), []), (DAY, ["BINANCE:SPOT_PAIR:BTC-USDT"])):
        with dg.DagsterInstance.ephemeral() as instance:
            result = (
                build_definitions(settings)
                .resolve_job_def("daily")
                .execute_in_process(partition_key=day.isoformat(), instance=instance, run_config=QUIET, asset_selection=keys)
            )
        evaluations = result.get_asset_check_evaluations()
        found = {each.asset_key.path[-1]: each for each in evaluations if each.check_name == "usually_active_instruments_have_rows"}
        assert found["trades"].passed == (not silent)
        assert found["trades"].metadata["instruments"].value == ", ".join(silent)
        assert found["book_snapshot_5"].passed
