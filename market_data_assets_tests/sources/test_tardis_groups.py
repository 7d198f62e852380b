"""Group files of Tardis: one mixed file for all instruments of a type, fetched once and split by symbol."""

import datetime as dt
import gzip
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from market_data_assets.domain.datasets import Frame
from market_data_assets.domain.schemas import OPTIONS_CHAIN
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import BadData, DamagedFile, NotAvailableYet, NotListed, Retryable, SchemaDrift, StorageFailed, Unusable
from market_data_assets.sources.base import fetch_day
from market_data_assets.sources.tardis import API_URL, TardisSource
from market_data_assets_tests.faults.http_server import Answer, FaultServer
from market_data_assets_tests.sources.conftest import QUICK
from market_data_assets_tests.sources.csv.frames import DAY
from market_data_assets_tests.sources.csv.vendor_lines import header, line, text_of
from market_data_assets_tests.sources.option_groups import (
    GROUP,
    IDS,
    PATH,
    SYMBOLS,
    aside,
    chains,
    exchange,
    expected,
    in_folder,
    listed,
    member,
    mixed,
    option,
    outcomes,
    over_http,
    packed,
    put,
    read,
)


@pytest.fixture
def vendor(server: FaultServer) -> FaultServer:
    server.script("/v1/exchanges/deribit", exchange(GROUP, members=[member(name) for name in SYMBOLS]))
    return server


def test_every_instrument_gets_exactly_its_rows_in_order(tmp_path: Path, cache: Path) -> None:
    lines = mixed()
    put(tmp_path, packed(*lines))
    source = in_folder(tmp_path, cache)
    listed = source.instruments(DAY)
    assert tuple(str(instrument.instrument_id) for instrument in listed.instruments) == IDS
    assert {instrument.data_types for instrument in listed.instruments} == {("options_chain",)}
    assert listed.unknown == []
    days = fetch_day(source, OPTIONS_CHAIN, listed.instruments, DAY)
    rows = 0
    for instrument in listed.instruments:
        frame = days[instrument.instrument_id]
        table = OPTIONS_CHAIN.conform(frame.read())
        assert read(table) == expected(lines, instrument.native_symbol)
        assert frame.quarantined == ()
        rows += table.num_rows
    assert rows == len(lines)


def test_the_genuine_file_reads_through_the_source(samples: Path, cache: Path) -> None:
    source = TardisSource((samples / "tardis").as_uri(), API_URL, Universe(("deribit",)), cache)
    day = dt.date(2020, 6, 8)
    listed = source.instruments(day).instruments
    days = fetch_day(source, OPTIONS_CHAIN, listed, day)
    tables = {str(identifier): OPTIONS_CHAIN.conform(days[identifier].read()) for identifier in days}
    assert {name: table.num_rows for name, table in tables.items()} == {
        "DERIBIT:OPTION:BTC-USD-10000-200609-CALL": 1,
        "DERIBIT:OPTION:BTC-USD-10000-200610-CALL": 1,
        "DERIBIT:OPTION:BTC-USD-9875-200609-PUT": 3,
        "DERIBIT:OPTION:ETH-USD-250-200609-PUT": 1,
        "DERIBIT:OPTION:ETH-USD-300-200609-CALL": 1,
    }
    first = tables["DERIBIT:OPTION:BTC-USD-9875-200609-PUT"].to_pylist()[0]
    # Files are cut by arrival: this row's exchange time is of the day before.
    assert first["timestamp"].isoformat() == "2020-06-07T23:59:59.413000+00:00"
    assert first["expiration"].isoformat() == "2020-06-09T08:00:00+00:00"
    assert (first["mark_iv"], first["mark_price"], first["delta"], first["open_interest"]) == (62.89, 0.02210436, -0.61752, 0.1)
    (bare,) = tables["DERIBIT:OPTION:BTC-USD-10000-200610-CALL"].to_pylist()
    assert {name for name, value in bare.items() if value is None} == {
        *("open_interest", "bid_price", "bid_amount", "bid_iv", "ask_price", "ask_amount", "ask_iv"),
        *("delta", "gamma", "vega", "theta", "rho"),
    }


