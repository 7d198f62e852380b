import datetime as dt
import threading

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets import MarketData, PartitionMissing, QueryError, Settings, SettingsError, UnknownInstrument
from market_data_assets.domain.days import day_start, to_datetime
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, NEXT_DAY, lake_at, write_trades

SOL = "BINANCE:PERP:SOL-USDT"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """BTC trades on two days, each file cut by arrival: a trade of the first day arrived on the second. ETH only on the first."""
    root = tmp_path_factory.mktemp("lake")
    lake = lake_at(root)
    btc = [("2024-08-08T00:00", 1, "buy", 10.0), ("2024-08-08T12:00", 2, "buy", 11.0), ("2024-08-08T12:00:00.000001", 3, "buy", 12.0)]
    late = [("2024-08-08T23:59:59.999", 4, "sell", 13.0), ("2024-08-09T00:00", 5, "unknown", 14.0), ("2024-08-09T06:00", 6, "buy", 15.0)]
    write_trades(lake, DAY, {BTC: btc, ETH: [("2024-08-08T01:00", "uuid-1", "sell", 20.0)]})
    write_trades(lake, NEXT_DAY, {BTC: late})
    return root


@pytest.fixture
def market_data(root):
    return MarketData(root=root)


def prices(frame):
    return list(frame["price"])


def test_trades_are_pandas_with_utc_times_and_categories_by_default(market_data):
    frame = market_data.trades(BTC, "2024-08-08", "2024-08-09")
    assert isinstance(frame, pd.DataFrame)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "timestamp": "datetime64[us, UTC]",
        "local_timestamp": "datetime64[us, UTC]",
        "id": "int64",
        "side": "category",
        "price": "float64",
        "amount": "float64",
    }
    assert list(frame["side"].cat.categories) == ["buy", "sell", "unknown"]
    assert prices(frame) == [10, 11, 12, 13]


@pytest.mark.parametrize(("as_", "kind"), [("polars", pl.DataFrame), ("lazy", pl.LazyFrame), ("arrow", pa.Table)])
def test_other_kinds_of_frames_hold_the_same_rows(market_data, as_, kind):
    frame = market_data.trades(BTC, "2024-08-08", "2024-08-09", ["timestamp", "price"], as_=as_)
    assert isinstance(frame, kind)
    table = frame.collect() if as_ == "lazy" else frame
    assert [value.as_py() if as_ == "arrow" else value for value in table["price"]] == [10, 11, 12, 13]


def test_kind_of_frame_that_does_not_exist_is_refused(market_data):
    with pytest.raises(QueryError, match="as_ 'numpy': expected one of pandas, polars, lazy, arrow"):
        market_data.trades(BTC, "2024-08-08", "2024-08-09", as_="numpy")


def test_range_is_half_open_to_the_microsecond(market_data):
    frame = market_data.trades(BTC, "2024-08-08T12:00", "2024-08-08T12:00:00.000001")
    assert prices(frame) == [11]


def test_trade_that_arrived_after_midnight_is_found_in_its_own_day(market_data):
    assert prices(market_data.trades(BTC, "2024-08-08T23:00", "2024-08-09")) == [13]
    assert prices(market_data.trades(BTC, "2024-08-09", "2024-08-10")) == [14, 15]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2024-08-08", "2024-08-09"),
        (DAY, NEXT_DAY),
        (dt.datetime(2024, 8, 8, tzinfo=dt.UTC), pd.Timestamp("2024-08-09", tz="UTC")),
        (dt.datetime(2024, 8, 8, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))), "2024-08-09T01:00+01:00"),
    ],
)
def test_times_are_text_dates_or_aware_datetimes(market_data, start, end):
    assert prices(market_data.trades(BTC, start, end)) == [10, 11, 12, 13]


def test_naive_datetime_is_refused(market_data):
    with pytest.raises(QueryError, match="naive"):
        market_data.trades(BTC, dt.datetime(2024, 8, 8), "2024-08-09")  # noqa: DTZ001


def test_range_that_ends_before_it_starts_is_refused(market_data):
    with pytest.raises(QueryError, match="before it starts"):
        market_data.trades(BTC, "2024-08-09", "2024-08-08")


def test_empty_range_has_no_rows_and_all_columns(market_data):
    frame = market_data.trades(BTC, "2024-08-08", "2024-08-08")
    assert frame.shape == (0, 6)
    assert market_data.trades([BTC], "2024-08-08", "2024-08-08").shape == (0, 7)


