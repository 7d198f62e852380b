"""Trades in Parquet → seven timeframes with every feature, written: ours against what a user would write with pandas."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.days import BOOK_5_ROWS, DAY, INSTRUMENT, TRADE_ROWS, books_of_one_day, trades_of_one_day
from benchmarks.timing import best
from market_data_assets.compute.candles import Feeds, from_ticks
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.days import day_start
from market_data_assets.domain.timeframes import TIMEFRAMES, Timeframe

CONTRACT = Contract(INSTRUMENT, inverse=False, multiplier=1.0)
SMALL_ROWS = 3_000
COLUMNS = ["timestamp", "local_timestamp", "id", "side", "price", "amount"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of the best run of each, on the same rows in the same process.

    Attributes:
        ours: Read, computed and written.
        pandas: The same with pandas.
        decode: Part of ``ours`` that only decodes the columns.
        compute: Part of ``ours`` that makes the seven tables from trades in memory.
        small: Seven tables from SMALL_ROWS trades in memory.
        with_book: As ``compute``, with ``book_rows`` rows of a 5-level book beside the trades.
        small_with_book: As ``small``, with SMALL_ROWS rows of that book.
    """

    rows: int
    ours: float
    pandas: float
    decode: float
    compute: float
    small: float
    book_rows: int
    with_book: float
    small_with_book: float

    @property
    def ratio(self) -> float:
        """How many times faster than pandas."""
        return self.pandas / self.ours

    @property
    def times_decoding(self) -> float:
        """How many times as long as decoding the columns the candles take to compute, decoding included."""
        return (self.decode + self.compute) / self.decode


def compare(folder: Path, rows: int = TRADE_ROWS, book_rows: int = BOOK_5_ROWS) -> Timing:
    """Run both on a generated instrument-day of about so many trades and book rows, the compiled code warm; files stay in ``folder``."""
    trades = pa.ipc.open_file(trades_of_one_day(folder, rows).arrow()).read_all()
    raw = folder / f"trades-{rows}.parquet"
    pq.write_table(
        trades,
        raw,
        compression="zstd",
        compression_level=3,
        row_group_size=131_072,
        use_dictionary=["side", "price", "amount"],
        column_encoding=dict.fromkeys(("timestamp", "local_timestamp", "id"), "DELTA_BINARY_PACKED"),
    )
    small = trades.slice(0, SMALL_ROWS)
    book = pa.ipc.open_file(books_of_one_day(folder, 5, book_rows).arrow()).read_all()
    computed(small, book.slice(0, SMALL_ROWS))
    return Timing(
        rows=trades.num_rows,
        ours=best(lambda: ours(raw, folder)),
        pandas=best(lambda: with_pandas(raw, folder), repeats=1),
        decode=best(lambda: read(raw)),
        compute=best(lambda: computed(trades, None)),
        small=best(lambda: computed(small, None), repeats=20),
        book_rows=book.num_rows,
        with_book=best(lambda: computed(trades, book)),
        small_with_book=best(lambda: computed(small, book.slice(0, SMALL_ROWS)), repeats=20),
    )


def computed(trades: pa.Table, book: pa.Table | None) -> dict[Timeframe, TableFrame]:
    """Seven tables from ticks in memory."""
    return from_ticks(Feeds(trades, book), CONTRACT, DAY, TIMEFRAMES)


def read(raw: Path) -> pa.Table:
    """The columns that candles need."""
    return pq.ParquetFile(raw).read(columns=COLUMNS)


def ours(raw: Path, folder: Path) -> None:
    """Read, compute and write with this package's code."""
    for timeframe, frame in computed(read(raw), None).items():
        pq.write_table(frame.table, folder / f"ours-{timeframe}.parquet", compression="zstd", compression_level=3, use_dictionary=False)


def with_pandas(raw: Path, folder: Path) -> None:
    """Read, compute and write with pandas: what concerns one trade or second once, then a group-by per timeframe."""
    trades = _per_trade(pd.read_parquet(raw))
    seconds = _per_second(trades)
    for timeframe in TIMEFRAMES:
        candles = _pandas_candles(trades, seconds, timeframe)
        candles.to_parquet(folder / f"pandas-{timeframe}.parquet", compression="zstd")


def _per_trade(trades: pd.DataFrame) -> pd.DataFrame:
    duplicate = trades["id"].duplicated()
    trades = trades.assign(dup=duplicate)[~duplicate]
    micros, arrival = trades["timestamp"].astype("int64"), trades["local_timestamp"].astype("int64")
    price, amount, quote = trades["price"], trades["amount"], trades["price"] * trades["amount"]
    buy, sell = trades["side"] == "buy", trades["side"] == "sell"
    change, returns = price.diff(), np.log(price).diff()
    return trades.assign(
        micros=micros,
        arrival=arrival,
        late=arrival > arrival[::-1].cummin()[::-1].shift(-1),
        quote=quote,
        buy=buy,
        sell=sell,
        buy_volume=amount.where(buy, 0),
        sell_volume=amount.where(sell, 0),
        buy_quote=quote.where(buy, 0),
        sell_quote=quote.where(sell, 0),
        squared_size=amount**2,
        squared=returns**2,
        up=(returns**2).where(returns > 0, 0),
        bipower=returns.abs() * returns.abs().shift(),
        quartic=returns**4,
        path=returns.abs(),
        moved=returns,
        rise=change > 0,
        fall=change < 0,
        change=change,
        change_before=change.shift(),
        changes=change * change.shift(),
        interval=micros.diff(),
        squared_interval=micros.diff().astype("float64") ** 2,
        delay=(arrival - micros) / 1000,
    )


