"""The option chain of an underlying at an instant, and single contracts out of it."""

import datetime as dt

import pytest

from market_data_assets import MarketData, PartitionMissing, QueryError
from market_data_assets.client import chains
from market_data_assets.domain.schemas import OPTIONS_CHAIN
from market_data_assets.errors import BadData, Retryable
from market_data_assets_tests.client.lakes import DAY, NEXT_DAY, lake_at, write_chain

CALL, PUT = "DERIBIT:OPTION:BTC-USD-50000-240927-CALL", "DERIBIT:OPTION:BTC-USD-50000-240927-PUT"
LINEAR, ETH = "DERIBIT:OPTION:BTC-USDC-50000-240927-CALL", "DERIBIT:OPTION:ETH-USD-3000-240927-CALL"
NOON = "2024-08-08T12:00:00"


@pytest.fixture(scope="module")
def market_data(tmp_path_factory):
    """Two days; the last row of Thursday's PUT before midnight arrived on Friday."""
    root = tmp_path_factory.mktemp("chains")
    lake = lake_at(root)
    thursday = {
        CALL: [("2024-08-08T11:59:00", 1.0), ("2024-08-08T11:59:30", 2.0), (NOON, 3.0), ("2024-08-08T12:00:00.000001", 4.0)],
        PUT: [("2024-08-08T11:59:00", 5.0), ("2024-08-08T23:59:30", 6.0)],
        LINEAR: [("2024-08-08T11:59:59", 7.0), (NOON, 8.0), (NOON, 9.0)],
        ETH: [(NOON, 10.0)],
    }
    write_chain(lake, DAY, thursday)
    write_chain(lake, NEXT_DAY, {CALL: [("2024-08-09T00:00:10", 11.0)], PUT: [("2024-08-08T23:59:59", 12.0), ("2024-08-09T00:01", 13.0)]})
    return MarketData(root=root)


def marks(market_data, underlying="BTC", at=NOON, **options):
    chain = market_data.options_chain("DERIBIT", underlying, at=at, columns=["instrument_id", "mark_price"], as_="arrow", **options)
    return dict(zip(*chain.to_pydict().values(), strict=True))


def test_chain_is_the_last_row_of_each_contract_at_or_before_the_instant(market_data):
    assert marks(market_data) == {CALL: 3.0, PUT: 5.0, LINEAR: 9.0}
    assert marks(market_data, at="2024-08-08T11:59:59.999999") == {CALL: 2.0, PUT: 5.0, LINEAR: 7.0}
    assert marks(market_data, at="2024-08-08T12:00:00.000001") == {CALL: 4.0, LINEAR: 9.0}


def test_row_is_left_out_once_it_is_older_than_asked_for_and_not_before(market_data):
    minute = dt.timedelta(minutes=1)
    assert PUT in marks(market_data, max_age=minute)
    assert PUT not in marks(market_data, max_age=minute - dt.timedelta(microseconds=1))
    assert marks(market_data, max_age=dt.timedelta(0)) == {CALL: 3.0, LINEAR: 9.0}
    with pytest.raises(QueryError, match="max_age -1 day, 23:59:59: expected 0 or more"):
        marks(market_data, max_age=dt.timedelta(seconds=-1))


def test_chain_reaches_over_midnight_and_takes_rows_from_the_file_they_arrived_in(market_data):
    assert marks(market_data, at="2024-08-09T00:00:20") == {CALL: 11.0, PUT: 12.0}
    assert marks(market_data, at="2024-08-08T23:59:59") == {PUT: 12.0}
    assert marks(market_data, at="2024-08-09T00:00:30", max_age=dt.timedelta(days=1)) == {CALL: 11.0, PUT: 12.0, LINEAR: 9.0}


def test_chain_that_reaches_back_to_a_day_that_is_not_stored_is_refused_unless_skipped(market_data):
    before = {"at": "2024-08-08T00:00:30", "underlying": "BTC"}
    with pytest.raises(PartitionMissing, match="2024-08-07"):
        marks(market_data, **before)
    assert marks(market_data, missing="skip", **before) == {}
    with pytest.raises(PartitionMissing, match="2024-08-10"):
        marks(market_data, at="2024-08-10T12:00", missing="skip")


def test_underlying_is_an_asset_or_a_pair_in_any_case(market_data):
    assert marks(market_data, "btc") == marks(market_data, " BTC ")
    assert set(marks(market_data, "BTC-USD")) == {CALL, PUT}
    assert set(marks(market_data, "btc-usdc")) == {LINEAR}
    assert set(market_data.options_chain("deribit", "eth", at=NOON)["instrument_id"]) == {ETH}


