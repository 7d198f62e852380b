import numpy as np
import pytest

from market_data_assets.compute.numbering import is_numbered


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (np.arange(500), True),
        (np.delete(np.arange(500), range(200, 250)), True),
        (np.repeat(np.arange(500), 2), True),
        (np.arange(10), False),
        (np.arange(500) * 7, False),
        (np.delete(np.arange(2_000), [100, 200, 300, 400, 500, 600]), False),
        (np.delete(np.arange(20_000), [100, 200, 300, 400, 500, 600]), True),
        (np.empty(0, np.int64), False),
    ],
    ids=["counted", "one gap", "repeated", "too few", "steps of seven", "many jumps in few", "few jumps in many", "none"],
)
def test_numbers_are_told_from_ids(ids, expected):
    assert is_numbered(ids) is expected
