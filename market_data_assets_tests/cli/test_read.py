"""`market-data read`: rows for a person, for a program, and as files."""

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market_data_assets.cli import reads
from market_data_assets.cli.reads import Request, read_parts, readable_names, time_span
from market_data_assets.cli.row_files import write_file
from market_data_assets.client import MarketData
from market_data_assets.domain.days import TimeRange
from market_data_assets.errors import QueryError
from market_data_assets_tests.cli.conftest import MarketDataCommand
from market_data_assets_tests.client.lakes import BTC, ETH

TRADES = ("read", "trades", str(BTC), "--from", "2024-08-08")
CANDLES = ("read", "candles_1m", str(BTC), "--from", "2024-08-08")


def test_a_table_shows_a_screen_of_rows_and_says_that_there_are_more(market_data: MarketDataCommand, stored: str) -> None:
    done = market_data(*TRADES, MDA_ROOT=stored)
    assert done.code == 0
    assert done.lines[0].split() == ["timestamp", "id", "side", "price", "amount", "local_timestamp"]
    assert done.lines[1].split() == ["2024-08-08T12:00Z", "0", "buy", "100.5", "1", "2024-08-08T12:00Z"]
    assert len(done.lines) == 21
    assert done.err == "the first 20 rows: --limit shows more, --json, --csv and --out give all\n"
    assert market_data(*TRADES, "--limit", "30", MDA_ROOT=stored).err == ""


def test_a_narrow_terminal_gets_the_columns_that_fit_prices_first(market_data: MarketDataCommand, stored: str) -> None:
    done = market_data(*CANDLES, "--limit", "1", MDA_ROOT=stored, width=80)
    assert max(map(len, done.lines)) <= 80
    assert done.lines[0].split()[:5] == ["timestamp", "bucket_status", "open", "high", "low"]
    assert "more columns do not fit" in done.err
    chosen = market_data(*CANDLES, "--columns", "available_at,close", "--limit", "1", MDA_ROOT=stored, width=80)
    assert chosen.lines[0].split() == ["available_at", "close"]


def test_json_lines_are_one_document_per_row_with_times_in_utc(market_data: MarketDataCommand, stored: str) -> None:
    done = market_data("read", "trades", str(BTC), str(ETH), "--from", "2024-08-08", "--json", MDA_ROOT=stored)
    rows = [json.loads(line) for line in done.lines]
    assert len(rows) == 31
    moment = "2024-08-08T12:00:00.000123Z"
    assert rows[-1] == {
        "instrument_id": str(ETH),
        "timestamp": moment,
        "local_timestamp": moment,
        "id": 1,
        "side": "sell",
        "price": 2.5,
        "amount": 1.0,
    }


def test_ranges_are_half_open_and_a_day_long_without_an_end(market_data: MarketDataCommand, stored: str) -> None:
    def rows(*span: str) -> int:
        return len(market_data("read", "trades", str(BTC), *span, "--json", MDA_ROOT=stored).lines)

    assert rows("--from", "2024-08-08T12:00", "--to", "2024-08-08T12:05") == 5
    assert rows("--from", "2024-08-08T12:25") == 30
    assert time_span("2024-08-08", None) == TimeRange.parse("2024-08-08", "2024-08-09")


