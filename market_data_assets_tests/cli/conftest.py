"""`market-data` in this process, as its entry point runs it, and a small lake to read."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from market_data_assets.assembly.deliveries import find_missing
from market_data_assets.cli import main
from market_data_assets.cli.console import err, out
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets_tests.client.lakes import (
    BTC,
    DAY,
    ETH,
    NEXT_DAY,
    buckets,
    lake_at,
    write_books,
    write_buckets,
    write_instruments,
    write_trades,
)

OPTION = "DERIBIT:OPTION:BTC-USD-50000-240808-CALL"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did: its exit code, what it printed, what it said beside."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


MarketDataCommand = Callable[..., Done]


@pytest.fixture
def market_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> MarketDataCommand:
    """Runs a command with everything it writes below the test's folder; ``MDA_ROOT`` and the like can be given."""
    for name in os.environ:
        if name.startswith(("MDA_", "DAGSTER_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, width: int = 200, **environment: str) -> Done:
        for name, value in {"MDA_ROOT": str(tmp_path / "lake"), "MDA_WORKERS": "1", **environment}.items():
            monkeypatch.setenv(name, value)
        for console in (out, err):
            monkeypatch.setattr(console, "_width", width)
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, printed.out, printed.err)

    return run


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The root of a lake with two days of trades, one of candles and books, instruments, and the report of what is missing."""
    root = tmp_path_factory.mktemp("stored")
    lake = lake_at(root)
    for day in (DAY, NEXT_DAY):
        write_instruments(lake, day, {str(BTC): "binance-futures", str(ETH): "binance-futures", OPTION: "deribit"})
        minutes = [(f"{day}T12:{minute:02}", minute, "buy", 100.5 + minute) for minute in range(30)]
        write_trades(lake, day, {BTC: minutes, ETH: [(f"{day}T12:00:00.000123", 1, "sell", 2.5)]})
    candles = CANDLES[Timeframe.parse("1m")]
    write_buckets(lake, candles, DAY, {BTC: buckets(candles, BTC, [f"{DAY}T12:{minute:02}" for minute in range(30)])})
    write_books(lake, DAY, BTC, [f"{DAY}T12:00", f"{DAY}T12:01"])
    lake.write_table(MISSING_REPORT, DAY, TableFrame(find_missing(lake, lake.read_table(INSTRUMENTS, DAY), DAY, 1)))
    return str(root)
