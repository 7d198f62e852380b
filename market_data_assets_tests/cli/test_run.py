"""`market-data run`: a day through every tier, as a table and as JSON, and its exit code."""

import json
from pathlib import Path

from market_data_assets.cli.scoping import unmatched_patterns
from market_data_assets_tests.cli.conftest import MarketDataCommand
from market_data_assets_tests.client.lakes import BTC, DAY, NEXT_DAY, lake_at, write_instruments
from market_data_assets_tests.faults.http_server import Answer, serving

CANARY = "canary-5f1d7c2e"
TIERS = ("instrument_availability", "raw_tick_data", "processed_candles", "processed_book_snapshots", "market_data_analytics")
SMALL = {"MDA_INSTRUMENTS": "BINANCE:FUTURE:BTC-USDT-240927", "MDA_DATA_TYPES": "trades", "MDA_RETRIES": "0"}


def test_run_materializes_a_day_and_tells_of_each_tier_and_asset(market_data: MarketDataCommand, tmp_path: Path) -> None:
    klines = {"MDA_BINANCE_VISION_URL": str(tmp_path / "klines")}
    done = market_data("run", "--from", "2024-08-08", **SMALL, **klines)
    assert done.code == 0, done
    assert all(any(line.split()[1:2] == [tier] and "ok" in line for line in done.lines) for tier in TIERS), done.out
    assert (tmp_path / "lake/market_data_analytics/candles_1m/day-2024-08-08.parquet").is_file()


def test_pattern_that_matches_no_instrument_is_told(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    write_instruments(lake, DAY, {str(BTC): "binance-futures"})
    patterns = ["BINANCE:PERP:*", "BINANCE:PERP:NOPE-USDT"]
    assert unmatched_patterns(lake, [DAY, NEXT_DAY], patterns) == patterns[1:]


def test_refused_key_fails_the_run_and_is_written_nowhere(market_data: MarketDataCommand, tmp_path: Path) -> None:
    with serving() as server:
        for path in ("/v1/exchanges/binance", "/v1/instruments/binance"):
            server.script(path, Answer(b"no", 401))
        done = market_data(
            *("run", "--from", "2024-08-08", "--dagster-home", str(tmp_path / "home"), "--json"),
            MDA_RETRIES="0",
            MDA_SOURCE="tardis",
            MDA_VENUES="binance",
            MDA_TARDIS_DATASETS_URL=server.url,
            MDA_TARDIS_API_URL=server.url,
            MDA_TARDIS_API_KEY=CANARY,
        )
    assert done.code == 1, done
    rows = [json.loads(line) for line in done.lines]
    (failed,) = [row for row in rows if row["error"] is not None]
    assert (failed["day"], "AuthError" in failed["error"]) == ("2024-08-08", True)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in written)
    assert CANARY not in done.out + done.err
    assert [path for path in written if CANARY.encode() in path.read_bytes()] == []
