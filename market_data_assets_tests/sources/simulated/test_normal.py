import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.sources.simulated.normal import density, distribution


@given(st.floats(-40, 40))
def test_the_distribution_is_that_of_the_error_function(value):
    assert distribution(np.array([value]))[0] == pytest.approx(math.erfc(-value / math.sqrt(2)) / 2, abs=2e-12)


@given(st.floats(-8, 8))
def test_the_distribution_is_symmetric_and_its_slope_is_the_density(value):
    below, above = distribution(np.array([-value, value]))
    assert below + above == pytest.approx(1, abs=1e-12)
    left, right = distribution(np.array([value - 1e-4, value + 1e-4]))
    assert (right - left) / 2e-4 == pytest.approx(density(np.array([value]))[0], abs=1e-7)