def test_underlying_and_venue_that_are_not_there_are_refused_with_what_is(market_data):
    stored = "there are DERIBIT:OPTION:BTC-USD, DERIBIT:OPTION:BTC-USDC, DERIBIT:OPTION:ETH-USD"
    with pytest.raises(QueryError, match=f"options on SOL at DERIBIT, 2024-08-08: none are stored; {stored}"):
        market_data.options_chain("DERIBIT", "SOL", at=NOON)
    with pytest.raises(QueryError, match="options on BTC at OKX, 2024-08-08: none are stored"):
        market_data.options_chain("OKX", "BTC", at=NOON)
    with pytest.raises(QueryError, match="venue 'derebit' is not known"):
        market_data.options_chain("derebit", "BTC", at=NOON)


@pytest.mark.parametrize("as_", ["pandas", "polars", "arrow"])
def test_chain_has_the_id_and_every_column_in_each_kind_of_frame(market_data, as_):
    frame = market_data.options_chain("DERIBIT", "BTC", at=NOON, as_=as_)
    names = frame.column_names if as_ == "arrow" else list(frame.columns)
    assert names == ["instrument_id", *OPTIONS_CHAIN.columns]
    assert [str(value) for value in frame["instrument_id"]] == [CALL, PUT, LINEAR]
    assert [str(value) for value in frame["option_type"]] == ["call", "put", "call"]


def test_columns_are_given_as_asked_for(market_data):
    chain = market_data.options_chain("DERIBIT", "BTC", at=NOON, columns=["strike_price", "mark_price"], as_="arrow")
    assert chain.to_pydict() == {"strike_price": [50_000.0] * 3, "mark_price": [3.0, 5.0, 9.0]}
    with pytest.raises(QueryError, match="has no column price; it has instrument_id, timestamp"):
        market_data.options_chain("DERIBIT", "BTC", at=NOON, columns="price")


def test_chain_lacking_contracts_that_failed_or_were_set_aside_is_refused_unless_skipped(tmp_path):
    failing = {PUT: Retryable("no answer"), ETH: BadData("file", rows=1, rejected={"price": 1})}
    write_chain(lake_at(tmp_path), DAY, {CALL: [(NOON, 3.0)]}, failing)
    market_data = MarketData(root=tmp_path)
    with pytest.raises(QueryError, match=rf"1 contract\(s\) are missing: {PUT} \(failed\); pass missing"):
        marks(market_data)
    assert marks(market_data, missing="skip") == {CALL: 3.0}
    with pytest.raises(QueryError, match=rf"{ETH} \(bad_data\)"):
        marks(market_data, "ETH")


def test_chain_as_known_at_an_instant_is_that_of_the_version_of_its_time(tmp_path):
    lake = lake_at(tmp_path)
    write_chain(lake, DAY, {CALL: [(NOON, 3.0)]})
    first = lake.manifest(OPTIONS_CHAIN, DAY).committed_at
    write_chain(lake, DAY, {CALL: [(NOON, 30.0)], PUT: [(NOON, 5.0)]})
    then = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=first)
    market_data = MarketData(root=tmp_path)
    assert marks(market_data, as_known_at=then) == {CALL: 3.0}
    assert marks(market_data) == {CALL: 30.0, PUT: 5.0}
    assert list(market_data.option_quotes(CALL, DAY, NEXT_DAY, as_known_at=then)["mark_price"]) == [3.0]


def test_chain_of_a_shard_that_is_too_large_to_be_kept_is_the_same(market_data, monkeypatch):
    instants = [NOON, "2024-08-08T23:59:59", "2024-08-09T00:00:20"]
    kept = [marks(market_data, at=at, max_age=dt.timedelta(hours=1)) for at in instants]
    monkeypatch.setattr(chains, "_VALUES_KEPT", 0)
    assert [marks(market_data, at=at, max_age=dt.timedelta(hours=1)) for at in instants] == kept


def test_contracts_are_read_one_by_one_over_days(market_data):
    quotes = market_data.option_quotes(PUT, "2024-08-08", "2024-08-10", ["timestamp", "mark_price"])
    assert list(quotes["mark_price"]) == [5.0, 6.0, 12.0, 13.0]
    both = market_data.option_quotes([LINEAR, CALL.lower()], "2024-08-08", "2024-08-09", "mark_price")
    assert list(both["instrument_id"].unique()) == [LINEAR, CALL]
    with pytest.raises(QueryError, match="did you mean"):
        market_data.option_quotes(CALL.replace("50000", "51000"), "2024-08-08", "2024-08-09")
