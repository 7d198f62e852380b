from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.report.counts import count_map, expiry_chart
from market_data_assets.report.drawing import BLUE, VERMILION
from market_data_assets_tests.report.pictures import starts, texts


def test_counts_stand_in_their_squares_with_the_sum_of_each_row() -> None:
    counts = {("BINANCE", "PERP"): 1_200, ("BINANCE", "SPOT_PAIR"): 34, ("DERIBIT", "PERP"): 5}
    written = texts(count_map(counts, "Instruments"))
    assert written[:6] == ["Instruments", "PERP", "SPOT_PAIR", "all", "BINANCE", "DERIBIT"]
    assert sorted(written[6:]) == sorted(["1,200", "34", "5", "1,234", "5"])
    assert texts(count_map({}, "Instruments")) == ["Instruments"]


def test_expiries_are_in_the_order_of_time_calls_and_puts_apart() -> None:
    contracts = [
        InstrumentId.parse(f"DERIBIT:OPTION:BTC-USD-{strike}-{expiry}")
        for strike, expiry in ((50_000, "241227-CALL"), (60_000, "241227-PUT"), (60_000, "240816-CALL"))
    ]
    svg = expiry_chart(contracts, "Options")
    labels = [text for text in texts(svg) if text.endswith("24")]
    assert labels == ["16 Aug 24", "27 Dec 24"]
    assert (len([1 for _, y in starts(svg, BLUE) if y > 45]), len([1 for _, y in starts(svg, VERMILION) if y > 45])) == (2, 1)
    assert "no contracts" in texts(expiry_chart([], "Options"))
