"""Book rows in Parquet → seven timeframes with every feature, written: ours against what a user would write with pandas."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.days import BOOK_5_ROWS, DAY, INSTRUMENT, books_of_one_day
from benchmarks.timing import best
from market_data_assets.compute.book_snapshots import from_book
from market_data_assets.compute.contract import Contract
from market_data_assets.compute.staleness import MAX_AGE
from market_data_assets.domain.days import day_start
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES, Timeframe

CONTRACT = Contract(INSTRUMENT, inverse=False, multiplier=1.0)
SMALL_ROWS = 3_000
SIDES, LEVELS = ("ask", "bid"), range(1, 6)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one run of each, on the same rows in the same process.

    Attributes:
        pandas: The features of every row, then the last row of each bucket: what most users write.
        frugal_pandas: The last row of each bucket first, the features of those only.
        read: Part of ``ours`` that only decodes the columns.
        small: Ours on SMALL_ROWS rows already in memory, nothing written.
    """

    rows: int
    ours: float
    pandas: float
    frugal_pandas: float
    read: float
    small: float

    @property
    def ratio(self) -> float:
        """How many times faster than pandas."""
        return self.pandas / self.ours


def compare(folder: Path, rows: int = BOOK_5_ROWS) -> Timing:
    """Run both on one generated instrument-day of about ``rows`` rows, the compiled code warm; files are kept in ``folder``."""
    book = pa.ipc.open_file(books_of_one_day(folder, 5, rows).arrow()).read_all()
    raw, flat = folder / f"book-{rows}.parquet", folder / f"book-{rows}-flat.parquet"
    pq.write_table(book, raw, compression="zstd", compression_level=3, use_dictionary=False, row_group_size=131_072)
    # pandas makes a Python object of every list, so it gets the flat layout that its users store.
    pq.write_table(flat_view(book), flat, compression="zstd", compression_level=3, row_group_size=131_072)
    small = book.slice(0, SMALL_ROWS)
    from_book(small, CONTRACT, DAY, TIMEFRAMES)
    return Timing(
        rows=book.num_rows,
        ours=best(lambda: ours(raw, folder)),
        pandas=best(lambda: features_first(flat, folder), repeats=1),
        frugal_pandas=best(lambda: last_rows_first(flat, folder), repeats=1),
        read=best(lambda: pq.ParquetFile(raw).read()),
        small=best(lambda: from_book(small, CONTRACT, DAY, TIMEFRAMES), repeats=20),
    )


def ours(raw: Path, folder: Path) -> None:
    """Read, compute and write with this package's code."""
    for timeframe, frame in from_book(pq.ParquetFile(raw).read(), CONTRACT, DAY, TIMEFRAMES).items():
        pq.write_table(frame.table, folder / f"ours-{timeframe}.parquet", compression="zstd", compression_level=3, use_dictionary=False)


def features_first(flat: Path, folder: Path) -> None:
    """Read, compute and write with pandas: features of every row, then per timeframe the last row of each bucket, carried forward."""
    rows = _rows(flat)
    not_open = _time_not_open(rows)
    rows = _with_features(rows)
    for timeframe in TIMEFRAMES:
        _write(_pandas_snapshots(rows, not_open, timeframe), folder, timeframe)


def last_rows_first(flat: Path, folder: Path) -> None:
    """Read, compute and write with pandas: per timeframe the last row of each bucket, carried forward, then their features."""
    rows = _rows(flat)
    not_open = _time_not_open(rows)
    for timeframe in TIMEFRAMES:
        _write(_with_features(_pandas_snapshots(rows, not_open, timeframe)), folder, timeframe)


def flat_view(book: pa.Table) -> pa.Table:
    """The book with one column per level: ``ask_price_1`` and its like."""
    columns = {name: book[name] for name in ("timestamp", "local_timestamp")}
    for side in SIDES:
        for kind in ("price", "amount"):
            values = book[f"{side}_{kind}s"].combine_chunks().flatten().to_numpy().reshape(book.num_rows, len(LEVELS))
            columns |= {f"{side}_{kind}_{level}": pa.array(np.ascontiguousarray(values[:, level - 1])) for level in LEVELS}
    return pa.table(columns)


def _rows(flat: Path) -> pd.DataFrame:
    rows = pd.read_parquet(flat)
    return rows.assign(microsecond=rows["timestamp"].astype("int64"))


def _write(snapshots: pd.DataFrame, folder: Path, timeframe: Timeframe) -> None:
    snapshots.to_parquet(folder / f"pandas-{timeframe}.parquet", compression="zstd")


