"""Shards: options of one underlying share one, nothing else does."""

import pytest

from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.shards import parse_shard_name, shard_name
from market_data_assets.errors import UnknownInstrument


@pytest.mark.parametrize(
    ("instrument", "shard"),
    [
        ("DERIBIT:OPTION:BTC-USD-50000-241227-CALL", "DERIBIT:OPTION:BTC-USD"),
        ("DERIBIT:OPTION:BTC-USD-0.5-250328-PUT", "DERIBIT:OPTION:BTC-USD"),
        ("DERIBIT:OPTION:BTC-USDC-50000-241227-CALL", "DERIBIT:OPTION:BTC-USDC"),
        ("DERIBIT:OPTION:BTC-USD-50000-241227-CALL@USD", "DERIBIT:OPTION:BTC-USD@USD"),
        ("DERIBIT:OPTION:BTC-USD-50000-241227-CALL@BTC", "DERIBIT:OPTION:BTC-USD"),
        ("OKX:OPTION:BTC-USD-50000-241227-CALL", "OKX:OPTION:BTC-USD"),
        ("OKX:OPTION:LIT-USD-5-241227-CALL~2", "OKX:OPTION:LIT-USD~2"),
        ("DERIBIT:PERP:BTC-USD", None),
        ("DERIBIT:FUTURE:BTC-USD-241227", None),
        ("BINANCE:SPOT_PAIR:BTC-USDT", None),
        ("DERIBIT:COMBO:BTC-USD-FS-241227_PERP", None),
    ],
)
def test_shard_is_venue_base_quote_and_settlement_of_an_option(instrument: str, shard: str | None) -> None:
    assert shard_name(InstrumentId.parse(instrument)) == shard
    if shard is not None:
        assert parse_shard_name(shard) == shard
        assert parse_shard_name(f" {shard.lower()} ") == shard


def test_type_and_settlement_are_read_as_in_ids() -> None:
    assert parse_shard_name("deribit:options:btc-usd@btc") == "DERIBIT:OPTION:BTC-USD"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DERIBIT:OPTION",
        "DERIBIT:PERP:BTC-USD",
        "DERIBIT:OPTION:BTC",
        "DERIBIT:OPTION:BTC-USD-50000-241227-CALL",
        "a:b:c",
        "D:OPTION:A-B:C",
    ],
)
def test_anything_else_is_no_shard(text: str) -> None:
    with pytest.raises(UnknownInstrument, match="expected"):
        parse_shard_name(text)
