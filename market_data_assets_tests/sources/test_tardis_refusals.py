"""Files of Tardis that are broken, of every data type: what is refused, what is an empty day, and what is kept."""

import gc
import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import (
    BadData,
    DamagedFile,
    Retryable,
    SchemaDrift,
    TooLarge,
    Unusable,
)
from market_data_assets_tests.faults.http_server import Answer, FaultServer
from market_data_assets_tests.sources.conftest import QUICK
from market_data_assets_tests.sources.csv.frames import DAY, file_of, trade
from market_data_assets_tests.sources.csv.vendor_lines import CELLS, DATASETS, line, text_of
from market_data_assets_tests.sources.tardis_vendor import PATH, btc, exchange, folder_source, source, symbol


@pytest.fixture
def listed(server: FaultServer) -> FaultServer:
    server.script("/v1/exchanges/binance", exchange(symbol("BTCUSDT")))
    return server


@pytest.mark.parametrize("content", [b"", file_of().encode()])
def test_a_gzip_of_nothing_or_of_a_header_is_an_empty_day(listed: FaultServer, cache: Path, content: bytes) -> None:
    listed.script(PATH, Answer(gzip.compress(content)))
    table = source(listed, cache).fetch(TRADES, btc(), DAY).read()
    assert table.equals(TRADES.schema.empty_table())


def test_zero_bytes_are_failed_and_not_empty(listed: FaultServer, cache: Path) -> None:
    listed.script(PATH, Answer(b""))
    with pytest.raises(Retryable, match="0 bytes"):
        source(listed, cache).fetch(TRADES, btc(), DAY)


@pytest.mark.parametrize("page", [b"<html>", b'{"code": 100}'])
def test_a_page_is_drift(listed: FaultServer, cache: Path, page: bytes) -> None:
    listed.script(PATH, Answer(page))
    with pytest.raises(SchemaDrift, match="Tardis trades BINANCE:SPOT_PAIR:BTC-USDT 2024-08-08"):
        source(listed, cache).fetch(TRADES, btc(), DAY)


@pytest.mark.parametrize("data_type", sorted(CELLS))
@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (lambda text: b"<html>sorry</html>", SchemaDrift),
        (lambda text: b'{"code": 100}', SchemaDrift),
        (lambda text: gzip.compress(b"<html>sorry</html>\n"), SchemaDrift),
        (lambda text: gzip.compress(text)[:-9], DamagedFile),
        (lambda text: gzip.compress(text) + b"junk", DamagedFile),
        (lambda text: gzip.compress(text[:-7]), DamagedFile),
        (lambda text: gzip.compress(text.replace(b"local_timestamp", b"arrival")), SchemaDrift),
        (lambda text: gzip.compress(re.sub(rb",(100.5|101|8290.5|9875),", b",-1,", text)), BadData),
    ],
    ids=["html", "json", "html in gzip", "truncated", "junk", "cut line", "renamed column", "impossible values"],
)
@pytest.mark.parametrize("transport", ["http", "folder"])
def test_a_broken_file_of_any_data_type_is_refused_and_travels_with_the_refusal(  # noqa: PLR0917
    listed: FaultServer,
    tmp_path: Path,
    cache: Path,
    data_type: str,
    broken: Callable[[bytes], bytes],
    error: type[Unusable],
    transport: str,
) -> None:
    text = text_of(data_type, *(line(data_type, second) for second in range(20))).encode()
    content = broken(text)
    path = PATH.replace("trades", data_type)
    listed.script(path, Answer(content))
    file = tmp_path / path[1:]
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    tardis = source(listed, cache) if transport == "http" else folder_source(tmp_path, cache)
    with pytest.raises(error, match=f"Tardis {data_type} BINANCE:SPOT_PAIR:BTC-USDT 2024-08-08") as caught:
        tardis.fetch(DATASETS[data_type], btc(), DAY).read()
    assert caught.value.delivered is not None
    assert caught.value.delivered.path.read_bytes() == content


@pytest.mark.parametrize("data_type", sorted(CELLS))
def test_zero_bytes_are_failed_and_nothing_or_a_header_is_an_empty_day_of_any_data_type(
    listed: FaultServer, cache: Path, data_type: str
) -> None:
    dataset, path = DATASETS[data_type], PATH.replace("trades", data_type)
    listed.script(path, Answer(b""))
    with pytest.raises(Retryable, match="0 bytes"):
        source(listed, cache).fetch(dataset, btc(), DAY)
    for content in (b"", text_of(data_type).encode()):
        listed.script(path, Answer(gzip.compress(content)))
        assert source(listed, cache).fetch(dataset, btc(), DAY).read().equals(dataset.schema.empty_table())


def test_a_bomb_is_too_large_and_travels_with_its_refusal(listed: FaultServer, cache: Path) -> None:
    bomb = gzip.compress(bytes(100 << 20))
    listed.script(PATH, Answer(bomb))
    with pytest.raises(TooLarge) as caught:
        source(listed, cache).fetch(TRADES, btc(), DAY).read()
    assert caught.value.delivered is not None
    assert caught.value.delivered.path.read_bytes() == bomb


def test_a_refused_file_is_kept_as_long_as_its_refusal(listed: FaultServer, cache: Path) -> None:
    listed.script(PATH, Answer(gzip.compress(file_of(trade(price="nan")).encode())))
    with pytest.raises(BadData) as caught:
        source(listed, cache).fetch(TRADES, btc(), DAY).read()
    gc.collect()
    assert caught.value.delivered is not None
    assert list(cache.iterdir()) == [caught.value.delivered.path]
    del caught
    gc.collect()
    assert list(cache.iterdir()) == []


def test_a_whole_gzip_of_half_a_file_is_fetched_again_and_then_refused(listed: FaultServer, cache: Path) -> None:
    listed.script(PATH, Answer(gzip.compress(file_of(trade(1), trade(2)).encode()[:-7])))
    with pytest.raises(Unusable, match="the last line is cut"):
        source(listed, cache).fetch(TRADES, btc(), DAY)
    assert listed.paths().count(PATH) == QUICK.attempts


def test_a_damaged_file_in_a_folder_is_refused_when_it_is_read(samples: Path, tmp_path: Path, cache: Path) -> None:
    name = "v1/binance-delivery/trades/2024/08/08/BTCUSD_PERP.csv.gz"
    whole = (samples / "tardis_from_raw" / name).read_bytes()
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    for keep in (5, 1_000, len(whole) // 2, len(whole) - 4):
        path.write_bytes(whole[:keep])
        tardis = folder_source(tmp_path, cache, "binance-delivery")
        with pytest.raises(Unusable):
            tardis.fetch(TRADES, tardis.instruments(DAY).instruments[0], DAY).read()
