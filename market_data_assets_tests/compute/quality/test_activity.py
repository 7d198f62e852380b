from market_data_assets.compute.quality.activity import fell_silent, judge_emptiness, judge_quarantine
from market_data_assets.domain.instruments import InstrumentId

BTC, ETH, SOL = (InstrumentId.parse(f"BINANCE:PERP:{base}-USDT") for base in ("BTC", "ETH", "SOL"))


def test_empty_file_of_a_usually_active_instrument_is_found() -> None:
    assert fell_silent({BTC: 0, ETH: 5}, [{BTC: 7, ETH: 5}, {BTC: 9}]) == [BTC]


def test_instrument_that_seldom_trades_or_is_new_is_not_judged() -> None:
    assert fell_silent({BTC: 0, SOL: 0}, [{BTC: 0}, {BTC: 3}]) == []
    assert fell_silent({BTC: 0}, []) == []


def test_instrument_without_a_file_is_another_matter() -> None:
    assert fell_silent({ETH: 1}, [{BTC: 7, ETH: 1}]) == []


def test_day_without_a_row_is_found_unless_nothing_is_listed() -> None:
    assert [each.problem for each in judge_emptiness({BTC: 0, ETH: 0}, 2)] == ["no_rows"]
    assert judge_emptiness({BTC: 0, ETH: 1}, 2) == []
    assert judge_emptiness({}, 0) == []


def test_refused_file_and_many_rows_set_aside_are_found_with_their_reasons() -> None:
    (refused,) = judge_quarantine(str(BTC), None, {"schema_drift": 0})
    assert (refused.problem, refused.wrong, refused.detail) == ("refused_file", False, "schema_drift, the whole file")
    (rows,) = judge_quarantine(str(BTC), 9_997, {"out_of_day": 2, "price_not_finite": 1})
    assert (rows.problem, rows.found, rows.looked_at) == ("rows_set_aside", 3, 10_000)


def test_one_row_in_ten_thousand_set_aside_is_tolerated() -> None:
    assert judge_quarantine(str(BTC), 9_999, {"out_of_day": 1}) == []
    assert judge_quarantine(str(BTC), 9_999, {}) == []