def test_a_group_file_is_downloaded_once_for_all_instruments_and_threads(vendor: FaultServer, cache: Path) -> None:
    lines = mixed()
    vendor.script(f"/{PATH}", Answer(packed(*lines)))
    days = chains(over_http(vendor, cache))
    with ThreadPoolExecutor(4) as pool:
        tables = dict(zip(days, pool.map(lambda identifier: days[identifier].read(), days), strict=True))
    assert vendor.paths().count(f"/{PATH}") == 1
    assert [str(identifier) for identifier in tables] == list(IDS)
    assert sum(table.num_rows for table in tables.values()) == len(lines)
    frames = [days[identifier] for identifier in days]
    assert len({frame.source_version for frame in frames}) == 1
    assert vendor.paths().count(f"/{PATH}") == 1


def test_instruments_that_are_fetched_one_by_one_share_the_file_while_a_frame_is_held(vendor: FaultServer, cache: Path) -> None:
    vendor.script(f"/{PATH}", Answer(packed(*mixed())))
    source = over_http(vendor, cache)
    instruments = source.instruments(DAY).instruments
    frames = [source.fetch(OPTIONS_CHAIN, instrument, DAY) for instrument in instruments]
    assert sum(frame.read().num_rows for frame in frames) == 500
    assert vendor.paths().count(f"/{PATH}") == 1
    frames.clear()
    assert list(cache.iterdir()) == []
    assert source.fetch(OPTIONS_CHAIN, instruments[0], DAY).read().num_rows
    assert vendor.paths().count(f"/{PATH}") == 2


def test_a_failure_of_one_fetch_is_not_the_next_ones(vendor: FaultServer, cache: Path) -> None:
    vendor.script(f"/{PATH}", *[Answer(b"", 503)] * QUICK.attempts, Answer(packed(*mixed())))
    source = over_http(vendor, cache)
    instrument = source.instruments(DAY).instruments[0]
    with pytest.raises(Retryable) as held:
        source.fetch(OPTIONS_CHAIN, instrument, DAY)
    assert source.fetch(OPTIONS_CHAIN, instrument, DAY).read().num_rows
    assert held.value.__traceback__ is not None  # whoever holds the error holds what it came from


def test_what_was_split_goes_with_the_day_and_with_the_last_frame(tmp_path: Path, cache: Path) -> None:
    put(tmp_path, packed(*mixed()))
    source = in_folder(tmp_path, cache)
    days = chains(source)
    assert not cache.exists()
    days[next(iter(days))].read()
    assert len(list(cache.iterdir())) == 1
    frame: Frame | None = days[next(iter(days))]
    del days
    assert len(list(cache.iterdir())) == 1
    del frame
    assert list(cache.iterdir()) == []


def test_what_was_split_goes_when_the_source_is_closed(tmp_path: Path, cache: Path) -> None:
    put(tmp_path, packed(*mixed()))
    source = in_folder(tmp_path, cache)
    days = chains(source)
    frame = days[next(iter(days))]
    source.close()
    assert list(cache.iterdir()) == []
    with pytest.raises(StorageFailed):
        frame.read()
    assert days[next(iter(days))].read().num_rows


def test_an_own_file_is_preferred_and_the_group_is_what_is_left(vendor: FaultServer, cache: Path) -> None:
    own = listed("BTC-9AUG24-60000-C", "option", "options_chain")
    gone = listed("BTC-9AUG24-60000-P", "option", "options_chain")
    vendor.script("/v1/exchanges/deribit", exchange(GROUP, own, gone, members=[member(name) for name in SYMBOLS]))
    vendor.script(f"/{PATH}", Answer(packed(*mixed())))
    vendor.script(f"/{PATH}".replace("OPTIONS.", "BTC-9AUG24-60000-C."), Answer(packed(option("BTC-9AUG24-60000-C", 1, bid_amount="7777"))))
    source = over_http(vendor, cache)
    days = chains(source)
    tables = {str(identifier): days[identifier].read() for identifier in days}
    assert tables["DERIBIT:OPTION:BTC-USD-60000-240809-CALL"].column("bid_amount").to_pylist() == [7777]
    assert read(tables["DERIBIT:OPTION:BTC-USD-60000-240809-PUT"]) == expected(mixed(), "BTC-9AUG24-60000-P")
    asked = [path for path in vendor.paths() if "2024/08/08" in path]
    assert len(asked) == 3
    assert len(set(asked)) == 3


