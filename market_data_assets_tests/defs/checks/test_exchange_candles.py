"""Candles of a lake against klines in a folder, as the check reads both."""

import csv
import shutil
from pathlib import Path

import pytest

from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.contract import contract_of
from market_data_assets.defs.checks.exchange_candles import SAME_AS_EXCHANGE, ExchangeArchive, judge_day
from market_data_assets.defs.checks.reporting import Judged
from market_data_assets.defs.resources import TickSource
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import Frame
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.domain.universe import Universe
from market_data_assets.sources.base import Source, fetch_day
from market_data_assets.sources.simulated import SimulatedSource
from market_data_assets.sources.tardis import TardisSource
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.defs.runs import DAY

MINUTE = Timeframe.parse("1m")
PERP = "BINANCE:PERP:BTC-USDT"


def lake_of(source: Source) -> Lake:
    """The instruments of the day, and minutes made of its trades."""
    lake, listings = Lake(MemoryStore()), source.instruments(DAY)
    lake.write_table(INSTRUMENTS, DAY, listings.frame())
    contracts = {each.instrument_id: contract_of(each.row()) for each in listings.instruments}
    lake.write_day(TRADES, fetch_day(source, TRADES, listings.instruments, DAY))

    def minutes(instrument: object, frame: Frame) -> Frame:
        return from_ticks(Feeds(frame.read()), contracts[instrument], DAY, [MINUTE])[MINUTE]

    lake.write_day(CANDLES[MINUTE], lake.read_exchange_day(TRADES, DAY).map(minutes))
    return lake


def archive(folder: Path) -> ExchangeArchive:
    ticks = TickSource(
        source="tardis",
        venues=[],
        instruments=[],
        data_types=[],
        tardis_datasets_url="file:///nowhere",
        tardis_api_url="file:///nowhere",
        tardis_api_key=None,
        binance_vision_url=folder.as_uri(),
        cache=str(folder / "cache"),
    )
    return ExchangeArchive(ticks.exchange_candles())


def klines_path(folder: Path) -> Path:
    path = folder / "data/futures/um/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-08-08.csv"
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture(scope="module")
def recorded(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    url = (samples / "tardis_from_raw").as_uri()
    return lake_of(TardisSource(url, url, Universe(("binance-futures", "binance-delivery")), tmp_path_factory.mktemp("cache")))


@pytest.fixture
def official(samples: Path) -> Path:
    return samples / "ground_truth/binance_um_btcusdt_20240808/BTCUSDT-1m-2024-08-08.official.csv"


def test_recorded_minutes_equal_the_exchange_but_the_one_it_began_in(recorded: Lake, official: Path, tmp_path: Path) -> None:
    shutil.copy(official, klines_path(tmp_path))
    judged = judge_day(recorded, archive(tmp_path), CANDLES[MINUTE], DAY)
    assert [(each.instrument, each.problem, each.wrong) for each in judged.findings] == [(PERP, "partial_day", False)]
    assert judged.notes["compared_instruments"] == 1
    assert (judged.notes["equal_buckets"], judged.notes["edges_buckets"], judged.notes["different_buckets"]) == (5, 1, 0)
    # The inverse perpetual is of a market with klines, of which this folder has none.
    reasons = judged.notes["without_exchange_candles_by_reason"]
    assert reasons == [{"reason": "not_listed", "instruments": 1, "such_as": "BINANCE:PERP:BTC-USD"}]


def test_report_holds_once_all_was_asked_for_and_something_compared(tmp_path: Path) -> None:
    table, asked = (asset_key(CANDLES[MINUTE]), SAME_AS_EXCHANGE), archive(tmp_path)

    def settles(compared: int, later: int) -> bool:
        return asked.settles({table: Judged(notes={"compared_instruments": compared, "may_be_compared_later": later})})

    assert settles(1, 1)
    assert settles(0, 0)
    assert not settles(0, 1)
    asked.unreachable.set()
    assert not settles(1, 1)


def test_minute_that_differs_is_wrong(recorded: Lake, official: Path, tmp_path: Path) -> None:
    with official.open(newline="") as lines:
        rows = list(csv.reader(lines))
    rows[3][5] = str(float(rows[3][5]) + 0.001)
    with klines_path(tmp_path).open("w", newline="") as lines:
        csv.writer(lines).writerows(rows)
    judged = judge_day(recorded, archive(tmp_path), CANDLES[MINUTE], DAY)
    assert [each.problem for each in judged.findings if each.wrong] == ["unlike_exchange:volume"]


def test_damaged_or_empty_klines_are_a_reason_and_no_verdict(recorded: Lake, tmp_path: Path) -> None:
    path = klines_path(tmp_path)
    for content in ("<html>", ""):
        path.write_text(content)
        judged = judge_day(recorded, archive(tmp_path), CANDLES[MINUTE], DAY)
        assert judged.findings == []
        assert judged.notes["compared_instruments"] == 0
        assert judged.notes["without_exchange_candles"] == 2


def test_simulated_candles_are_never_asked_for(tmp_path: Path) -> None:
    lake = lake_of(SimulatedSource(Universe(patterns=(PERP, "DERIBIT:FUTURE:BTC-USD-240927")), scale=0.01))
    klines_path(tmp_path).write_text("would be a damaged file if it were read")
    judged = judge_day(lake, archive(tmp_path), CANDLES[MINUTE], DAY)
    assert judged.findings == []
    assert judged.notes["nothing_to_compare"]
    (record,) = judged.notes["without_exchange_candles_by_reason"]
    assert record["reason"].startswith("simulated")
    assert record["instruments"] == 2