def _time_not_open(rows: pd.DataFrame) -> pd.DataFrame:
    """Crossed and locked time per 15s bucket: the rows, cut at every bucket's start, each lasting until the next, at most MAX_AGE."""
    edges = pd.DataFrame({"microsecond": day_start(DAY) + np.arange(FINEST.buckets_per_day) * FINEST.microseconds})
    said = rows[["microsecond", "ask_price_1", "bid_price_1"]].assign(said_at=rows["microsecond"])
    spans = pd.concat([edges, said]).sort_values("microsecond", kind="stable").ffill()
    length = spans["microsecond"].shift(-1, fill_value=day_start(DAY) + TIMEFRAMES[-1].microseconds) - spans["microsecond"]
    length = np.minimum(length, (spans["said_at"] + MAX_AGE - spans["microsecond"]).clip(lower=0))
    return pd.DataFrame(
        {
            "microsecond": spans["microsecond"],
            "crossed_us": length.where(spans["bid_price_1"] > spans["ask_price_1"], 0),
            "locked_us": length.where(spans["bid_price_1"] == spans["ask_price_1"], 0),
        }
    )


def _pandas_snapshots(rows: pd.DataFrame, not_open: pd.DataFrame, timeframe: Timeframe) -> pd.DataFrame:
    width = timeframe.microseconds
    bucket = rows["microsecond"] // width * width
    grouped = rows.groupby(bucket)
    grid = pd.Index(day_start(DAY) + np.arange(timeframe.buckets_per_day) * width, name="start")
    last = grouped.tail(1).set_axis(bucket.drop_duplicates(keep="last"), axis=0).reindex(grid)
    arrival = grouped["local_timestamp"].max().reindex(grid)
    updates = grouped.size().reindex(grid, fill_value=0)
    snapshots = last.ffill().rename(columns={"timestamp": "snapshot_at"}).drop(columns=["microsecond", "local_timestamp"])
    snapshots.insert(0, "instrument_id", str(INSTRUMENT))
    snapshots["timestamp"] = pd.to_datetime(grid, unit="us", utc=True).as_unit("us")
    snapshots["timestamp_close"] = snapshots["timestamp"] + pd.Timedelta(seconds=timeframe.seconds)
    snapshots["available_at"] = snapshots["timestamp_close"]
    for known in (arrival, last["local_timestamp"].ffill().shift()):
        snapshots["available_at"] = snapshots["available_at"].mask(known > snapshots["available_at"], known)
    snapshots["stale_us"] = (snapshots["timestamp_close"] - snapshots["snapshot_at"]).dt.total_seconds() * 1e6
    snapshots["bucket_status"] = np.where(snapshots["stale_us"] <= MAX_AGE, "quoted", "no_data")
    snapshots["book_updates"] = updates
    totals = not_open.groupby(not_open["microsecond"] // width * width)[["crossed_us", "locked_us"]].sum()
    return snapshots.join(totals)


def _with_features(book: pd.DataFrame) -> pd.DataFrame:
    ask, bid = book["ask_price_1"], book["bid_price_1"]
    mid = ((ask + bid) / 2).where(bid < ask)
    features = {
        "mid": mid,
        "spread": (ask - bid).where(bid < ask),
        "spread_bps": (ask - bid) / mid * 1e4,
        "microprice": (ask * book["bid_amount_1"] + bid * book["ask_amount_1"]) / (book["ask_amount_1"] + book["bid_amount_1"]),
        "obi_1": _imbalance(book, 1),
        "obi_5": _imbalance(book, 5),
        "obi_25": np.nan,
        "levels": 5,
    }
    for side in SIDES:
        prices, amounts = (book[[f"{side}_{kind}_{level}" for level in LEVELS]].to_numpy() for kind in ("price", "amount"))
        features |= _side_features(side, np.nan_to_num(prices * amounts), prices, mid.to_numpy()[:, None])
    return book.assign(**features)


def _imbalance(book: pd.DataFrame, count: int) -> "pd.Series[float]":
    bid, ask = (book[[f"{side}_amount_{level}" for level in range(1, count + 1)]].sum(axis=1) for side in ("bid", "ask"))
    return (bid - ask) / (bid + ask)


def _side_features(side: str, quote: np.ndarray, prices: np.ndarray, mid: np.ndarray) -> dict[str, np.ndarray]:
    distance = np.abs(prices - mid) / mid * 1e4
    cumulative = quote.cumsum(axis=1)
    deviation = distance - distance.mean(axis=1, keepdims=True)
    made = {
        f"depth_{side}_5": cumulative[:, -1],
        f"book_slope_{side}": (deviation * cumulative).sum(axis=1) / (deviation**2).sum(axis=1),
    }
    for limit in (5, 10, 25):
        made[f"depth_within_{limit}bps_{side}"] = np.where(distance <= limit, quote, 0).sum(axis=1)
    for label, notional in (("10k", 10_000.0), ("100k", 100_000.0)):
        base = (np.clip(notional - (cumulative - quote), 0, quote) / prices).sum(axis=1)
        taker, sign = ("buy", 1) if side == "ask" else ("sell", -1)
        cost = sign * (notional / base / mid[:, 0] - 1) * 1e4
        made[f"sweep_cost_{label}_{taker}"] = np.where(cumulative[:, -1] >= notional, cost, np.nan)
    return made