@pytest.mark.parametrize("text", ["binance:perp:btc-usdt", " BINANCE:SWAP:BTC-USDT ", "binance-futures:perpetual:BTC-USDT", BTC])
def test_id_is_taken_in_any_case_and_with_aliases(market_data, text):
    assert len(market_data.trades(text, "2024-08-08", "2024-08-09")) == 4


def test_several_ids_add_a_column_and_keep_their_order(market_data):
    frame = market_data.trades([ETH, BTC, str(ETH)], "2024-08-08", "2024-08-09", ["price", "side"])
    assert list(frame.columns) == ["instrument_id", "price", "side"]
    assert list(frame["instrument_id"]) == [str(ETH)] + [str(BTC)] * 4
    assert str(frame["instrument_id"].dtype) == "category"
    assert list(frame["side"]) == ["sell", "buy", "buy", "buy", "sell"]


def test_text_ids_beside_whole_ids_make_all_ids_text(market_data):
    frame = market_data.trades([BTC, ETH], "2024-08-08", "2024-08-09")
    assert list(frame["id"]) == ["1", "2", "3", "4", "uuid-1"]


def test_whole_ids_beside_missing_ids_stay_whole(tmp_path):
    large = 2**53 + 1
    write_trades(lake_at(tmp_path), DAY, {BTC: [("2024-08-08T00:00", large, "buy", 1.0), ("2024-08-08T00:01", None, "buy", 1.0)]})
    ids = MarketData(root=tmp_path).trades(BTC, "2024-08-08", "2024-08-09")["id"]
    assert ids[0] == large
    assert ids[1] is pd.NA


def test_only_the_columns_asked_for_come_back_in_their_order(market_data):
    assert list(market_data.trades(BTC, "2024-08-08", "2024-08-09", ["price", "timestamp", "price"]).columns) == ["price", "timestamp"]
    assert list(market_data.trades(BTC, "2024-08-08", "2024-08-09", "price").columns) == ["price"]
    assert list(market_data.trades(BTC, "2024-08-08", "2024-08-09", ["instrument_id"])["instrument_id"]) == [str(BTC)] * 4


def test_unknown_column_is_refused_with_those_that_exist(market_data):
    with pytest.raises(QueryError, match=r"raw_tick_data/trades has no column prise; it has .*side, price, amount"):
        market_data.trades(BTC, "2024-08-08", "2024-08-09", ["prise"])
    with pytest.raises(QueryError, match="no column was asked for"):
        market_data.trades(BTC, "2024-08-08", "2024-08-09", [])


def test_unknown_id_is_refused_with_near_names(market_data):
    with pytest.raises(QueryError, match="'BINANCE:PERP:BTC-USD' is not known; did you mean BINANCE:PERP:BTC-USDT"):
        market_data.trades("BINANCE:PERP:BTC-USD", "2024-08-08", "2024-08-09")


def test_text_that_is_no_id_is_refused(market_data):
    with pytest.raises(UnknownInstrument, match="VENUE:TYPE:SYMBOL"):
        market_data.trades("BTCUSDT", "2024-08-08", "2024-08-09")
    with pytest.raises(QueryError, match="no instrument id"):
        market_data.trades([], "2024-08-08", "2024-08-09")


def test_range_without_a_stored_day_is_an_error_that_names_stored_days(market_data):
    for missing in ("raise", "skip"):
        with pytest.raises(PartitionMissing, match="nothing stored for 2023-01-01; stored nearby are 2024-08-08, 2024-08-09"):
            market_data.trades(BTC, "2023-01-01", "2023-01-02", missing=missing)


def test_missing_day_is_refused_unless_it_is_to_be_skipped(market_data):
    with pytest.raises(PartitionMissing, match=r'missing are 2024-08-10, 2024-08-11; .*pass missing="skip"'):
        market_data.trades(BTC, "2024-08-08", "2024-08-12")
    assert len(market_data.trades(BTC, "2024-08-08", "2024-08-12", missing="skip")) == 6
    with pytest.raises(QueryError, match="missing 'ignore': expected raise or skip"):
        market_data.trades(BTC, "2024-08-08", "2024-08-09", missing="ignore")


def test_instrument_that_is_missing_on_a_stored_day_is_refused_unless_it_is_to_be_skipped(market_data):
    with pytest.raises(QueryError, match=r"lacks 2024-08-09 BINANCE:PERP:ETH-USDT .not among the day's instruments"):
        market_data.trades([BTC, ETH], "2024-08-08", "2024-08-10")
    assert len(market_data.trades([BTC, ETH], "2024-08-08", "2024-08-10", missing="skip")) == 7


