"""Group files of Tardis: one mixed file for all instruments of a type, fetched once and split by symbol."""

import datetime as dt
import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import DailyFrames, Dataset, Frame
from market_data_assets.domain.schemas import OPTIONS_CHAIN, TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.errors import BadData, DamagedFile, NotAvailableYet, NotListed, Retryable, SchemaDrift, StorageFailed, Unusable
from market_data_assets.sources.base import fetch_day
from market_data_assets.sources.tardis import API_URL, TardisSource
from market_data_assets_tests.faults.http_server import Answer, FaultServer
from market_data_assets_tests.sources.conftest import QUICK
from market_data_assets_tests.sources.csv.frames import DAY
from market_data_assets_tests.sources.csv.vendor_lines import header, line, text_of

PATH = "v1/deribit/options_chain/2024/08/08/OPTIONS.csv.gz"
SYMBOLS = ("BTC-9AUG24-60000-C", "BTC-9AUG24-60000-P", "BTC-27DEC24-100000-C", "ETH-9AUG24-2500-P", "XRP_USDC-9AUG24-0D625-C")
IDS = (
    "DERIBIT:OPTION:BTC-USD-100000-241227-CALL",
    "DERIBIT:OPTION:BTC-USD-60000-240809-CALL",
    "DERIBIT:OPTION:BTC-USD-60000-240809-PUT",
    "DERIBIT:OPTION:ETH-USD-2500-240809-PUT",
    "DERIBIT:OPTION:XRP-USDC-0.625-240809-CALL",
)


def option(symbol: str, second: float, **cells: str) -> str:
    return line("options_chain", second, symbol=symbol, exchange="deribit", **cells)


def mixed(rows: int = 500, symbols: Sequence[str] = SYMBOLS) -> list[str]:
    """Lines of several symbols in the order of arrival, which is nearly that of time."""
    generator = random.Random(7)
    return [option(generator.choice(symbols), row + generator.random() * 5, bid_amount=str(row + 1)) for row in range(rows)]


def packed(*lines: str) -> bytes:
    return gzip.compress(text_of("options_chain", *lines).encode())


def put(root: Path, content: bytes, path: str = PATH) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def in_folder(root: Path, cache: Path, **universe: Any) -> TardisSource:
    return TardisSource(root.as_uri(), API_URL, Universe(("deribit",), **universe), cache)


def chains(source: TardisSource, dataset: Dataset = OPTIONS_CHAIN) -> DailyFrames:
    return fetch_day(source, dataset, source.instruments(DAY).instruments, DAY)


def expected(lines: Sequence[str], symbol: str) -> list[tuple[int, float]]:
    """Time and bid amount of a symbol's rows, by time, then as in the file."""
    names = header("options_chain").split(",")
    cells = [dict(zip(names, text.split(","), strict=True)) for text in lines]
    mine = [(int(row["timestamp"]), float(row["bid_amount"])) for row in cells if row["symbol"] == symbol]
    return sorted(mine, key=lambda row: row[0])


def read(table: pa.Table) -> list[tuple[int, float]]:
    times = table.column("timestamp").cast("int64").to_pylist()
    return list(zip(times, table.column("bid_amount").to_pylist(), strict=True))


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


def exchange(*symbols: Mapping[str, Any], members: Sequence[Mapping[str, Any]] = ()) -> Answer:
    since = {"exportedFrom": "2019-03-30T00:00:00.000Z", "exportedUntil": "2024-08-20T00:00:00.000Z"}
    return Answer(
        json.dumps({"id": "deribit", "availableSymbols": list(members), "datasets": {**since, "symbols": list(symbols)}}).encode()
    )


def listed(name: str, kind: str, *data_types: str, **times: str) -> dict[str, Any]:
    return {"id": name, "type": kind, "dataTypes": list(data_types), "availableSince": "2019-03-30T00:00:00.000Z", **times}


def member(name: str, kind: str = "option", **times: str) -> dict[str, Any]:
    return {"id": name, "type": kind, "availableSince": "2024-08-01T00:00:00.000Z", **times}


