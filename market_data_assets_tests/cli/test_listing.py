"""`market-data instruments`, `missing`, `coverage` and `dictionary`: what there is, and what is not."""

import json
from pathlib import Path

import pytest

from market_data_assets.assembly.deliveries import find_missing
from market_data_assets.catalog import DATASETS
from market_data_assets.compute.completeness.record import MISSING_REPORT
from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.report.dictionary import data_dictionary
from market_data_assets_tests.cli.conftest import OPTION, MarketDataCommand
from market_data_assets_tests.client.lakes import BTC, DAY, ETH, lake_at, write_instruments, write_trades

LIST = ("instruments", "2024-08-08")


def test_instruments_are_a_table_with_their_number(market_data: MarketDataCommand, stored: str) -> None:
    done = market_data(*LIST, MDA_ROOT=stored)
    assert done.code == 0
    assert [line.split()[0] for line in done.lines if ":" in line] == [str(BTC), str(ETH), OPTION]
    assert done.lines[-1] == "3 instruments"


def test_instruments_are_narrowed_by_venue_type_and_pattern(market_data: MarketDataCommand, stored: str) -> None:
    def ids(*arguments: str) -> list[str]:
        lines = market_data(*LIST, *arguments, "--json", MDA_ROOT=stored).lines
        return [json.loads(line)["instrument_id"] for line in lines]

    assert ids("--venue", "binance-futures") == [str(BTC), str(ETH)]
    assert ids("--type", "option") == [OPTION]
    assert ids("--base", "eth") == [str(ETH)]
    assert ids("--match", "binance:swap:eth-*", "--match", OPTION) == [str(ETH), OPTION]
    assert ids("--expired") == []


def test_instruments_as_csv_have_every_column_or_those_asked_for(market_data: MarketDataCommand, stored: str) -> None:
    whole = market_data(*LIST, "--csv", MDA_ROOT=stored).lines
    assert whole[0] == ",".join(INSTRUMENTS.columns)
    assert market_data(*LIST, "--csv", "--columns", "venue,status", MDA_ROOT=stored).lines[:2] == ["venue,status", "BINANCE,active"]


def test_a_venue_that_does_not_exist_is_told_with_those_that_do(market_data: MarketDataCommand, stored: str) -> None:
    done = market_data(*LIST, "--venue", "binanse", MDA_ROOT=stored)
    assert done.code == 2
    assert "BINANCE" in done.err


def test_missing_is_a_line_per_data_type_and_reason(market_data: MarketDataCommand, stored: str) -> None:
    done = market_data("missing", "2024-08-08", MDA_ROOT=stored)
    assert done.code == 0
    assert done.lines[1].split() == ["trades", "not_materialized", "1", "24.0", OPTION]
    (finding,) = [json.loads(line) for line in market_data("missing", "2024-08-08", "--json", MDA_ROOT=stored).lines]
    assert (finding["instrument_id"], finding["missing_us"]) == (OPTION, 86_400_000_000)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The root of a lake with the report of twelve days on which half of what was expected is missing."""
    root = tmp_path_factory.mktemp("reported")
    lake = lake_at(root)
    for number in range(1, 13):
        day = DAY.replace(day=number)
        write_instruments(lake, day, {str(BTC): "binance-futures", str(ETH): "binance-futures"})
        write_trades(lake, day, {BTC: [(f"2024-08-{number:02}T{hour:02}:00", hour, "buy", 1.0) for hour in range(24)]})
        lake.write_table(MISSING_REPORT, day, TableFrame(find_missing(lake, lake.read_table(INSTRUMENTS, day), day, 1)))
    return str(root)


def test_coverage_is_a_heat_map_that_fits_the_terminal(market_data: MarketDataCommand, reported: str) -> None:
    done = market_data("coverage", "--from", "2024-08-01", "--to", "2024-08-12", MDA_ROOT=reported, width=100)
    assert done.code == 0
    assert max(map(len, done.lines)) <= 100
    assert all(done.out.count(f"08-{day:02}") == 1 for day in range(1, 13))
    assert done.out.count("BINANCE PERP trades") == done.out.count("Coverage, % of the listed time")
    lines = market_data("coverage", "--from", "2024-08-08", "--instruments", MDA_ROOT=reported).lines
    assert [line.split()[:2] for line in lines[-2:]] == [[str(BTC), "trades"], [str(ETH), "trades"]]
    assert lines[-1].split()[-1] == "0.0"


def test_coverage_as_json_is_a_line_per_day_instrument_and_data_type(market_data: MarketDataCommand, reported: str) -> None:
    arguments = ("coverage", "--from", "2024-08-08", "--to", "2024-08-09", "--data-type", "trades", "--json")
    rows = [json.loads(line) for line in market_data(*arguments, MDA_ROOT=reported).lines]
    assert [(row["day"], row["instrument_id"], row["data_type"]) for row in rows] == [
        (day, str(each), "trades") for day in ("2024-08-08", "2024-08-09") for each in (BTC, ETH)
    ]
    assert [row["share"] == 0 for row in rows] == [False, True] * 2


def test_dictionary_is_the_one_of_the_records(market_data: MarketDataCommand) -> None:
    assert market_data("dictionary").out == data_dictionary(DATASETS)


def test_completeness_of_a_day_on_which_nothing_is_missing_is_said(market_data: MarketDataCommand, tmp_path: Path) -> None:
    lake = lake_at(tmp_path / "lake")
    lake.write_table(MISSING_REPORT, DAY, TableFrame(MISSING_REPORT.schema.empty_table()))
    assert market_data("missing", "2024-08-08").out == "nothing is missing of 2024-08-08\n"