def test_day_on_which_the_instrument_was_not_listed_is_no_gap_but_any_other_absence_is(tmp_path):
    lake = lake_at(tmp_path)
    write_trades(lake, DAY, {BTC: [("2024-08-08T00:00", 1, "buy", 1.0)]}, absent={ETH: "not_listed", BTC.parse(SOL): "not_available_yet"})
    write_trades(lake, NEXT_DAY, {one: [("2024-08-09T00:00", 1, "buy", 2.0)] for one in (BTC, ETH, BTC.parse(SOL))})
    market_data = MarketData(root=tmp_path)
    assert prices(market_data.trades(ETH, "2024-08-08", "2024-08-10")) == [2]
    with pytest.raises(QueryError, match=r"lacks 2024-08-08 BINANCE:PERP:SOL-USDT .not_available_yet"):
        market_data.trades(SOL, "2024-08-08", "2024-08-10")
    with pytest.raises(QueryError, match="nothing of BINANCE:PERP:ETH-USDT in the range: 2024-08-08 not_listed"):
        market_data.trades(ETH, "2024-08-08", "2024-08-09")


def test_instrument_day_without_trades_has_no_rows_and_is_no_error(tmp_path):
    write_trades(lake_at(tmp_path), DAY, {BTC: []})
    assert MarketData(root=tmp_path).trades(BTC, "2024-08-08", "2024-08-09").shape == (0, 6)


def test_new_version_of_a_day_is_read_at_once(tmp_path):
    lake, market_data = lake_at(tmp_path), MarketData(root=tmp_path)
    for price in (1.0, 2.0):
        write_trades(lake, DAY, {BTC: [("2024-08-08T00:00", 1, "buy", price)]})
        assert prices(market_data.trades(BTC, "2024-08-08", "2024-08-09")) == [price]


def test_explain_lists_files_rows_bytes_and_what_is_missing_without_decoding(market_data, root):
    plan = market_data.explain("trades", [BTC, ETH], "2024-08-08", "2024-08-11")
    name = "raw_tick_data/by_date/day-2024-08-08/data_type-trades/BINANCE:PERP:BTC-USDT.parquet"
    assert plan.pieces[0].file.name == name
    assert (len(plan.pieces), plan.rows) == (3, 7)
    assert plan.size == sum(file.stat().st_size for file in root.rglob("*.parquet"))
    assert [str(gap) for gap in plan.missing] == [
        "2024-08-10 (nothing stored)",
        "2024-08-09 BINANCE:PERP:ETH-USDT (not among the day's instruments)",
    ]
    head, offer, *rest = str(plan).splitlines()
    assert head == f"raw_tick_data/trades: 2 instruments on 2 days, 7 rows, {plan.size:,} bytes"
    assert offer == f"  lake: 3 files, {plan.size / 1000:.1f} kB, on this machine, free"
    assert rest[0].startswith(f"  {name}  ")
    assert rest[-1] == "  missing: 2024-08-09 BINANCE:PERP:ETH-USDT (not among the day's instruments)"
    with pytest.raises(QueryError, match="dataset 'trade' is not known; stored are trades, "):
        market_data.explain("trade", BTC, "2024-08-08", "2024-08-11")


def test_settings_or_root_but_not_both(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(MarketData(Settings.load({"MDA_ROOT": str(root)})).trades(BTC, DAY, NEXT_DAY)) == 4
    with pytest.raises(SettingsError, match="settings or root"):
        MarketData(Settings.load({}), root=root)


def test_one_reader_serves_many_threads(market_data):
    expected = market_data.trades([BTC], "2024-08-08", "2024-08-10", as_="arrow")
    found = []

    def read_often():
        found.extend(market_data.trades([BTC], "2024-08-08", "2024-08-10", as_="arrow") for _ in range(10))

    threads = [threading.Thread(target=read_often) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 60
    assert all(table == expected for table in found)


MOMENTS = st.integers(-1_000_000, 2 * 86_400_000_000)


@given(first=MOMENTS, second=MOMENTS)
def test_reading_any_window_equals_filtering_the_whole(root, first, second):
    start, end = (day_start(DAY) + offset for offset in sorted((first, second)))
    market_data = MarketData(root=root)
    whole = market_data.trades(BTC, "2024-08-08", "2024-08-10", as_="arrow")
    inside = [start <= time < end for time in whole["timestamp"].cast(pa.int64()).to_pylist()]
    try:
        window = market_data.trades(BTC, to_datetime(start), to_datetime(end), missing="skip", as_="arrow")
    except PartitionMissing:
        assert not any(inside)
    else:
        assert window.to_pydict() == whole.filter(pa.array(inside)).to_pydict()
