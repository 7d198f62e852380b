"""A features service in five steps, on the read package alone: python service.py --day 2024-08-08, or --follow.

Its features are about pressure: how one-sided the last quarter of an hour was, how much of the book leans with it, and how an
instrument did beside the others. Its signal says that a strong push against a thin book tends to come back.
"""

import argparse
import datetime as dt
import sys
import time
from collections.abc import Sequence

import polars as pl

from market_data_assets import MarketData, MarketDataError, PartitionMissing  # step 1

FEATURES = "pressure_v1"
SIGNAL, MODEL_VERSION = "push_comes_back", "1"
WINDOW, PEERS_WINDOW = 15, 60
INPUTS = ["close", "volume", "volume_delta", "obi_5_twa"]
KEY = ["instrument_id", "timestamp", "available_at"]
COMPUTED = ["flow_pressure", "book_lean", "return_beside_peers"]


def instruments_of(md: MarketData, day: dt.date) -> list[str]:
    """Step 2: the perpetuals that were listed on the day, those that are delisted today too."""
    listed: pl.DataFrame = md.instruments(day, instrument_type="PERP", as_="polars")
    return listed["instrument_id"].cast(pl.String).to_list()


def candles_of(md: MarketData, ids: Sequence[str], day: dt.date) -> pl.DataFrame:
    """Step 3: one-minute candles with their order-flow and book features, from the warehouse.

    Minutes without trades have the last price. Minutes that nobody recorded are holes: null, so that no window covers one.
    """
    columns = [*KEY, "bucket_status", *INPUTS]
    candles: pl.DataFrame = md.candles(
        ids, "1m", day, day + dt.timedelta(days=1), columns, fill="ffill", source="warehouse", missing="skip", as_="polars"
    )
    known = pl.col("bucket_status").cast(pl.String).is_in(["traded", "no_trades"])
    return candles.with_columns(pl.when(known).then(pl.col(name)).alias(name) for name in INPUTS).sort("instrument_id", "timestamp")


def features_of(candles: pl.DataFrame) -> pl.DataFrame:
    """Step 4: a row per candle, by its start like the stored features, and known when the last candle it rests on was."""
    own = pl.col("volume_delta").rolling_sum(WINDOW) / pl.col("volume").rolling_sum(WINDOW)
    rows = candles.with_columns(
        flow_pressure=own.fill_nan(None).over("instrument_id"),
        book_lean=pl.col("obi_5_twa").rolling_mean(WINDOW).over("instrument_id"),
        own_return=pl.col("close").log().diff(PEERS_WINDOW).over("instrument_id"),
        available_at=pl.col("available_at").cum_max().over("instrument_id"),
    )
    rows = rows.with_columns(
        return_beside_peers=pl.col("own_return") - pl.col("own_return").mean().over("timestamp"),
        # The peers' candles are among what a row rests on.
        available_at=pl.col("available_at").max().over("timestamp"),
    )
    return rows.select(*KEY, *COMPUTED).filter(pl.any_horizontal(pl.col(COMPUTED).is_not_null()))


def signals_of(features: pl.DataFrame) -> pl.DataFrame:
    """A signal per row, against the flow where the book does not lean with it; null where the model has no opinion."""
    against = pl.when(pl.col("flow_pressure") * pl.col("book_lean") < 0).then(-pl.col("flow_pressure"))
    return features.select(*KEY, value=against, signal=pl.lit(SIGNAL), model_version=pl.lit(MODEL_VERSION))


def push(md: MarketData, features: pl.DataFrame) -> bool:
    """Step 5: store features and signals for backtests. False where the same rows were there: writing again changes nothing."""
    commits = [*md.write_features(FEATURES, features), *md.write_signals(signals_of(features))]
    return any(commit.status != "noop" for commit in commits)


def process(md: MarketData, day: dt.date) -> str:
    """The five steps for one day; a line that says what came of it.

    Raises:
        PartitionMissing: the day is not there yet.
    """
    candles = candles_of(md, instruments_of(md, day), day)
    if candles.is_empty():
        return f"{day}: no candles of perpetuals"
    features = features_of(candles)
    written = push(md, features)
    return f"{day}: {len(features):,} rows of {features['instrument_id'].n_unique()} instruments {'written' if written else 'unchanged'}"


def follow(md: MarketData, days: int, seconds: float) -> None:
    """Process the last days again and again: new ones as they come, and those that were restated."""
    told: dict[dt.date, str] = {}
    while True:
        today = dt.datetime.now(dt.UTC).date()
        for day in (today - dt.timedelta(days=back) for back in range(days, 0, -1)):
            try:
                line = process(md, day)
            except MarketDataError as error:
                line = f"{day}: {error}"
            if told.get(day) != line:
                print(line, flush=True)
            told[day] = line
        time.sleep(seconds)


def main() -> int:
    """Exit code 0 when the day was processed, 1 when it is not there or could not be read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--day", type=dt.date.fromisoformat, help="UTC day, YYYY-MM-DD")
    what.add_argument("--follow", action="store_true", help="the last days, again and again")
    parser.add_argument("--days", type=int, default=7, help="how many days --follow looks back")
    parser.add_argument("--seconds", type=float, default=60, help="pause between two looks")
    arguments = parser.parse_args()
    md = MarketData()
    if arguments.follow:
        follow(md, arguments.days, arguments.seconds)
    try:
        print(process(md, arguments.day))
    except PartitionMissing as missing:
        print(f"error: {missing}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
