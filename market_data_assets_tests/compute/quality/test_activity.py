from market_data_assets.compute.quality.activity import fell_silent
from market_data_assets.domain.instruments import InstrumentId

BTC, ETH, SOL = (InstrumentId.parse(f"BINANCE:PERP:{base}-USDT") for base in ("BTC", "ETH", "SOL"))


def test_empty_file_of_a_usually_active_instrument_is_found() -> None:
    assert fell_silent({BTC: 0, ETH: 5}, [{BTC: 7, ETH: 5}, {BTC: 9}]) == [BTC]


def test_instrument_that_seldom_trades_or_is_new_is_not_judged() -> None:
    assert fell_silent({BTC: 0, SOL: 0}, [{BTC: 0}, {BTC: 3}]) == []
    assert fell_silent({BTC: 0}, []) == []


def test_instrument_without_a_file_is_another_matter() -> None:
    assert fell_silent({ETH: 1}, [{BTC: 7, ETH: 1}]) == []