GROUP = listed("OPTIONS", "option", "trades", "options_chain")


def over_http(server: FaultServer, cache: Path, *, patterns: tuple[str, ...] = (), now: float = 1_723_680_000.0) -> TardisSource:
    return TardisSource(
        server.url, server.url, Universe(("deribit",), patterns), cache, limits=QUICK, now=lambda: now, sleep=lambda _: None
    )


@pytest.fixture
def vendor(server: FaultServer) -> FaultServer:
    server.script("/v1/exchanges/deribit", exchange(GROUP, members=[member(name) for name in SYMBOLS]))
    return server


def test_members_of_a_group_come_from_the_list_of_symbols_of_the_exchange(server: FaultServer, cache: Path) -> None:
    server.script(
        "/v1/exchanges/deribit",
        exchange(
            GROUP,
            listed("BTC-9AUG24-60000-P", "option", "trades", "quotes"),
            listed("BTC-PERPETUAL", "perpetual", "trades"),
            members=[
                *(member(name) for name in SYMBOLS[:2]),
                member("BTC-PERPETUAL", "perpetual"),
                member("ETH-PERPETUAL", "perpetual"),
                member("BTC-9AUG24-70000-C", availableSince="2024-08-09T00:00:00.000Z"),
                member("BTC-8AUG24-70000-C", availableTo="2024-08-08T00:00:00.000Z"),
                member("BTC-8AUG24-80000-C", availableTo="2024-08-08T08:00:00.000Z"),
                member("WHAT-IS-THIS-ONE"),
                member("BTC-9AUG24", "warrant"),
            ],
        ),
    )
    found = over_http(server, cache).instruments(DAY)
    assert {str(instrument.instrument_id): instrument.data_types for instrument in found.instruments} == {
        "DERIBIT:OPTION:BTC-USD-60000-240809-CALL": ("trades", "options_chain"),
        "DERIBIT:OPTION:BTC-USD-60000-240809-PUT": ("trades", "quotes", "options_chain"),
        "DERIBIT:OPTION:BTC-USD-80000-240808-CALL": ("trades", "options_chain"),
        "DERIBIT:PERP:BTC-USD": ("trades",),
    }
    assert ["WHAT-IS-THIS-ONE" in str(error) for error in found.unknown] == [True]


def test_members_of_a_group_come_from_the_definitions_too(server: FaultServer, cache: Path, samples: Path) -> None:
    definition = json.loads((samples / "tardis_api/instruments/deribit_BTC-25APR25-200000-P.json").read_bytes())
    group = {**GROUP, "availableSince": "2020-01-01T00:00:00Z"}
    server.script("/v1/exchanges/deribit", exchange(group))
    server.script("/v1/instruments/deribit", Answer(json.dumps([definition]).encode()))

    class Key:
        def get_secret_value(self) -> str:
            return "key"

    source = TardisSource(server.url, server.url, Universe(("deribit",)), cache, api_key=Key(), limits=QUICK)
    assert source.instruments(DAY).instruments == []
    (instrument,) = source.instruments(dt.date(2025, 2, 1)).instruments
    assert str(instrument.instrument_id) == "DERIBIT:OPTION:BTC-USD-200000-250425-PUT"
    assert instrument.data_types == ("trades", "options_chain")
    assert (instrument.lot_size, instrument.expiry) == (0.1, dt.datetime(2025, 4, 25, 8, tzinfo=dt.UTC))


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


def outcomes(days: DailyFrames) -> Iterator[Exception]:
    for identifier in days:
        with pytest.raises((NotListed, NotAvailableYet, Retryable, Unusable)) as caught:
            days[identifier].read()
        yield caught.value


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


def aside(days: DailyFrames) -> dict[str, dict[str, int]]:
    found = {}
    for identifier in days:
        frame = days[identifier]
        frame.read()
        found[str(identifier)] = {each.reason: each.count for each in frame.quarantined}
    return found


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


