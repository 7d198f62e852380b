"""Whole days through the graph with its checks."""

import gzip
from pathlib import Path

import dagster as dg

from market_data_assets.definitions import build_definitions
from market_data_assets.defs.checks import CHECKS
from market_data_assets.defs.runs import QUIET
from market_data_assets.settings import Settings
from market_data_assets_tests.defs.runs import DAY, settings_at

NOON = 1_723_118_400_000_000


def run(settings: Settings) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_definitions(settings).resolve_job_def("daily")
        return job.execute_in_process(partition_key=DAY.isoformat(), instance=instance, run_config=QUIET, raise_on_error=False)


def test_every_check_of_a_simulated_day_passes_and_says_what_it_looked_at(tmp_path: Path) -> None:
    result = run(settings_at(tmp_path, instruments="DERIBIT:FUTURE:BTC-USD-240927,DERIBIT:OPTION:BTC-USD-42000-240816-CALL"))
    assert result.success
    evaluations = result.get_asset_check_evaluations()
    assert [f"{each.asset_key} {each.check_name}" for each in evaluations if not each.passed] == []
    assert {each.asset_check_key for each in evaluations} == {key for checks in CHECKS for key in checks.check_keys}
    facts = {
        (each.asset_key.path[-1], each.check_name): each.metadata
        for each in evaluations
        if each.asset_key.path[0] != "market_data_analytics"
    }
    assert facts["trades", "ids_unique"]["looked_at_instruments"].value == 2
    assert facts["trades", "ids_unique"]["looked_at_rows"].value > 1_000
    assert facts["candles_24h", "equals_merge_of_finer"]["looked_at_instruments"].value == 2
    assert facts["candles_1m", "matches_exchange_candles"]["nothing_to_compare"].value is True
    assert facts["features_1m", "look_back_stored"]["null_share"].value > 0


def write_trades(folder: Path, symbol: str, second_amount_of_an_id: float) -> None:
    header = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
    rows = [f"binance,{symbol},{NOON + number},{NOON + number + 1_000},{number},buy,100.5,2\n" for number in range(20)]
    rows.append(f"binance,{symbol},{NOON + 30},{NOON + 1_030},7,buy,100.5,{second_amount_of_an_id}\n")
    path = folder / f"vendor/v1/binance/trades/2024/08/08/{symbol}.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress((header + "".join(rows)).encode()))


def test_day_whose_ids_conflict_in_every_instrument_stops_before_its_candles(tmp_path: Path) -> None:
    for symbol in ("BTCUSDT", "ETHUSDT"):
        write_trades(tmp_path, symbol, 9.0)
    result = run(settings_at(tmp_path, source="tardis", tardis_datasets_url=str(tmp_path / "vendor"), venues="binance"))
    assert not result.success
    failed = {each.check_name: each for each in result.get_asset_check_evaluations() if not each.passed}
    assert set(failed) == {"ids_unique"}
    conflict = failed["ids_unique"]
    assert (conflict.asset_key.path[-1], conflict.severity) == ("trades", dg.AssetCheckSeverity.ERROR)
    assert conflict.metadata["instruments"].value == "BINANCE:SPOT_PAIR:BTC-USDT, BINANCE:SPOT_PAIR:ETH-USDT"
    assert conflict.metadata["worst"].value.records[0].data["problem"] == "conflicting_ids"
    materialized = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key}
    assert "raw_tick_data/trades" in materialized
    assert [key for key in materialized if "candles" in key or key.startswith("mft_features")] == []
    # Book snapshots are not made of trades, and go on.
    assert "processed_book_snapshots/book_snapshots_1m" in materialized
