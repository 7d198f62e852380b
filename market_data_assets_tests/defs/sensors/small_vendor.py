"""A vendor of three instruments on loopback, and the repair runs that sensors ask for, executed here."""

import datetime as dt
import gzip
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import dagster as dg

from market_data_assets.definitions import build_definitions
from market_data_assets.defs.runs import QUIET
from market_data_assets.settings import Settings
from market_data_assets_tests.defs.runs import DAY, settings_at
from market_data_assets_tests.defs.test_bad_input_day import BOOK, NOON, trades_file
from market_data_assets_tests.faults.http_server import Answer, FaultServer

NOW = dt.datetime(2024, 8, 20, tzinfo=dt.UTC).timestamp()
SYMBOLS = ("BTCUSDT", "ETHUSDT", "XRPUSDT")
BTC, ETH, XRP = (f"BINANCE:SPOT_PAIR:{base}-USDT" for base in ("BTC", "ETH", "XRP"))
ASSETS = [
    "instrument_availability/instruments",
    "raw_tick_data/trades",
    "raw_tick_data/book_snapshot_5",
    "missing_data_reports/report",
    "processed_candles/candles_1m",
    "processed_book_snapshots/book_snapshots_1m",
    "market_data_analytics/candles_1m",
    "market_data_analytics/book_snapshots_1m",
    "mft_features/features_1m",
]
"""One timeframe of every tier, since all of them together take seconds."""
INGEST = ASSETS[:4]


def path_of(data_type: str, symbol: str) -> str:
    return f"/v1/binance/{data_type}/2024/08/08/{symbol}.csv.gz"


def publish(server: FaultServer, symbol: str, rows: int, etag: str) -> None:
    """Both files of a symbol, with as many trades and book changes."""
    server.script(path_of("trades", symbol), Answer(trades_file(symbol, rows), headers={"ETag": f'"{etag}"'}))
    server.script(path_of("book_snapshot_5", symbol), Answer(_book_file(symbol, rows), headers={"ETag": f'"{etag}"'}))


def _book_file(symbol: str, rows: int) -> bytes:
    lines = [BOOK]
    for number in range(rows):
        instant = NOON + number * 60_000_000
        levels = [f"{101 + level},{number + 1},{100 - level},{number + 2}" for level in range(5)]
        lines.append(f"binance,{symbol},{instant},{instant + 1_000},{','.join(levels)}")
    return gzip.compress(("\n".join(lines) + "\n").encode())


def open_vendor(server: FaultServer, folder: Path, **variables: str) -> Settings:
    """A vendor that lists all three instruments and has files of the first two; settings of a deployment below ``folder``."""
    kinds = ["trades", "book_snapshot_5"]
    symbols = [{"id": name, "type": "spot", "dataTypes": kinds, "availableSince": "2019-03-30T00:00:00Z"} for name in SYMBOLS]
    datasets = {"exportedFrom": "2019-03-30T00:00:00Z", "exportedUntil": "2024-09-01T00:00:00Z", "symbols": symbols}
    server.script("/v1/exchanges/binance", Answer(json.dumps({"id": "binance", "datasets": datasets}).encode()))
    for part in ("binance-futures", "binance-delivery"):
        server.script(f"/v1/exchanges/{part}", Answer(json.dumps({"id": part, "datasets": {"symbols": []}}).encode()))
    for symbol in SYMBOLS[:2]:
        publish(server, symbol, 10, "first")
    return settings_of(server, folder, **variables)


def settings_of(server: FaultServer, folder: Path, **variables: str) -> Settings:
    urls = {"tardis_datasets_url": server.url, "tardis_api_url": server.url}
    return settings_at(folder, source="tardis", venues="binance", first_day="2024-08-01", **urls, **variables)


@lru_cache
def _repository(settings: Settings) -> dg.RepositoryDefinition:
    return build_definitions(settings).get_repository_def()


def execute(
    settings: Settings,
    instance: dg.DagsterInstance,
    job: str,
    assets: Sequence[str] = ASSETS,
    request: dg.RunRequest | None = None,
    *,
    must_succeed: bool = True,
) -> dg.ExecuteInProcessResult:
    """A run of the day as the daemon would launch it, over one timeframe of each tier."""
    config: Mapping[str, object] = {} if request is None else request.run_config
    tags = {} if request is None else {**request.tags, "dagster/run_key": request.run_key or ""}
    resolved = _repository(settings).get_job(job)
    wanted = [dg.AssetKey.from_user_string(name) for name in assets]
    chosen = {key for key in wanted if key in resolved.asset_layer.executable_asset_keys}
    # The checks of these assets would take longer than the assets.
    return resolved.get_subset(asset_selection=chosen, asset_check_selection=set()).execute_in_process(
        partition_key=DAY.isoformat(),
        instance=instance,
        run_config={**QUIET, **config},
        tags=tags,
        raise_on_error=must_succeed,
    )


def evaluate(
    settings: Settings, instance: dg.DagsterInstance, sensor: dg.SensorDefinition, cursor: str | None
) -> tuple[list[dg.RunRequest], str, str]:
    """One evaluation as the daemon makes it: the requested runs, the cursor for the next one, and what was said."""
    repository = _repository(settings)
    resources = {key: repository.get_top_level_resources()[key] for key in sensor.required_resource_keys}
    with dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository, resources=resources) as context:
        answer = sensor.evaluate_tick(context)
    return list(answer.run_requests or []), answer.cursor or "", answer.skip_message or ""


def digests(settings: Settings) -> dict[tuple[str, str], str]:
    """What the manifests say of each file of an instrument: partition and instrument → SHA-256."""
    root = Path(settings.root)
    found = {}
    for manifest in root.glob("*/by_date/**/_manifest.json"):
        for entry in json.loads(manifest.read_text())["files"]:
            if entry["instrument_id"] is not None:
                found[str(manifest.parent.relative_to(root)), entry["instrument_id"]] = entry["sha256"]
    return found