def test_csv_names_its_columns_once_and_stops_at_the_limit(market_data: MarketDataCommand, stored: str) -> None:
    done = market_data(*TRADES, "--columns", "timestamp", "--columns", "price", "--csv", "--limit", "2", MDA_ROOT=stored)
    assert done.lines == ["timestamp,price", "2024-08-08T12:00:00.000000Z,100.5", "2024-08-08T12:01:00.000000Z,101.5"]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_a_file_holds_all_rows_and_appears_when_it_is_whole(
    market_data: MarketDataCommand, stored: str, tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"trades{suffix}"
    done = market_data(*TRADES, "--out", str(file), MDA_ROOT=stored)
    assert (done.code, done.out, done.err) == (0, "", f"30 rows in {file}\n")
    read = {".parquet": pl.read_parquet, ".csv": pl.read_csv, ".jsonl": pl.read_ndjson}[suffix](file)
    assert read["price"].to_list() == [100.5 + number for number in range(30)]
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_write_leaves_the_former_file(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    file.write_bytes(b"former")
    with pytest.raises(QueryError, match="different types"):
        write_file([pa.table({"id": [1]}), pa.table({"id": ["a"]})], file)
    assert file.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_no_number_is_null_in_json_and_lists_are_words_in_csv(tmp_path: Path) -> None:
    table = pa.table({"value": [float("nan"), 1.0], "types": [["trades", "liquidations"], []]})
    write_file([table], tmp_path / "rows.jsonl")
    write_file([table.slice(1), table], tmp_path / "rows.csv")
    assert json.loads((tmp_path / "rows.jsonl").read_text().splitlines()[0]) == {"value": None, "types": ["trades", "liquidations"]}
    assert (tmp_path / "rows.csv").read_text() == 'value,types\n1.0,""\nNaN,trades liquidations\n1.0,""\n'


def test_a_big_read_in_parts_is_the_same_rows_in_the_same_order(stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data, request = MarketData(root=stored), Request("trades", [str(ETH), str(BTC)], TimeRange.parse("2024-08-08", "2024-08-10"))
    monkeypatch.setattr(reads, "PART_ROWS", 40)
    parts = list(read_parts(data, request))
    assert [part.num_rows for part in parts] == [2, 30, 30]
    whole = data.trades([ETH, BTC], "2024-08-08", "2024-08-10", as_="arrow")
    assert pa.concat_tables(parts).combine_chunks().to_pylist() == whole.to_pylist()


def test_days_that_are_missing_are_refused_before_a_row_is_printed_or_skipped(market_data: MarketDataCommand, stored: str) -> None:
    arguments = ("read", "candles_1m", str(BTC), "--from", "2024-08-08", "--to", "2024-08-10", "--json")
    refused = market_data(*arguments, MDA_ROOT=stored)
    assert (refused.code, refused.out) == (3, "")
    assert "missing are 2024-08-09" in refused.err
    assert len(market_data(*arguments, "--skip-missing", MDA_ROOT=stored).lines) == 30


def test_a_book_is_read_flat_and_nothing_stored_is_an_error(market_data: MarketDataCommand, stored: str) -> None:
    rows = market_data("read", "book_snapshot_5", str(BTC), "--from", "2024-08-08", "--json", MDA_ROOT=stored).lines
    assert json.loads(rows[0])["ask_price_1"] == 101.0
    assert market_data("read", "book_snapshot_25", str(BTC), "--from", "2024-08-08", MDA_ROOT=stored).code == 3


def test_features_of_ones_own_are_read_by_their_name(market_data: MarketDataCommand, tmp_path: Path) -> None:
    moment = pl.Series(["2024-08-08T12:00:00Z"]).str.to_datetime(time_unit="us", time_zone="UTC")
    frame = pl.DataFrame({"instrument_id": [str(BTC)], "timestamp": moment, "available_at": moment, "score": [0.5]})
    MarketData(root=tmp_path / "lake").write_features("momentum", frame)
    done = market_data("read", "custom_features/momentum", str(BTC), "--from", "2024-08-08", "--json")
    assert json.loads(done.out)["score"] == 0.5


def test_every_dataset_of_ticks_bars_features_and_signals_can_be_read() -> None:
    assert len(readable_names()) == 6 + 7 + 7 + 6 + 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("read", "candles_2m", str(BTC), "--from", "2024-08-08"), 2, "did you mean candles_5m"),
        (("read", "trades", "BINANCE:PERP:BCT-USDT", "--from", "2024-08-08"), 2, "did you mean BINANCE:PERP:BTC-USDT"),
        (("read", "trades", "BTCUSDT", "--from", "2024-08-08"), 2, "expected VENUE:TYPE:SYMBOL"),
        ((*TRADES, "--columns", "prize"), 2, "has no column prize; it has instrument_id, timestamp"),
        ((*TRADES, "--source", "warehouse"), 2, "only candles and book snapshots"),
        ((*CANDLES, "--source", "bigquery"), 2, "expected one of auto, lake, warehouse"),
        ((*TRADES, "--to", "2024-08-07"), 2, "before it starts"),
        ((*TRADES, "--limit", "0"), 2, "see market-data read --help"),
        ((*TRADES, "--json", "--csv"), 2, "expected one of them"),
        ((*TRADES, "--out", "rows.xls"), 2, "ends in .parquet, .csv, .jsonl"),
        ((*TRADES, "--out", "no/folder/rows.csv"), 3, "cannot be written (No such file or directory)"),
        (("read", "trades", str(BTC), "--from", "2024-08-01"), 3, "stored nearby are 2024-08-08, 2024-08-09"),
        (("read", "trades", str(BTC)), 2, "Missing option '--from'; see market-data read --help"),
        (("read", "trades", str(BTC), "--from", "noon"), 2, "expected ISO 8601"),
    ],
)
def test_a_wrong_read_is_one_line_that_says_what_was_expected(
    market_data: MarketDataCommand, stored: str, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = market_data(*arguments, MDA_ROOT=stored)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert done.err.startswith("error: ")


def test_parquet_keeps_the_types(market_data: MarketDataCommand, stored: str, tmp_path: Path) -> None:
    market_data(*TRADES, "--out", "rows.parquet", MDA_ROOT=stored)
    assert pq.read_schema(tmp_path / "rows.parquet").field("timestamp").type == pa.timestamp("us", tz="UTC")
