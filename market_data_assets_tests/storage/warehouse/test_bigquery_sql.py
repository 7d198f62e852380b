"""Queries of BigQuery as text, their parameters and their limits."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.domain.days import TimeRange
from market_data_assets.errors import QueryError
from market_data_assets.storage.warehouse.bigquery_parameters import query_parameters
from market_data_assets.storage.warehouse.bigquery_sql import with_dataset
from market_data_assets.storage.warehouse.parameters import checked_parameters
from market_data_assets.storage.warehouse.sql import as_duckdb
from market_data_assets_tests.storage.warehouse.exact_bigquery import running_exactly
from market_data_assets_tests.storage.warehouse.tables import BTC, TABLE

TIER = "market_data_analytics"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("FROM market_data_analytics.candles_1m", "FROM `mine`.candles_1m"),
        ("FROM Market_Data_Analytics . candles_1m", "FROM `mine` . candles_1m"),
        ("FROM `market_data_analytics.candles_1m`", "FROM `mine.candles_1m`"),
        ("FROM `market_data_analytics`.candles_1m", "FROM `mine`.candles_1m"),
        ("FROM other.market_data_analytics.x", "FROM other.market_data_analytics.x"),
        ("FROM `other`.`market_data_analytics`.x", "FROM `other`.`market_data_analytics`.x"),
        ("SELECT 'market_data_analytics.x'", "SELECT 'market_data_analytics.x'"),
        (r"SELECT 'it\'s market_data_analytics.x'", r"SELECT 'it\'s market_data_analytics.x'"),
        ('SELECT """a "market_data_analytics.x" b"""', 'SELECT """a "market_data_analytics.x" b"""'),
        ("SELECT 1 -- market_data_analytics.x\n", "SELECT 1 -- market_data_analytics.x\n"),
        ("SELECT 1 # market_data_analytics.x", "SELECT 1 # market_data_analytics.x"),
        ("/* market_data_analytics.x */ SELECT 1", "/* market_data_analytics.x */ SELECT 1"),
        ("SELECT @market_data_analytics.x", "SELECT @market_data_analytics.x"),
        ("SELECT market_data_analytics", "SELECT market_data_analytics"),
        ("SELECT x.market_data_analytics", "SELECT x.market_data_analytics"),
    ],
)
def test_tier_becomes_the_dataset_only_where_a_path_starts_with_it(written, sent):
    assert with_dataset(written, TIER, "mine") == sent
    assert with_dataset(written, TIER, TIER) == written


@given(st.text(alphabet="ab'\"`\\-#/*\n @.", max_size=30))
def test_text_without_the_tier_is_never_changed(sql):
    assert with_dataset(sql, TIER, "mine") == sql


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("a = @id", "a = $id"),
        ("a=@id", "a=$id"),
        ("'é' || @id || '@id'", "'é' || $id || '@id'"),
        ('"@id" = @id -- @id\n', '"@id" = $id -- @id\n'),
        ("/* @id */ @id", "/* @id */ $id"),
        ("@other + @idea", "@other + @idea"),
        ("a = $id", "a = $id"),
        ("$$ @id $$", "$$ @id $$"),
        ("a IN UNNEST(@id) AND b", "a IN (SELECT UNNEST($id)) AND b"),
        ("a not in unnest ( [f(@id)] )", "a not in (SELECT unnest ( [f($id)] ))"),
        ("'in unnest(@id)' FROM UNNEST(@id)", "'in unnest(@id)' FROM UNNEST($id)"),
        ("a IN UNNEST(@id", "a IN (SELECT UNNEST($id)"),
    ],
)
def test_sql_is_written_as_duckdb_wants_it(written, sent):
    text, used = as_duckdb(f"SELECT {written}", {"id": 1, "unused": 2})
    assert text == f"SELECT {sent}"
    assert used == ({"id": 1} if "$id" in sent and "$id" not in written else {})


def test_parameters_have_the_type_of_their_values():
    values = {"a": True, "b": 1, "c": 1.5, "d": "x", "e": dt.datetime(2024, 8, 8, tzinfo=dt.UTC), "f": dt.date(2024, 8, 8), "g": None}
    assert [each.type_ for each in query_parameters(values)] == ["BOOL", "INT64", "FLOAT64", "STRING", "TIMESTAMP", "DATE", "STRING"]
    arrays = query_parameters(checked_parameters({"a": ("x", "y"), "b": [1, 2.5], "c": []}))
    assert [each.array_type for each in arrays] == ["STRING", "FLOAT64", "STRING"]


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "é"])
def test_name_that_sql_cannot_use_is_refused(name):
    with pytest.raises(QueryError, match="expected a name"):
        checked_parameters({name: 1})


def test_query_over_the_limit_is_refused_before_it_runs_with_both_numbers():
    with running_exactly() as bench:
        bench.server.dry_run_bytes = 5_000_000
        warehouse = bench.warehouse([TABLE], max_bytes_billed=4_000_000)
        span = TimeRange.parse("2024-08-08", "2024-08-10")
        for asked in (
            lambda: warehouse.query("SELECT 1"),
            lambda: warehouse.read(TABLE, [BTC], span),
            lambda: warehouse.counts(TABLE, span),
        ):
            with pytest.raises(QueryError, match="5,000,000 bytes, more than the 4,000,000"):
                asked()
        assert warehouse.estimate("SELECT 1").bytes == warehouse.estimate_read(TABLE, [BTC], span).bytes == 5_000_000
        assert bench.server.jobs == {}


@settings(max_examples=20)
@given(st.text(max_size=20))
def test_text_of_a_query_never_holds_a_value(value):
    with running_exactly() as bench:
        seen = []
        answer = bench.server._answer
        bench.server._answer = lambda request: (seen.append(request.body), answer(request))[1]
        warehouse = bench.warehouse([TABLE])
        warehouse.estimate("SELECT @value", {"value": value})
        [body] = seen
        assert b'"query": "SELECT @value"' in body
