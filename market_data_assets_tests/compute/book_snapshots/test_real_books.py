"""Real books of four venues' parts: what snapshots show at each bucket's end is what the venue's own top of book says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest

from market_data_assets.compute.book_snapshots import from_book, merge
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.days import day_end, day_start, parse_day
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES

DAY = parse_day("2024-08-08")
START = day_start(DAY)
CLOCKS = ("timestamp", "local_timestamp")

SPOT = ("binance", "BTCUSDT", Contract(InstrumentId.parse("BINANCE:SPOT_PAIR:BTC-USDT"), inverse=False, multiplier=1.0))
LINEAR = ("binance-futures", "BTCUSDT", Contract(InstrumentId.parse("BINANCE:PERP:BTC-USDT"), inverse=False, multiplier=1.0))
INVERSE = ("binance-delivery", "BTCUSD_PERP", Contract(InstrumentId.parse("BINANCE:PERP:BTC-USD"), inverse=True, multiplier=100.0))
MARKETS = [SPOT, LINEAR, INVERSE]


def rows_of_day(folder: Path, exchange: str, data_type: str, symbol: str) -> pa.Table:
    """The rows whose exchange day is DAY, from its file and the head of the next, sorted by time, then by delivery."""
    files = [folder / exchange / data_type / "2024" / "08" / day / f"{symbol}.csv.gz" for day in ("08", "09")]
    rows = pa.concat_tables([pa.csv.read_csv(file) for file in files if file.exists()])
    times = rows["timestamp"].to_numpy()
    order = np.argsort(times, kind="stable")
    return rows.take(order[(times[order] >= START) & (times[order] < day_end(DAY))])


def raw_book(rows: pa.Table, levels: int) -> pa.Table:
    def column(side: str, part: str) -> pa.Array:
        levels_of = [rows[f"{side}[{level}].{part}"].cast(pa.float64()).to_numpy() for level in range(levels)]
        return pa.FixedSizeListArray.from_arrays(pa.array(np.column_stack(levels_of).reshape(-1)), levels)

    return pa.table(
        {
            **{name: rows[name].cast(TIMESTAMP) for name in CLOCKS},
            **{f"{side}_{part}s": column(f"{side}s", part) for side in ("ask", "bid") for part in ("price", "amount")},
        }
    )


@pytest.mark.parametrize(("exchange", "symbol", "contract"), MARKETS, ids=[market[0] for market in MARKETS])
def test_the_book_at_every_bucket_end_is_the_last_quote_before_it(samples: Path, exchange: str, symbol: str, contract: Contract) -> None:
    folder = samples / "tardis_from_raw" / "v1"
    book = raw_book(rows_of_day(folder, exchange, "book_snapshot_5", symbol), 5)
    snapshots = from_book(book, contract, DAY, [FINEST])[FINEST].table.to_pandas()
    snapshots["end"] = snapshots["timestamp_close"].astype("int64")
    quotes = rows_of_day(folder, exchange, "quotes", symbol).to_pandas().drop(columns=["exchange", "symbol"])
    joined = pd.merge_asof(snapshots, quotes, left_on="end", right_on="timestamp", allow_exact_matches=False, suffixes=("", "_quote"))
    shown = joined[joined["snapshot_at"].notna()]
    assert len(shown) >= 20
    for best in ("ask_price", "ask_amount", "bid_price", "bid_amount"):
        np.testing.assert_array_equal(shown[f"{best}_1"], shown[best])
    assert joined[joined["snapshot_at"].isna()]["ask_price"].isna().all()
    assert not shown[["crossed_us", "locked_us"]].any(axis=None)
    assert shown["mid"].notna().all()


@pytest.mark.parametrize(("exchange", "symbol", "contract"), MARKETS, ids=[market[0] for market in MARKETS])
def test_real_books_merge_exactly_and_lose_no_row(samples: Path, exchange: str, symbol: str, contract: Contract) -> None:
    book = raw_book(rows_of_day(samples / "tardis_from_raw" / "v1", exchange, "book_snapshot_5", symbol), 5)
    frames = from_book(book, contract, DAY, TIMEFRAMES)
    for timeframe, frame in frames.items():
        assert frame.quarantined == ()
        assert sum(frame.table["book_updates"].to_pylist()) == book.num_rows
        assert merge(frames[FINEST].table, timeframe).equals(frame.table)


@pytest.mark.parametrize(("exchange", "symbol", "contract"), MARKETS[:2], ids=[market[0] for market in MARKETS[:2]])
def test_five_and_twenty_five_levels_of_one_book_agree(samples: Path, exchange: str, symbol: str, contract: Contract) -> None:
    folder = samples / "tardis_from_raw" / "v1"
    shallow, deep = (
        from_book(raw_book(rows_of_day(folder, exchange, f"book_snapshot_{levels}", symbol), levels), contract, DAY, [FINEST])[FINEST].table
        for levels in (5, 25)
    )
    same = [f"{side}_{part}_{level}" for side in ("ask", "bid") for part in ("price", "amount") for level in range(1, 6)]
    same += ["mid", "spread", "microprice", "obi_1", "obi_5", "depth_bid_5", "book_slope_ask"]
    assert deep.select(same).equals(shallow.select(same))
    assert set(deep["levels"].drop_null().to_pylist()) == {25}
    assert deep["obi_25"].null_count == deep["snapshot_at"].null_count
    reach = deep["depth_within_25bps_bid"].drop_null().to_numpy() - shallow["depth_within_25bps_bid"].drop_null().to_numpy()
    assert (reach > 0).all()


def test_a_genuine_vendor_book_reads_as_it_is_printed(samples: Path) -> None:
    file = samples / "tardis" / "v1" / "binance-futures" / "book_snapshot_5" / "2020" / "09" / "01" / "BTCUSDT.csv.gz"
    rows = pa.csv.read_csv(file)
    (*_, last) = rows.to_pylist()
    frame = from_book(raw_book(rows, 5), LINEAR[2], parse_day("2020-09-01"), [FINEST])[FINEST]
    (first, *_) = frame.table.to_pylist()
    assert first["book_updates"] == rows.num_rows
    assert frame.quarantined == ()
    for level in range(5):
        for side in ("ask", "bid"):
            assert first[f"{side}_price_{level + 1}"] == last[f"{side}s[{level}].price"]
            assert first[f"{side}_amount_{level + 1}"] == last[f"{side}s[{level}].amount"]
    assert int(first["snapshot_at"].timestamp() * 1_000_000) == last["timestamp"]
