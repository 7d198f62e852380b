import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.report.bars import bars_of_executions
from market_data_assets.report.drawing import BLUE, data_uri
from market_data_assets.report.tick_charts import activity_chart, execution_chart, ticker_chart
from market_data_assets_tests.report.pictures import starts, texts
from market_data_assets_tests.report.tables import START

DAY = dt.date(2024, 8, 8)
HOUR = 3_600_000_000


def times(*instants: int) -> pa.Array:
    return pa.array([START + instant for instant in instants]).cast(TIMESTAMP)


def executions(*rows: tuple[int, str, float, float]) -> pa.Table:
    """Trades: µs of the day, side, price, amount."""
    sides = pa.array([row[1] for row in rows], pa.string()).dictionary_encode()
    prices, amounts = (pa.array([row[place] for row in rows], pa.float64()) for place in (2, 3))
    return pa.table({"timestamp": times(*(row[0] for row in rows)), "side": sides, "price": prices, "amount": amounts})


def test_executions_become_bars_with_amounts_by_side_and_none_from_outside_the_day() -> None:
    table = executions(
        (-1, "buy", 1, 1), (0, "buy", 100, 2), (HOUR - 1, "sell", 90, 3), (5 * HOUR, "unknown", 95, 4), (24 * HOUR, "buy", 1, 1)
    )
    bars = bars_of_executions(table, (START, START + 24 * HOUR), 24)
    assert ((bars.start - START) // HOUR).tolist() == [0, 5]
    assert (bars.open.tolist(), bars.close.tolist()) == ([100, 95], [90, 95])
    assert {side: volume.tolist() for side, volume in bars.volumes.items()} == {
        "buy_volume": [2, 0],
        "sell_volume": [3, 0],
        "unknown_volume": [0, 4],
    }


def test_no_executions_say_so() -> None:
    assert "no trades" in texts(execution_chart(executions(), "title", DAY))


def test_ticker_shows_what_is_known_and_says_what_is_not() -> None:
    nothing = pa.array([None, None], pa.float64())
    columns = {"mark_price": pa.array([1.0, 2.0]), "funding_rate": nothing, "open_interest": pa.array([5.0, None])}
    written = texts(ticker_chart(pa.table({"timestamp": times(0, HOUR), **columns}), "title", DAY))
    assert written.count("none") == 1
    assert {"mark price", "funding rate, bps an interval", "open interest, units of amount"} <= set(written)


def test_activity_counts_rows_in_ten_minutes_and_their_delay() -> None:
    at = [number * 60_000_000 for number in range(30)]
    table = pa.table({"timestamp": times(*at), "local_timestamp": times(*(each + 7_000 for each in at))})
    svg = activity_chart(table, "title", DAY)
    assert len([place for place in starts(svg, BLUE) if place[1] > 40]) == 3
    assert "nan" not in svg


@pytest.mark.parametrize("rows", [0, 1, 200_000])
def test_pictures_stay_small_whatever_the_number_of_rows(rows: int) -> None:
    generator = np.random.default_rng(1)
    instants = START + np.sort(generator.integers(0, 24 * HOUR, rows))
    at = pa.array(instants).cast(TIMESTAMP)
    price = 60_000 + generator.normal(0, 50, rows).cumsum()
    states = {"mark_price": price, "funding_rate": price * 1e-9, "open_interest": price}
    side = pa.array(np.where(price > 60_000, "buy", "sell").tolist(), pa.string()).dictionary_encode()
    drawn = [
        execution_chart(pa.table({"timestamp": at, "side": side, "price": price, "amount": np.ones(rows)}), "title", DAY),
        ticker_chart(pa.table({"timestamp": at, **states}), "title", DAY),
        activity_chart(pa.table({"timestamp": at, "local_timestamp": at}), "title", DAY),
    ]
    assert max(len(data_uri(svg)) for svg in drawn) <= 40_000
