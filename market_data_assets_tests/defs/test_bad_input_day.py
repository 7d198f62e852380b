"""Broken, empty and missing vendor files through the whole graph."""

import gzip
import json
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.definitions import build_definitions
from market_data_assets.defs.runs import QUIET
from market_data_assets.settings import Settings
from market_data_assets_tests.defs.runs import DAY, errors, materialize, reader, settings_at

HEADER = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
MINUTE = 60_000_000
NOON = 1_723_118_400_000_000


def row(symbol: str, number: int, *, price: str = "100.5") -> str:
    instant = NOON + number * MINUTE
    return f"binance,{symbol},{instant},{instant + 1_000},{number},buy,{price},2\n"


def write_trades(folder: Path, symbol: str, content: bytes) -> None:
    path = folder / f"vendor/v1/binance/trades/2024/08/08/{symbol}.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def trades_file(symbol: str, rows: int = 10) -> bytes:
    return gzip.compress((HEADER + "".join(row(symbol, number) for number in range(rows))).encode())


def tardis_at(folder: Path) -> Settings:
    (folder / "vendor/v1").mkdir(parents=True, exist_ok=True)
    return settings_at(folder, source="tardis", tardis_datasets_url=str(folder / "vendor"), venues="binance")


def manifest(folder: Path, partition: str) -> dict[str, list[dict[str, object]]]:
    loaded: dict[str, list[dict[str, object]]] = json.loads((folder / "lake" / partition / "_manifest.json").read_text())
    return loaded


RAW = "raw_tick_data/by_date/day-2024-08-08/data_type-trades"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (trades_file("ETHUSDT")[:-20], "damaged_file"),
        (b"<html><body>sorry</body></html>", "schema_drift"),
        (gzip.compress((HEADER.replace("price", "cost") + row("ETHUSDT", 1)).encode()), "schema_drift"),
        (gzip.compress((HEADER + "".join(row("ETHUSDT", number, price="nan") for number in range(9))).encode()), "bad_data"),
    ],
    ids=["truncated", "html", "renamed column", "no numbers"],
)
def test_broken_file_is_quarantined_and_stops_nothing_else(tmp_path: Path, broken: bytes, reason: str) -> None:
    write_trades(tmp_path, "BTCUSDT", trades_file("BTCUSDT"))
    write_trades(tmp_path, "ETHUSDT", broken)
    settings = tardis_at(tmp_path)
    assert errors(materialize(settings)) == []
    stored = manifest(tmp_path, RAW)
    assert [entry["instrument_id"] for entry in stored["files"]] == ["BINANCE:SPOT_PAIR:BTC-USDT"]
    assert [(entry["instrument_id"], entry["reason"]) for entry in stored["quarantined"]] == [("BINANCE:SPOT_PAIR:ETH-USDT", reason)]
    assert reader(settings).candles("BINANCE:SPOT_PAIR:BTC-USDT", "24h", DAY, "2024-08-09")["trade_count"].tolist() == [10]


def test_mended_file_takes_the_place_of_the_quarantined_one(tmp_path: Path) -> None:
    write_trades(tmp_path, "ETHUSDT", trades_file("ETHUSDT")[:-20])
    settings = tardis_at(tmp_path)
    assert errors(materialize(settings)) == []
    write_trades(tmp_path, "ETHUSDT", trades_file("ETHUSDT"))
    assert errors(materialize(settings)) == []
    assert manifest(tmp_path, RAW)["quarantined"] == []
    assert reader(settings).candles("BINANCE:SPOT_PAIR:ETH-USDT", "24h", DAY, "2024-08-09")["trade_count"].tolist() == [10]


def test_day_without_any_file_commits_with_no_rows_and_empties_the_warehouse(tmp_path: Path) -> None:
    settings = tardis_at(tmp_path)
    write_trades(tmp_path, "BTCUSDT", trades_file("BTCUSDT"))
    assert errors(materialize(settings)) == []
    (tmp_path / "vendor/v1/binance/trades/2024/08/08/BTCUSDT.csv.gz").unlink()
    outcome = materialize(settings)
    assert errors(outcome) == []
    assert len(outcome.assets) == 31
    assert {asset.rows for asset in outcome.assets} == {0}


def test_header_only_file_is_a_day_without_trades(tmp_path: Path) -> None:
    write_trades(tmp_path, "BTCUSDT", gzip.compress(HEADER.encode()))
    settings = tardis_at(tmp_path)
    assert errors(materialize(settings)) == []
    candles = reader(settings).candles("BINANCE:SPOT_PAIR:BTC-USDT", "1m", DAY, "2024-08-09")
    assert len(candles) == 1440
    assert set(candles["bucket_status"]) == {"no_data"}
    assert candles["open"].isna().all()
    assert (candles["volume"] == 0).all()


def test_tampered_file_is_refused_and_the_next_run_heals_it(tmp_path: Path) -> None:
    write_trades(tmp_path, "BTCUSDT", trades_file("BTCUSDT"))
    settings = tardis_at(tmp_path)
    assert errors(materialize(settings)) == []
    stored = tmp_path / "lake/processed_candles/by_date/day-2024-08-08/timeframe-1m/BINANCE:SPOT_PAIR:BTC-USDT.parquet"
    good = stored.read_bytes()
    stored.write_bytes(good[:-9] + b"tampering")
    with pytest.raises(Exception, match="materialize it again"):
        reader(settings).candles("BINANCE:SPOT_PAIR:BTC-USDT", "1m", DAY, "2024-08-09")
    assert errors(materialize(settings)) == []
    assert stored.read_bytes() == good


def test_empty_file_of_a_usually_active_instrument_warns(tmp_path: Path) -> None:
    write_trades(tmp_path, "BTCUSDT", trades_file("BTCUSDT"))
    day_before = tmp_path / "vendor/v1/binance/trades/2024/08/07/BTCUSDT.csv.gz"
    day_before.parent.mkdir(parents=True)
    lines = trades_file("BTCUSDT")
    day_before.write_bytes(gzip.compress(gzip.decompress(lines).replace(b"17231", b"17230")))
    settings = tardis_at(tmp_path)
    write_trades(tmp_path, "BTCUSDT", gzip.compress(HEADER.encode()))
    for day, silent in ((DAY.replace(day=7), []), (DAY, ["BINANCE:SPOT_PAIR:BTC-USDT"])):
        with dg.DagsterInstance.ephemeral() as instance:
            result = (
                build_definitions(settings)
                .resolve_job_def("daily")
                .execute_in_process(partition_key=day.isoformat(), instance=instance, run_config=QUIET)
            )
        found = {each.asset_key.path[-1]: each for each in result.get_asset_check_evaluations()}
        assert found["trades"].passed == (not silent)
        assert found["trades"].metadata["instruments"].value == silent
        assert found["book_snapshot_5"].passed
