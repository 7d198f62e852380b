"""Whatever is asked for, the text of the SQL that BigQuery gets is the same: values are parameters, names are ours."""

import re
from contextlib import suppress
from functools import cached_property
from types import SimpleNamespace

import pytest
from google.api_core.exceptions import BadRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets import MarketData, MarketDataError, QueryError, UnknownInstrument
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.days import day_of, to_datetime, to_instant
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.storage.warehouse.base import WarehouseTable
from market_data_assets.storage.warehouse.bigquery import BigQueryWarehouse
from market_data_assets_tests.client.lakes import BTC

DATASET = CANDLES[Timeframe.parse("1m")]
TABLE = WarehouseTable.of(DATASET)
SCANNED = 1_000_000
SELECTION = re.compile(r"SELECT (?P<columns>`\w+`(?:, `\w+`)*) FROM (?P<rest>.*)", re.DOTALL)
INJECTIONS = ["'", "` --", "x'; DROP TABLE candles_1m; --", "BINANCE:PERP:BTC-USDT' OR '1'='1", "@ids", "1m`", "\\", "2024-08-08' --"]


class Recorder:
    """Google's client as far as queries go: it notes their texts, says that the first day has rows, and refuses to give them."""

    project = "project"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def query(self, sql, config, **options):
        self.texts.append(sql)
        if config.dry_run:
            return SimpleNamespace(total_bytes_processed=SCANNED, statement_type="SELECT")
        raise BadRequest("not today")

    def query_and_wait(self, sql, *, job_config, **options):
        self.texts.append(sql)
        values = {each.name: each for each in job_config.query_parameters}
        if "instruments" not in values:
            return []
        return [(day_of(to_instant(values["start"].value)), each, 1) for each in values["instruments"].values]


class OnBigQuery(MarketData):
    """A deployment whose BigQuery is the recorder."""

    def __init__(self, limit: int = SCANNED) -> None:
        super().__init__(root="memory://empty")
        self.recorder, self._limit = Recorder(), limit

    @cached_property
    def _warehouse(self):
        return BigQueryWarehouse([TABLE], "analytics", lambda: self.recorder, lambda: None, self._limit)


def texts_of(ids, start, end, columns=None):
    """The SQL of a read, which ends in a refusal or in an error of what was asked for."""
    market_data = OnBigQuery()
    with suppress(MarketDataError):
        market_data.candles(ids, "1m", start, end, columns, source="warehouse", missing="skip")
    with suppress(MarketDataError):
        market_data.explain("candles_1m", ids, start, end, columns, source="warehouse")
    return market_data.recorder.texts


LISTED = st.sampled_from(
    ["BINANCE:PERP:BTC-USDT", "DERIBIT:OPTION:BTC-USD-70000-240927-CALL", "OKX:SPOT:ETH-USDT", "binance:PERP:1000shib-usdt"]
)
IDS = st.one_of(
    st.lists(LISTED, min_size=1, max_size=4),
    st.lists(st.one_of(LISTED, st.sampled_from(INJECTIONS), st.text(max_size=20)), min_size=1, max_size=4),
)
DAYS = st.dates().filter(lambda day: 1970 <= day.year < 9_000)
COLUMNS = st.lists(st.sampled_from(list(TABLE.columns)), min_size=1, max_size=5)


def constant(texts):
    """The texts without the columns that are selected, each of which must be one of the table's."""
    found = []
    for text in texts:
        selection = SELECTION.fullmatch(text)
        if selection is not None:
            assert {name.strip("`") for name in selection["columns"].split(", ")} <= set(TABLE.columns)
        found.append(text if selection is None else selection["rest"])
    return set(found)


# What has rows, which columns of them and, since one of the days has none, which days are loaded.
EXPECTED = constant(texts_of(BTC, "2024-08-08", "2024-08-10"))


def test_read_asks_three_questions_at_most():
    assert len(EXPECTED) == 3
    assert len(constant(texts_of(BTC, "2024-08-08", "2024-08-09"))) == 2
    assert all("`project.analytics." in text for text in EXPECTED)


@settings(max_examples=40)
@given(IDS, DAYS, st.integers(1, 3 * 1_440), COLUMNS)
def test_text_of_the_sql_is_the_same_for_all_ids_times_and_columns(ids, day, minutes, columns):
    start = to_instant(day)
    span = (to_datetime(start), to_datetime(start + minutes * 60_000_000))
    assert constant(texts_of(ids, *span, columns)) <= EXPECTED


@pytest.mark.parametrize("text", INJECTIONS)
def test_what_is_no_name_of_ours_never_reaches_the_warehouse(text):
    market_data = OnBigQuery()
    span = ("2024-08-08", "2024-08-09")
    for ask in (
        lambda: market_data.candles(text, "1m", *span, source="warehouse"),
        lambda: market_data.candles(BTC, text, *span, source="warehouse"),
        lambda: market_data.candles(BTC, "1m", text, span[1], source="warehouse"),
        lambda: market_data.candles(BTC, "1m", *span, [text], source="warehouse"),
        lambda: market_data.explain(text, BTC, *span, source="warehouse"),
    ):
        with pytest.raises((QueryError, UnknownInstrument)):
            ask()
    assert market_data.recorder.texts == []


@pytest.mark.parametrize("text", INJECTIONS)
def test_values_of_a_query_leave_its_text_alone(text):
    market_data, sql = OnBigQuery(), "SELECT close FROM candles_1m WHERE instrument_id = @id AND timestamp > '2024-08-08'"
    with pytest.raises(MarketDataError, match="not today"):
        market_data.sql(sql, {"id": text})
    assert set(market_data.recorder.texts) == {sql}


def test_query_over_the_limit_is_refused_before_it_runs_in_one_line():
    market_data = OnBigQuery(limit=SCANNED - 1)
    for ask in (
        lambda: market_data.candles(BTC, "1m", "2024-08-08", "2024-08-09", source="warehouse"),
        lambda: market_data.sql("SELECT close FROM candles_1m"),
    ):
        with pytest.raises(QueryError, match="1,000,000 bytes, more than the 999,999 that max_bytes_billed allows") as refused:
            ask()
        assert "\n" not in str(refused.value)
    assert "1.0 MB" in str(market_data.sql_estimate("SELECT close FROM candles_1m"))
