from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.sources.simulated.grid import decimals

SIZES = st.sampled_from([Decimal(text) for text in ("0.00001", "0.0001", "0.001", "0.01", "0.1", "0.5", "2.5", "1", "10")])


@given(st.integers(-(10**9), 10**11), SIZES)
def test_each_double_is_the_one_that_its_printed_decimal_parses_to(steps, size):
    assert decimals(np.array([steps]), size)[0] == float(steps * size)
