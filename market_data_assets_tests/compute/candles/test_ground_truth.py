"""Candles equal those that exchanges and others published, digit for digit."""

import csv
import datetime as dt
import gzip
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest

from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.candles.components import empty_rows
from market_data_assets.compute.candles.exact import nearest_decimal
from market_data_assets.compute.candles.folding import fold
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.days import day_end, day_of, day_start
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import WORD
from market_data_assets.domain.timeframes import DAY_SECONDS, TIMEFRAMES, Timeframe

_MINUTE, _FIVE_MINUTES = Timeframe.parse("1m"), Timeframe.parse("5m")


def _table(times: Sequence[int], ids: Sequence[int], sides: Sequence[str], prices: Sequence[float], amounts: Sequence[float]) -> pa.Table:
    instants = pa.array(times, pa.int64()).cast(TIMESTAMP)
    return pa.table(
        {
            "timestamp": instants,
            "local_timestamp": instants,
            "id": pa.array(ids, pa.int64()),
            "side": pa.array(sides, pa.string()).cast(WORD),
            "price": pa.array(prices, pa.float64()),
            "amount": pa.array(amounts, pa.float64()),
        }
    )


def _spot(name: str) -> Contract:
    return Contract(InstrumentId.parse(name), inverse=False, multiplier=1.0)


