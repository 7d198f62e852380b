import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.compute.quality.values import Signs, judge_jumps, judge_signs, judge_unit

TIMES = np.arange(1_000, dtype=np.int64)


def amounts(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(0.0, 1.3, len(TIMES))


@pytest.mark.parametrize(
    ("value", "signs", "found"),
    [
        (np.inf, Signs(), 1),
        (-1.0, Signs(), 1),
        (0.0, Signs(), 1),
        (0.0, Signs(positive=False), 0),
        (np.nan, Signs(), 0),
        (np.nan, Signs(required=True), 1),
    ],
)
def test_values_that_cannot_be_are_wrong(value: float, signs: Signs, found: int) -> None:
    findings = list(judge_signs("A", TIMES[:3], {"price": (np.array([1.0, value, 2.0]), signs)}))
    assert [(each.problem, each.found, each.wrong, each.first_at) for each in findings] == [("impossible_price", 1, True, 1)] * found


@pytest.mark.parametrize("factor", [2.5, 0.3, 1_000.0])
def test_single_price_off_its_neighbours_is_flagged(factor: float) -> None:
    prices = np.linspace(100, 110, len(TIMES))
    prices[500] *= factor
    (finding,) = judge_jumps("A", "price", TIMES, prices)
    assert (finding.problem, finding.found, finding.first_at, finding.wrong) == ("jump_of_price", 1, 500, False)


def test_market_that_moves_for_good_is_no_jump() -> None:
    prices = np.where(TIMES < 500, 100.0, 30.0)
    assert list(judge_jumps("A", "price", TIMES, prices)) == []
    assert list(judge_jumps("A", "price", TIMES[:0], prices[:0])) == []


@given(st.integers(0, 10_000), st.integers(0, 900), st.integers(20, 400), st.sampled_from([1e3, 1e-3, 1e6]))
def test_span_in_another_unit_is_found_wherever_it_lies(seed: int, start: int, length: int, factor: float) -> None:
    flipped = amounts(seed)
    flipped[start : start + length] *= factor
    (finding,) = judge_unit("A", "amount", TIMES, flipped)
    assert finding.problem == "unit_of_amount"
    assert not finding.wrong


@given(st.integers(0, 10_000))
def test_large_amounts_of_one_unit_are_no_flip(seed: int) -> None:
    assert list(judge_unit("A", "amount", TIMES, amounts(seed))) == []


def test_fills_of_one_large_order_are_no_flip() -> None:
    times, values = TIMES.copy(), amounts(1)
    times[300:320], values[300:320] = 300, values[300:320] * 1e3
    assert list(judge_unit("A", "amount", times, values)) == []


def test_whole_day_has_one_unit_whatever_it_is() -> None:
    assert list(judge_unit("A", "amount", TIMES, amounts(1) * 1e3)) == []
    assert list(judge_unit("A", "amount", TIMES[:3], np.array([1.0, 1e3, 1.0]))) == []
