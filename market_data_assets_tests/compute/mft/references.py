"""The slow way to compute a feature: a function of one window, in plain numpy, over every window."""

from collections.abc import Callable

import numpy as np

from market_data_assets.compute.mft.bars import Bars, Floats


def over_windows(bars: Bars, length: int, names: tuple[str, ...], compute: Callable[..., float]) -> Floats:
    """``compute`` of the last ``length`` values of the named columns, for every bar; NaN before the first whole window."""
    found = np.full(len(bars), np.nan)
    for end in range(length, len(bars) + 1):
        found[end - 1] = compute(*(bars[name][end - length : end] for name in names))
    return found


def assert_matches(found: Floats, wanted: Floats, relative: float = 1e-9, absolute: float = 1e-13) -> None:
    """Equal within a tolerance, null in the same bars, and not null everywhere."""
    assert np.isfinite(wanted).any()
    np.testing.assert_allclose(found, wanted, rtol=relative, atol=absolute)