def _minutes(candles: pa.Table) -> dict[int, dict[str, object]]:
    """Rows with trades by their start in seconds."""
    candles = candles.filter(pc.equal(candles["bucket_status"], "traded"))
    starts = [instant // 1_000_000 for instant in candles["timestamp"].cast(pa.int64()).to_pylist()]
    return dict(zip(starts, candles.drop_columns(["timestamp"]).to_pylist(), strict=True))


def test_usd_margined_minutes_equal_the_exchanges_own(samples: Path) -> None:
    day = dt.date(2024, 8, 8)
    trades = pyarrow.csv.read_csv(samples / "tardis_from_raw/v1/binance-futures/trades/2024/08/08/BTCUSDT.csv.gz")
    trades = trades.drop_columns(["exchange", "symbol"]).filter(pc.less(trades["timestamp"], day_end(day)))
    for name in ("timestamp", "local_timestamp"):
        trades = trades.set_column(trades.column_names.index(name), name, trades[name].cast(TIMESTAMP))
    contract = Contract(InstrumentId.parse("BINANCE:PERP:BTC-USDT"), inverse=False, multiplier=1.0)
    found = _minutes(from_ticks(Feeds(trades), contract, day, [_MINUTE])[_MINUTE].table)
    with (samples / "ground_truth/binance_um_btcusdt_20240808/BTCUSDT-1m-2024-08-08.official.csv").open() as file:
        official = {int(row["open_time"]) // 1000: row for row in csv.DictReader(file)}
    same = {
        "open": "open",
        "high": "high",
        "low": "low",
        "close": "close",
        "volume": "volume",
        "quote_volume": "quote_volume",
        "trade_count": "count",
        "buy_volume": "taker_buy_volume",
        "buy_quote_volume": "taker_buy_quote_volume",
    }
    partial, *whole = sorted(official)
    assert len(whole) == 5
    for start in whole:
        for ours, theirs in same.items():
            assert Decimal(repr(found[start][ours])) == Decimal(official[start][theirs]), (start, ours)
    # The recording begins within 23:54, which the candle says by its longest time without a trade.
    assert found[partial]["volume"] != float(official[partial]["volume"])
    assert found[partial]["gap_us"] == 16_322_000


@pytest.mark.parametrize(("timeframe", "count"), [(_MINUTE, 1022), (_FIVE_MINUTES, 287)])
def test_xrpeth_candles_from_aggregate_trades_equal_the_reference(samples: Path, timeframe: Timeframe, count: int) -> None:
    with zipfile.ZipFile(samples / "binance_vision/data/spot/daily/aggTrades/XRPETH/XRPETH-aggTrades-2019-10-11.zip") as archive:
        rows = list(csv.reader(io.TextIOWrapper(archive.open(archive.namelist()[0]))))
    trades = _table(
        [int(row[5]) * 1000 for row in rows],
        [int(row[0]) for row in rows],
        ["sell" if row[6].lower() == "true" else "buy" for row in rows],
        [float(row[1]) for row in rows],
        [float(row[2]) for row in rows],
    )
    found = _minutes(from_ticks(Feeds(trades), _spot("BINANCE:SPOT_PAIR:XRP-ETH"), dt.date(2019, 10, 11), [timeframe])[timeframe].table)
    with (samples / f"ground_truth/xrpeth_spot/XRPETH-{timeframe}-2019-10-11.expected.csv").open() as file:
        expected = {int(row["open_time_ms"]) // 1000: row for row in csv.DictReader(file)}
    assert len(expected) == count
    assert set(found) == set(expected)
    for start, row in expected.items():
        for name in ("open", "high", "low", "close", "volume"):
            assert Decimal(repr(found[start][name])) == Decimal(row[name]), (start, name)


def test_kraken_minutes_with_trades_equal_the_exchanges_own(samples: Path) -> None:
    folder = samples / "ground_truth/kraken_xbtusdt_20251110"
    rows = json.loads((folder / "trades_a.json").read_text())["result"]["XBTUSDT"]
    official = json.loads((folder / "ohlc_1m_a.official.json").read_text())["result"]["XBTUSDT"]
    trades = _table(
        [int(Decimal(str(row[2])) * 1_000_000) for row in rows],
        [row[6] for row in rows],
        [{"b": "buy", "s": "sell"}[row[3]] for row in rows],
        [float(row[0]) for row in rows],
        [float(row[1]) for row in rows],
    )
    day = day_of(trades["timestamp"].cast(pa.int64())[0].as_py())
    found = _minutes(from_ticks(Feeds(trades), _spot("KRAKEN:SPOT_PAIR:BTC-USDT"), day, [_MINUTE])[_MINUTE].table)
    traded = {row[0]: row for row in official if row[7] > 0}
    assert set(found) == set(traded)
    for start, (_, *prices, vwap, volume, count) in traded.items():
        assert [found[start][name] for name in ("open", "high", "low", "close")] == [float(price) for price in prices]
        assert Decimal(repr(found[start]["volume"])) == Decimal(volume)
        assert found[start]["trade_count"] == count
        assert 0 <= Decimal(repr(found[start]["vwap"])) - Decimal(vwap) < Decimal("0.1")


Published = tuple[float, float, float, float, float, int]
"""Open, high, low, close, volume, count."""


def _rolled_up(candles: Mapping[int, Published], seconds: int, decimals: int) -> dict[int, Published]:
    """Published candles, by start in seconds, through the merge of our components."""
    starts = np.array(sorted(candles), np.int64)
    rows = empty_rows(len(starts))
    for row, start in zip(rows, starts, strict=True):
        open_, high, low, close, volume, count = candles[int(start)]
        row["open"], row["high"], row["low"], row["close"], row["trade_count"] = open_, high, low, close, count
        row["buy_base"], row["base_decimals"] = round(volume * 10**decimals), decimals
    folded, coarse = fold(rows, starts * 1_000_000, seconds * 1_000_000)
    volumes = nearest_decimal(folded["buy_base"], folded["buy_base_low"], folded["base_decimals"])
    prices = zip(folded["open"], folded["high"], folded["low"], folded["close"], volumes, folded["trade_count"], strict=True)
    return {int(start) // 1_000_000: tuple(values) for start, values in zip(coarse, prices, strict=True)}  # type: ignore[misc]


def _assert_rolls_up(fine: Mapping[int, Published], coarse: Mapping[int, Published], step: int, seconds: int, decimals: int) -> int:
    """Every coarse candle that the fine ones cover as a whole; how many those are."""
    merged = _rolled_up(fine, seconds, decimals)
    covered = [start for start in coarse if start in merged and start >= min(fine) and start + seconds <= max(fine) + step]
    for start in covered:
        assert merged[start] == coarse[start], start
    return len(covered)


@pytest.mark.parametrize(("file", "decimals"), [("BTCUSDT_20180428", 6), ("ETHBTC_20200517", 3)])
def test_published_timeframes_roll_up_into_each_other(samples: Path, file: str, decimals: int) -> None:
    frames: dict[str, dict[int, Published]] = defaultdict(dict)
    with gzip.open(samples / f"ground_truth/binance_spot_multi_timeframe/{file}.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            values = (float(row[name]) for name in ("open", "high", "low", "close", "volume"))
            frames[row["timeframe"]][int(row["open_time_s"])] = (*values, 1)  # type: ignore[assignment]
    for candles in frames.values():
        candles.pop(max(candles))  # the last candle of each timeframe is unfinished
    lengths = {label: int(label[:-1]) * {"m": 60, "h": 3600, "d": DAY_SECONDS}.get(label[-1], 0) for label in frames}
    checked = 0
    for fine, step in lengths.items():
        for coarse, seconds in lengths.items():
            if 0 < step < seconds <= DAY_SECONDS and seconds % step == 0:
                counted = {start: (*candle[:5], seconds // step) for start, candle in frames[coarse].items()}
                gapless = {
                    start: candle
                    for start, candle in counted.items()
                    if all(at in frames[fine] for at in range(start, start + seconds, step))
                }
                checked += _assert_rolls_up(frames[fine], gapless, step, seconds, decimals)
    assert checked > 1000


def _lean(path: Path) -> dict[int, Published]:
    with zipfile.ZipFile(path) as archive:
        rows: Iterable[list[str]] = csv.reader(io.TextIOWrapper(archive.open(archive.namelist()[0])))
        return {int(row[0]) // 1000: (*map(float, row[1:6]), 1) for row in rows}  # type: ignore[misc]


def test_coinbase_seconds_roll_up_into_minutes_and_the_day(samples: Path) -> None:
    folder = samples / "ground_truth/lean_coinbase_btcusd"
    seconds, minutes = _lean(folder / "second/20161007_trade.zip"), _lean(folder / "minute/20161007_trade.zip")
    merged = _rolled_up(seconds, 60, 8)
    assert {start: candle[:5] for start, candle in merged.items()} == {start: candle[:5] for start, candle in minutes.items()}
    _, *published = (folder / "daily_20161007.csv").read_text().strip().split(",")
    assert _rolled_up(minutes, DAY_SECONDS, 8)[0][:5] == tuple(map(float, published))


def test_binance_us_four_hours_roll_up_into_days_with_their_counts(samples: Path) -> None:
    folder = samples / "ground_truth/binanceus_btc_4h_1d"
    names = ("open", "high", "low", "close", "volume", "trades")
    fine = {row["timestamp"] // 1000: tuple(row[name] for name in names) for row in json.loads((folder / "klines_4h.json").read_text())}
    days = {
        day_start(dt.date.fromisoformat(row["date"])) // 1_000_000: tuple(row[name] for name in names)
        for row in json.loads((folder / "klines_1d.json").read_text())
    }
    assert _assert_rolls_up(fine, days, 14_400, DAY_SECONDS, 5) == len(days) == 46


def test_every_timeframe_of_a_real_day_has_the_same_totals(samples: Path) -> None:
    trades = pyarrow.csv.read_csv(samples / "tardis_from_raw/v1/binance-futures/trades/2024/08/08/BTCUSDT.csv.gz")
    trades = trades.filter(pc.less(trades["timestamp"], day_end(dt.date(2024, 8, 8))))
    for name in ("timestamp", "local_timestamp"):
        trades = trades.set_column(trades.column_names.index(name), name, trades[name].cast(TIMESTAMP))
    contract = Contract(InstrumentId.parse("BINANCE:PERP:BTC-USDT"), inverse=False, multiplier=1.0)
    frames = from_ticks(Feeds(trades), contract, dt.date(2024, 8, 8), TIMEFRAMES)
    expected = sum(Decimal(repr(amount)) for amount in trades["amount"].to_pylist())
    for frame in frames.values():
        assert sum(Decimal(repr(volume)) for volume in frame.table["volume"].to_pylist()) == expected
        assert pc.sum(frame.table["trade_count"]).as_py() == len(trades)