def test_an_instrument_without_rows_has_an_empty_day(vendor: FaultServer, cache: Path) -> None:
    vendor.script(f"/{PATH}", Answer(packed(*mixed(50, SYMBOLS[1:]))))
    days = chains(over_http(vendor, cache))
    tables = {str(identifier): days[identifier].read() for identifier in days}
    assert tables.pop("DERIBIT:OPTION:BTC-USD-60000-240809-CALL").equals(OPTIONS_CHAIN.schema.empty_table())
    assert all(table.num_rows for table in tables.values())


@pytest.mark.parametrize("content", [b"", text_of("options_chain").encode()])
def test_a_group_file_of_nothing_is_an_empty_day_of_everybody(vendor: FaultServer, cache: Path, content: bytes) -> None:
    vendor.script(f"/{PATH}", Answer(gzip.compress(content)))
    days = chains(over_http(vendor, cache))
    assert [days[identifier].read().num_rows for identifier in days] == [0] * len(IDS)


def test_an_absent_group_file_is_absent_for_everybody(vendor: FaultServer, cache: Path) -> None:
    errors = list(outcomes(chains(over_http(vendor, cache))))
    assert [type(error) for error in errors] == [NotListed] * len(IDS)
    assert all("although Tardis lists it" in str(error) for error in errors)
    assert vendor.paths().count(f"/{PATH}") == 1
    hour = dt.datetime(2024, 8, 9, 1, tzinfo=dt.UTC).timestamp()
    assert {type(error) for error in outcomes(chains(over_http(vendor, cache, now=hour)))} == {NotAvailableYet}


def test_a_failed_group_file_is_failed_for_everybody_and_tried_again_by_the_next_run(vendor: FaultServer, cache: Path) -> None:
    vendor.script(f"/{PATH}", *[Answer(b"", 503)] * QUICK.attempts, Answer(packed(*mixed())))
    source = over_http(vendor, cache)
    errors = list(outcomes(chains(source)))
    assert [isinstance(error, Retryable) for error in errors] == [True] * len(IDS)
    assert len({str(error) for error in errors}) == 1
    assert vendor.paths().count(f"/{PATH}") == QUICK.attempts
    days = chains(source)
    assert all(days[identifier].read().num_rows for identifier in days)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"<html>sorry</html>", SchemaDrift),
        (b'{"code": 100}', SchemaDrift),
        (gzip.compress(b"<html>sorry</html>\n"), SchemaDrift),
        (gzip.compress(text_of("options_chain", *mixed()).replace("mark_iv", "markiv").encode()), SchemaDrift),
        (gzip.compress(text_of("options_chain", *mixed()).replace("symbol", "instrument", 1).encode()), SchemaDrift),
        (packed(*mixed())[:-30], DamagedFile),
        (gzip.compress(text_of("options_chain", *mixed()).encode()[:-9]), DamagedFile),
    ],
    ids=["html", "json", "html in gzip", "renamed column", "no symbol", "truncated", "cut line"],
)
@pytest.mark.parametrize("transport", ["http", "folder"])
def test_a_refused_group_file_is_refused_for_everybody_with_the_same_message_and_the_file(  # noqa: PLR0917
    vendor: FaultServer, tmp_path: Path, cache: Path, content: bytes, error: type[Exception], transport: str
) -> None:
    put(tmp_path, content)
    put(tmp_path, vendor.scripts["/v1/exchanges/deribit"][0].body, "v1/exchanges/deribit.json")
    vendor.script(f"/{PATH}", Answer(content))
    errors = list(outcomes(chains(over_http(vendor, cache) if transport == "http" else in_folder(tmp_path, cache))))
    assert [type(each) for each in errors] == [error] * len(IDS)
    assert len({str(each) for each in errors}) == 1
    assert "Tardis options_chain deribit OPTIONS 2024-08-08" in str(errors[0])
    for each in errors:
        assert isinstance(each, Unusable)
        assert each.delivered is not None
        assert each.delivered.path.read_bytes() == content


def test_zero_bytes_are_failed_for_everybody(vendor: FaultServer, cache: Path) -> None:
    vendor.script(f"/{PATH}", Answer(b""))
    errors = list(outcomes(chains(over_http(vendor, cache))))
    assert all(isinstance(error, Retryable) and "0 bytes" in str(error) for error in errors)


