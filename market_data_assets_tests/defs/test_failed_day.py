"""A day on which the vendor refuses one data type."""

import gzip
import json
from pathlib import Path

from market_data_assets_tests.defs.runs import DAY, errors, materialize, reader, settings_at
from market_data_assets_tests.defs.test_bad_input_day import trades_file
from market_data_assets_tests.faults.http_server import Answer, serving

EXCHANGE = {
    "id": "binance",
    "datasets": {
        "exportedFrom": "2019-03-30T00:00:00Z",
        "exportedUntil": "2024-09-01T00:00:00Z",
        "symbols": [
            {"id": "BTCUSDT", "type": "spot", "dataTypes": ["trades", "book_snapshot_5"], "availableSince": "2019-03-30T00:00:00Z"},
        ],
    },
}


def test_report_is_made_also_when_a_raw_asset_fails(tmp_path: Path) -> None:
    with serving() as server:
        server.script("/v1/exchanges/binance", Answer(json.dumps(EXCHANGE).encode()))
        for part in ("binance-futures", "binance-delivery"):
            server.script(f"/v1/exchanges/{part}", Answer(json.dumps({"id": part, "datasets": {"symbols": []}}).encode()))
        server.script("/v1/binance/trades/2024/08/08/BTCUSDT.csv.gz", Answer(trades_file("BTCUSDT")))
        server.script("/v1/binance/book_snapshot_5/2024/08/08/BTCUSDT.csv.gz", Answer(b"no", 403))
        settings = settings_at(tmp_path, source="tardis", tardis_datasets_url=server.url, tardis_api_url=server.url, venues="binance")
        outcome = materialize(settings)
    assert any("AuthError" in error for error in errors(outcome)), errors(outcome)
    assert {"missing_data_reports/report", "reports/daily_page"} <= {asset.asset for asset in outcome.assets if asset.error is None}
    assert "not_materialized" in (tmp_path / "lake/reports/by_date/day-2024-08-08/index.html").read_text(encoding="utf-8")
    (row,) = reader(settings).missing(DAY).to_dict("records")
    assert (row["data_type"], row["reason"]) == ("book_snapshot_5", "not_materialized")
    assert gzip.decompress(trades_file("BTCUSDT")).count(b"\n") == 1 + len(reader(settings).trades(row["instrument_id"], DAY, "2024-08-09"))
