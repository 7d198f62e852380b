import datetime as dt
from collections import defaultdict
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.domain.days import day_start
from market_data_assets.domain.instruments import OptionType
from market_data_assets.sources.simulated.contracts import SimulatedContract, contracts
from market_data_assets.sources.simulated.greeks import greeks
from market_data_assets.sources.simulated.options import implied_volatility
from market_data_assets.sources.simulated.prices import forward, years_left
from market_data_assets_tests.sources.simulated.markets import DAY

DAYS = st.dates(dt.date(2021, 1, 1), dt.date(2030, 1, 1))
DAY_US = 86_400_000_000


def at_noon(day: dt.date) -> dict[int, list[SimulatedContract]]:
    """The options that are listed at noon, by expiry."""
    noon, found = day_start(day) + DAY_US // 2, defaultdict(list)
    for contract in contracts(day):
        if contract.strike is not None and contract.listed <= noon < contract.expires:
            found[contract.expires].append(contract)
    return found


@settings(max_examples=25)
@given(DAYS)
def test_expiries_reach_from_the_next_day_to_beyond_90_days_and_bracket_7_and_30(day):
    left = [(expiry - day_start(day)) / DAY_US - 0.5 for expiry in sorted(at_noon(day))]
    assert len(left) >= 5
    assert left[0] < 1
    assert left[-1] > 90
    for maturity in (7, 30, 90):
        assert any(near <= maturity <= far for near, far in pairwise(left))


@settings(max_examples=25)
@given(DAYS)
def test_each_strike_of_an_expiry_has_a_call_and_a_put(day):
    for chain in at_noon(day).values():
        kinds = defaultdict(set)
        for contract in chain:
            kinds[contract.strike].add(contract.option_type)
        assert all(pair == set(OptionType) for pair in kinds.values())
        assert min(kinds) > 0


def test_most_chains_hold_the_25_deltas_of_calls_and_puts():
    chains = inside = 0
    for number in range(0, 1_500, 100):
        day = DAY + dt.timedelta(days=number)
        noon = np.array([day_start(day) + DAY_US // 2])
        for chain in at_noon(day).values():
            calls = [contract for contract in chain if contract.option_type is OptionType.CALL]
            deltas = [call_delta(contract, noon) for contract in calls]
            chains += 1
            inside += min(deltas) < 0.25 and max(deltas) > 0.75
    assert inside > 0.95 * chains


def call_delta(contract: SimulatedContract, instant: np.ndarray) -> float:
    future, years, (kind, strike) = forward(contract, instant), years_left(contract, instant), contract.terms
    return float(greeks(kind, future, strike, years, implied_volatility(future, strike, years)).delta[0])


def test_a_day_lists_a_moderate_number_of_options_and_a_few_of_them_trade():
    chain = [contract for contracts_of_expiry in at_noon(DAY).values() for contract in contracts_of_expiry]
    assert 90 < len(chain) < 140
    assert 10 < sum(contract.is_traded for contract in chain) < 40


@settings(max_examples=30)
@given(DAYS)
def test_what_is_known_of_an_option_does_not_change_while_it_is_listed(day):
    today, tomorrow = ({str(contract): contract for contract in contracts(day + dt.timedelta(days=shift))} for shift in (0, 1))
    assert all(today[name] == tomorrow[name] for name in today.keys() & tomorrow.keys())