def test_rows_that_the_universe_leaves_out_are_no_strays(vendor: FaultServer, cache: Path) -> None:
    vendor.script(f"/{PATH}", Answer(packed(*mixed())))
    days = chains(over_http(vendor, cache, patterns=("DERIBIT:OPTION:ETH-*",)))
    assert aside(days) == {"DERIBIT:OPTION:ETH-USD-2500-240809-PUT": {}}


def test_kept_rows_of_strays_are_bounded_and_all_are_counted(vendor: FaultServer, cache: Path) -> None:
    strays = [option(f"NOBODY{number % 3}", number) for number in range(2_500)]
    vendor.script(f"/{PATH}", Answer(packed(*mixed(), *strays)))
    days = chains(over_http(vendor, cache))
    frame = days[next(iter(days))]
    frame.read()
    (unknown,) = frame.quarantined
    assert unknown.rows is not None
    assert (unknown.count, unknown.rows.num_rows) == (2_500, 1_000)


def test_in_a_folder_symbols_that_no_rule_maps_are_known_beforehand(tmp_path: Path, cache: Path) -> None:
    put(tmp_path, packed(*mixed(), option("WHAT-IS-THIS", 1)))
    source = in_folder(tmp_path, cache)
    found = source.instruments(DAY)
    assert len(found.instruments) == len(IDS)
    assert ["'WHAT-IS-THIS'" in str(error) for error in found.unknown] == [True]
    assert sum(counts.get("unknown_symbol", 0) for counts in aside(chains(source)).values()) == 1


def test_in_a_folder_own_files_and_groups_of_several_data_types_are_one_universe(tmp_path: Path, cache: Path) -> None:
    put(tmp_path, packed(*mixed(100, SYMBOLS[:2])))
    trades = text_of("trades", *(line("trades", second, symbol=SYMBOLS[1], exchange="deribit") for second in range(4)))
    put(tmp_path, gzip.compress(trades.encode()), PATH.replace("options_chain", "trades"))
    perpetual = text_of("trades", line("trades", symbol="BTC-PERPETUAL", exchange="deribit"))
    put(tmp_path, gzip.compress(perpetual.encode()), "v1/deribit/trades/2024/08/08/BTC-PERPETUAL.csv.gz")
    put(tmp_path, b"not looked into", PATH.replace("options_chain", "quotes"))
    source = in_folder(tmp_path, cache)
    listing = source.instruments(DAY)
    assert listing.unknown == []
    assert {str(instrument.instrument_id): instrument.data_types for instrument in listing.instruments} == {
        "DERIBIT:OPTION:BTC-USD-60000-240809-CALL": ("options_chain",),
        "DERIBIT:OPTION:BTC-USD-60000-240809-PUT": ("options_chain", "trades"),
        "DERIBIT:PERP:BTC-USD": ("trades",),
    }
    days = chains(source, TRADES)
    assert [days[identifier].read().num_rows for identifier in days] == [4, 1]
    only = in_folder(tmp_path, cache, data_types=("trades",)).instruments(DAY).instruments
    assert [instrument.data_types for instrument in only] == [("trades",), ("trades",)]


@pytest.mark.parametrize(
    ("content", "known"), [(b"<html>", 0), (b"", 0), (gzip.compress(text_of("options_chain", *mixed(9_000)).encode())[:-9], len(IDS))]
)
def test_in_a_folder_a_group_file_that_cannot_be_read_stops_nothing_else(tmp_path: Path, cache: Path, content: bytes, known: int) -> None:
    put(tmp_path, content)
    perpetual = text_of("trades", line("trades", symbol="BTC-PERPETUAL", exchange="deribit"))
    put(tmp_path, gzip.compress(perpetual.encode()), "v1/deribit/trades/2024/08/08/BTC-PERPETUAL.csv.gz")
    source = in_folder(tmp_path, cache)
    found = source.instruments(DAY)
    assert len(found.instruments) in {1, 1 + known}
    assert ["deribit symbol 'OPTIONS': expected a group file of options_chain" in str(error) for error in found.unknown] == [True]
    assert chains(source, TRADES)[found.instruments[-1].instrument_id].read().num_rows == 1
    assert all(isinstance(error, Unusable) for error in outcomes(chains(source)))


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
