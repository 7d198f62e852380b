import json
from pathlib import Path

import pytest

from market_data_assets_tests.defs.runs import DAY, errors, make, materialize, reader, settings_at

PERP, SPOT = "BINANCE:PERP:BTC-USD", "BINANCE:FUTURE:BTC-USDT-240927"
UNIVERSE = f"{PERP},{SPOT},DERIBIT:OPTION:BTC-USD-42000-240816-*"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    outcome = materialize(settings_at(folder, instruments=UNIVERSE))
    assert errors(outcome) == []
    assert len(outcome.assets) == 1 + 6 + 1 + 7 + 7 + 14 + 6 + 1
    return folder


def manifests(folder: Path) -> dict[str, tuple[int, str]]:
    """Version and content of every partition, by its path."""
    found = {}
    for path in (folder / "lake").rglob("_manifest.json"):
        manifest = json.loads(path.read_text())
        found[str(path.parent.relative_to(folder))] = (manifest["version"], manifest["content_hash"])
    return found


def test_every_tier_is_readable_and_agrees_with_the_ticks(lake: Path) -> None:
    market_data = reader(settings_at(lake, instruments=UNIVERSE))
    assert {PERP, SPOT} < set(market_data.instruments(DAY)["instrument_id"])
    trades = market_data.trades(PERP, DAY, "2024-08-09")
    for timeframe in ("15s", "1m", "1h", "24h"):
        candles = market_data.candles(PERP, timeframe, DAY, "2024-08-09")
        own = trades[(trades["timestamp"] >= "2024-08-08") & (trades["timestamp"] < "2024-08-09")]
        assert candles["trade_count"].sum() == len(own)
        assert candles["high"].max() == own["price"].max()
    snapshots = market_data.book_snapshots(PERP, "1m", DAY, "2024-08-09")
    assert (snapshots["ask_price_1"].dropna() > snapshots["bid_price_1"].dropna()).all()


def test_warehouse_holds_the_same_rows_as_the_lake(lake: Path) -> None:
    market_data = reader(settings_at(lake, instruments=UNIVERSE))
    for source in ("lake", "warehouse"):
        candles = market_data.candles([PERP, SPOT], "5m", DAY, "2024-08-09", source=source, as_="arrow")
        assert candles.num_rows == 2 * 288
    lake_rows = market_data.candles(PERP, "1m", DAY, "2024-08-09", source="lake")
    assert lake_rows.equals(market_data.candles(PERP, "1m", DAY, "2024-08-09", source="warehouse"))


def test_running_again_changes_nothing(lake: Path) -> None:
    before = manifests(lake)
    assert errors(materialize(settings_at(lake, instruments=UNIVERSE))) == []
    assert manifests(lake) == before


def test_run_over_one_instrument_merges_into_the_day(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, instruments=UNIVERSE)
    make(settings, instruments=[SPOT])
    market_data = reader(settings)
    assert market_data.missing(DAY)["instrument_id"].nunique() == 3
    only = market_data.candles(SPOT, "1m", DAY, "2024-08-09")
    make(settings, instruments=["BINANCE:PERP:*"])
    both = market_data.candles([SPOT, PERP], "1m", DAY, "2024-08-09", source="warehouse")
    assert set(both["instrument_id"]) == {SPOT, PERP}
    assert both[both["instrument_id"] == SPOT].reset_index(drop=True).equals(only)