def _per_second(trades: pd.DataFrame) -> pd.DataFrame:
    grouped = trades.groupby(trades["micros"] // 1_000_000 * 1_000_000)
    seconds = grouped[["buy_volume", "sell_volume", "quote"]].sum().assign(last=grouped["price"].last())
    move = seconds["last"].diff().fillna(0)
    returns, flow = np.log(seconds["last"]).diff().fillna(0), seconds["buy_volume"] - seconds["sell_volume"]
    return seconds.assign(
        x=flow, y=move, xx=flow**2, xy=flow * move, squared=returns**2, illiquidity=1e6 * returns.abs() / seconds["quote"], n=1
    )


def _pandas_candles(trades: pd.DataFrame, seconds: pd.DataFrame, timeframe: Timeframe) -> pd.DataFrame:
    width = timeframe.microseconds
    by = trades.groupby(trades["micros"] // width * width)
    grid = pd.Index(day_start(DAY) + np.arange(timeframe.buckets_per_day) * width, name="start")
    summed = [
        *("amount", "quote", "buy", "sell", "buy_volume", "sell_volume", "buy_quote", "sell_quote", "squared_size", "squared"),
        *("up", "bipower", "quartic", "path", "moved", "rise", "fall", "change", "change_before", "changes", "interval"),
        *("squared_interval", "delay", "dup", "late"),
    ]
    total = by[summed].sum().reindex(grid)
    price, delay = by["price"], by["delay"]
    slots = seconds.groupby(seconds.index // width * width)[["x", "y", "xx", "xy", "squared", "illiquidity", "n"]].sum().reindex(grid)
    count = by.size().reindex(grid, fill_value=0)
    first, last = by["micros"].first().reindex(grid), by["micros"].last().reindex(grid)
    inner = by["interval"].max().reindex(grid)
    candles = pd.DataFrame(
        {
            "instrument_id": str(INSTRUMENT),
            "timestamp": pd.to_datetime(grid, unit="us", utc=True),
            "timestamp_close": pd.to_datetime(grid + width, unit="us", utc=True),
            "available_at": np.maximum(by["arrival"].max().reindex(grid).fillna(0), grid + width).cummax(),
            "bucket_status": np.where(count > 0, "traded", "no_trades"),
            "first_trade_at": first,
            "last_trade_at": last,
            "gap_us": np.maximum(np.maximum(first - grid, grid + width - last), inner),
            "dup_trades": total["dup"],
            "out_of_order_trades": total["late"],
            "open": price.first().reindex(grid),
            "high": price.max().reindex(grid),
            "low": price.min().reindex(grid),
            "close": price.last().reindex(grid),
            "trade_size_max": by["amount"].max().reindex(grid),
            "delay_min": delay.min().reindex(grid),
            "delay_max": delay.max().reindex(grid),
            "delay_median": delay.median().reindex(grid),
        },
        index=grid,
    )
    return candles.assign(**_pandas_features(candles, total, slots, count))


def _pandas_features(
    candles: pd.DataFrame, total: pd.DataFrame, slots: pd.DataFrame, count: "pd.Series[int]"
) -> "dict[str, pd.Series[float]]":
    buy, sell = total["buy_volume"], total["sell_volume"]
    bipower = np.pi / 2 * total["bipower"]
    covariance = total["changes"] / count - total["change"] * total["change_before"] / count**2
    return {
        "volume": total["amount"],
        "quote_volume": total["quote"],
        "trade_count": count,
        "buy_volume": buy,
        "sell_volume": sell,
        "unknown_volume": total["amount"] - buy - sell,
        "buy_quote_volume": total["buy_quote"],
        "sell_quote_volume": total["sell_quote"],
        "buy_count": total["buy"],
        "sell_count": total["sell"],
        "vwap": total["quote"] / total["amount"],
        "trade_size_mean": total["amount"] / count,
        "trade_size_std": np.sqrt(total["squared_size"] / count - (total["amount"] / count) ** 2),
        "volume_delta": buy - sell,
        "volume_imbalance": (buy - sell) / (buy + sell),
        "cvd_day": (buy - sell).cumsum(),
        "return_log": np.log(candles["close"] / candles["open"]),
        "rv_tick": total["squared"],
        "rv_1s": slots["squared"],
        "bipower_variation": bipower,
        "jump_variation": (total["squared"] - bipower).clip(lower=0),
        "rs_up": total["up"],
        "rs_down": total["squared"] - total["up"],
        "realized_quarticity": count / 3 * total["quartic"],
        "roll_spread": 2 * np.sqrt((-covariance).where(covariance < 0)),
        "kyle_lambda": (slots["n"] * slots["xy"] - slots["x"] * slots["y"]) / (slots["n"] * slots["xx"] - slots["x"] ** 2),
        "amihud": slots["illiquidity"] / slots["n"],
        "intertrade_mean": total["interval"] / count,
        "intertrade_std": np.sqrt(total["squared_interval"] / count - (total["interval"] / count) ** 2),
        "up_ticks": total["rise"],
        "down_ticks": total["fall"],
        "efficiency": total["moved"].abs() / total["path"],
        "delay_mean": total["delay"] / count,
    }
