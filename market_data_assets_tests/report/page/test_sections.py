"""What the sections gather, on days that can be checked by eye."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from market_data_assets.compute.completeness.record import Missing
from market_data_assets.compute.quality.findings import Finding
from market_data_assets.compute.quality.record import QUALITY_REPORTS, Verdict
from market_data_assets.compute.quality.record import report_table as quality_table
from market_data_assets.domain.datasets import DailyFrames, TableFrame
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import TRADES
from market_data_assets.report.page.section import NotThere
from market_data_assets.report.page.sections import candles, coverage, latency, missing, quality, sizes
from market_data_assets.report.page.sparkline import sparkline
from market_data_assets.report.page.traded_value import traded_instruments
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, trades, write_buckets, write_instruments, write_trades
from market_data_assets_tests.report.page.days import (
    FINE,
    HOUR,
    LISTED,
    WHOLE,
    fill,
    hour_of_candles,
    new_lake,
    page_day,
    whole_day,
    write_markets,
    write_missing,
)

ETH_BTC = InstrumentId.parse("BINANCE:SPOT_PAIR:ETH-BTC")
ODD = InstrumentId.parse("BINANCE:SPOT_PAIR:ABC-XYZ")


def test_coverage_is_by_type_and_by_hour_and_names_the_instruments_with_the_least() -> None:
    lake = new_lake()
    fill(lake)
    found = coverage.gather(page_day(lake))
    assert isinstance(found, coverage.Coverage)
    by_type, by_hour, least = found.maps
    assert (by_type.rows, by_type.columns) == (["BINANCE PERP"], ["trades"])
    assert by_type.cells[0][0] == coverage.HeatCell(pytest.approx((22 / 24 + 1) / 2), "most")
    (hours,) = by_hour.cells
    assert [cell.share for cell in hours if cell is not None] == [1, 0.5, 0.5, *[1] * 21]
    assert least.rows == [str(ETH)]


def test_part_of_an_hour_is_missing_as_a_part() -> None:
    lake = new_lake()
    write_instruments(lake, DAY, {str(BTC): "binance-futures"})
    write_missing(lake, [Missing(BTC, "trades", "gap", "", LISTED, (LISTED[0] + HOUR // 2, LISTED[0] + HOUR + HOUR // 4))])
    page = page_day(lake)
    shares = coverage.by_hour(page.expected, page.missing, LISTED[0])
    assert [shares["BINANCE PERP", f"{hour:02}"] for hour in range(3)] == [0.5, 0.75, 1.0]


def test_reasons_are_summed_and_the_one_with_the_most_time_comes_first() -> None:
    lake = new_lake()
    write_instruments(lake, DAY, {str(BTC): "binance-futures"})
    found = [
        Missing(BTC, "trades", "gap", "silent", LISTED, (LISTED[0], LISTED[0] + HOUR), 7),
        Missing(BTC, "trades", "gap", "silent", LISTED, (LISTED[1] - HOUR, LISTED[1]), 3),
        Missing(BTC, "trades", "price_not_positive", "2 row(s) are in quarantine", LISTED, None, 2),
        Missing(ETH, "trades", "not_available_yet", "no file", LISTED, LISTED),
    ]
    write_missing(lake, found)
    said = missing.gather(page_day(lake))
    assert isinstance(said, missing.Missing)
    assert [(each.name, each.findings, each.time // HOUR, each.rows) for each in said.reasons] == [
        ("not_available_yet", 1, 24, None),
        ("gap", 2, 2, 10),
        ("price_not_positive", 1, 0, 2),
    ]
    assert said.reasons[2].meaning == "rows were set aside, and are kept in quarantine"
    assert [each.span for each in said.pieces] == ["00:00:00 to 24:00:00", "00:00:00 to 01:00:00", "23:00:00 to 24:00:00", ""]


def test_whole_day_has_nothing_missing() -> None:
    lake = new_lake()
    write_instruments(lake, DAY, {str(BTC): "binance-futures"})
    write_missing(lake, [])
    said = missing.gather(page_day(lake))
    assert isinstance(said, NotThere)
    assert said.why.startswith("Nothing is missing")


def test_traded_value_compares_across_quote_assets() -> None:
    lake = new_lake()
    tables = {
        BTC: whole_day(BTC, 1e6, vwap=50_000.0),
        ETH_BTC: whole_day(ETH_BTC, 100.0, vwap=0.05),
        ODD: whole_day(ODD, 1e12),
        ETH: whole_day(ETH, 5e6, trades=0),
    }
    write_buckets(lake, WHOLE, DAY, tables)
    found = traded_instruments(page_day(lake))
    assert [(each.instrument, each.dollars) for each in found] == [(ETH_BTC, 5e6), (BTC, 1e6), (ODD, None)]


def test_largest_markets_are_charted_and_gaps_are_counted() -> None:
    lake = new_lake()
    ids = [InstrumentId.parse(f"BINANCE:PERP:A{number}-USDT") for number in range(8)]
    write_markets(lake, {each: 1e6 * (number + 1) for number, each in enumerate(ids)})
    frame = hour_of_candles(ids[7], ["traded"] * 6 + ["no_data"] * 3 + ["no_trades"] * 3)
    lake.write_day(FINE, DailyFrames(DAY, {ids[7]: lambda: frame}, partial=True), partial=True)
    found = candles.gather(page_day(lake))
    assert isinstance(found, candles.Charts)
    assert [each.traded.instrument for each in found.charts] == ids[:1:-1]
    assert (found.traded, found.dollars) == (8, 36e6)
    assert (dict(found.charts[0].gaps), found.charts[0].known_share) == ({"no_data": 3}, 0.75)


def test_findings_are_sorted_and_steps_without_a_report_are_said() -> None:
    lake = new_lake()
    worst = Finding(str(BTC), "crossed", 5, 100, True, LISTED[0] + HOUR, "bid above ask")
    verdicts = [
        verdict("ids_unique"),
        verdict("few_rows", Finding(str(ETH), "thin", 1, 10)),
        verdict("not_crossed", worst, stops=True),
    ]
    dataset = QUALITY_REPORTS["trades"]
    lake.write_table(dataset, DAY, TableFrame(quality_table(verdicts)))
    found = quality.gather(page_day(lake))
    assert isinstance(found, quality.Quality)
    assert (found.passed, found.errors, found.warnings) == (1, 1, 1)
    assert [each.check for each in found.verdicts] == ["not_crossed", "few_rows"]
    assert [(each.finding.instrument, each.check, each.at) for each in found.worst] == [
        (str(BTC), "not_crossed", "01:00:00"),
        (str(ETH), "few_rows", ""),
    ]
    assert list(found.missing_steps) == [step for step in QUALITY_REPORTS if step != "trades"]


def verdict(check: str, *worst: Finding, stops: bool = False) -> Verdict:
    return Verdict("raw_tick_data/trades", check, stops, 100, 2, len(worst), len(worst), {}, worst, "a sentence")


def test_latency_is_that_of_the_busiest_instrument_of_each_group() -> None:
    lake = new_lake()
    delays = np.arange(101) * 1_000
    delays[0] = -5_000
    table = trades([(f"{DAY}T00:00", number, "buy", 100.0) for number in range(101)]).table
    arrived = pa.array(table["timestamp"].cast(pa.int64()).to_numpy() + delays).cast(table.schema.field("local_timestamp").type)
    late = TableFrame(table.set_column(1, "local_timestamp", arrived))
    small = trades([(f"{DAY}T00:00", 1, "buy", 100.0)])
    lake.write_day(TRADES, DailyFrames(DAY, {BTC: lambda: late, ETH: lambda: small, ETH_BTC: lambda: small}))
    found = latency.gather(page_day(lake))
    assert isinstance(found, latency.Latency)
    perp, spot = found.delays
    assert (perp.instrument, perp.rows, perp.before, perp.largest) == (str(BTC), 101, 1, 100.0)
    assert perp.percentiles == [50.0, 90.0, 99.0]
    assert spot.without_clock


def test_sizes_compare_with_the_days_before_and_mark_what_is_unusual() -> None:
    lake = new_lake()
    rows = {DAY - dt.timedelta(days=back): number for back, number in ((15, 99), (14, 10), (3, 10), (1, 12), (0, 3))}
    for day, count in rows.items():
        write_trades(lake, day, {BTC: [(f"{day}T00:00", number, "buy", 100.0) for number in range(count)]})
    found = sizes.gather(page_day(lake))
    assert isinstance(found, sizes.Sizes)
    (grown,) = [each for _, tier in found.tiers for each in tier if each.name == "trades"]
    assert found.days_before == 3
    assert (grown.size.rows, grown.median_rows, grown.rows_ratio, grown.is_unusual) == (3, 10, 0.3, True)
    assert list(grown.history) == [10, *[None] * 10, 10, None, 12, 3]
    (quotes,) = [each for _, tier in found.tiers for each in tier if each.name == "book_snapshot_5"]
    assert (quotes.size, quotes.is_unusual) == (None, False)


def test_sparkline_tells_nothing_from_zero() -> None:
    drawn = sparkline([None, 0, 4])
    assert drawn.count("<circle") == 1
    assert 'height="1"' in drawn
    assert 'class="now"' in drawn