def test_bad_rows_of_one_instrument_stop_that_instrument_and_its_rows_are_kept(vendor: FaultServer, cache: Path) -> None:
    lines = [*mixed(), *(option(SYMBOLS[3], 600 + number, strike_price="-1") for number in range(5))]
    vendor.script(f"/{PATH}", Answer(packed(*lines)))
    days = chains(over_http(vendor, cache))
    refused = {}
    for identifier in days:
        try:
            days[identifier].read()
        except BadData as error:
            refused[str(identifier)] = error
    assert list(refused) == ["DERIBIT:OPTION:ETH-USD-2500-240809-PUT"]
    error = refused["DERIBIT:OPTION:ETH-USD-2500-240809-PUT"]
    assert error.rejected == {"strike_price_not_positive": 5}
    assert error.delivered is not None
    kept = gzip.decompress(error.delivered.path.read_bytes()).decode().splitlines()
    assert kept == [header("options_chain"), *(text for text in lines if SYMBOLS[3] in text)]


def test_a_cut_row_in_the_middle_stops_only_its_instrument(vendor: FaultServer, cache: Path) -> None:
    lines = mixed()
    place = next(number for number, text in enumerate(lines) if SYMBOLS[0] in text)
    lines[place] = lines[place].rpartition(",")[0]
    vendor.script(f"/{PATH}", Answer(packed(*lines)))
    days = chains(over_http(vendor, cache))
    failed = {}
    for identifier in days:
        try:
            days[identifier].read()
        except DamagedFile as error:
            failed[str(identifier)] = str(error)
    assert list(failed) == ["DERIBIT:OPTION:BTC-USD-60000-240809-CALL"]
    assert "23 fields, expected 24" in failed["DERIBIT:OPTION:BTC-USD-60000-240809-CALL"]


def test_rows_of_symbols_that_no_rule_maps_are_counted_once_and_kept(vendor: FaultServer, cache: Path) -> None:
    strays = [option("WHAT-IS-THIS", 1), option("WHAT-IS-THIS", 2), option("", 3), option("BTC-9AUG24-1-X", 4)]
    unlisted = [option("SOL-9AUG24-150-C", 5)]
    vendor.script(f"/{PATH}", Answer(packed(*mixed(), *strays, *unlisted)))
    days = chains(over_http(vendor, cache))
    first, *others = aside(days).values()
    assert first == {"unknown_symbol": 4, "unlisted_symbol": 1}
    assert others == [{}] * (len(IDS) - 1)
    frame = days[next(iter(sorted(days)))]
    frame.read()
    (unknown, _) = frame.quarantined
    assert unknown.rows is not None
    assert sorted(unknown.rows.column("symbol").to_pylist()) == ["", "BTC-9AUG24-1-X", "WHAT-IS-THIS", "WHAT-IS-THIS"]
    assert set(unknown.rows.column("reason").to_pylist()) == {"unknown_symbol"}
    assert unknown.rows.column_names == [*header("options_chain").split(","), "reason"]


def test_kept_rows_of_strays_are_bounded_and_all_are_counted(vendor: FaultServer, cache: Path) -> None:
    strays = [option(f"NOBODY{number % 3}", number) for number in range(2_500)]
    vendor.script(f"/{PATH}", Answer(packed(*mixed(), *strays)))
    days = chains(over_http(vendor, cache))
    frame = days[next(iter(days))]
    frame.read()
    (unknown,) = frame.quarantined
    assert unknown.rows is not None
    assert (unknown.count, unknown.rows.num_rows) == (2_500, 1_000)


def test_rows_of_another_exchange_in_a_group_file_are_set_aside(vendor: FaultServer, cache: Path) -> None:
    lines = [*mixed(), line("options_chain", 1, symbol=SYMBOLS[0], exchange="okex-options")]
    vendor.script(f"/{PATH}", Answer(packed(*lines)))
    assert aside(chains(over_http(vendor, cache)))["DERIBIT:OPTION:BTC-USD-60000-240809-CALL"] == {"other_exchange": 1}


def test_columns_that_are_not_known_are_warned_of_once(vendor: FaultServer, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = "".join(f"{text},x\n" for text in (header("options_chain"), *mixed())).replace(",x\n", ",extra\n", 1)
    vendor.script(f"/{PATH}", Answer(gzip.compress(text.encode())))
    days = chains(over_http(vendor, cache))
    assert sum(days[identifier].read().num_rows for identifier in days) == 500
    assert caplog.text.count("['extra'] are not known and were dropped") == 1
