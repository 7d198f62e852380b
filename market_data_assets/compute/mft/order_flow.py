"""Order flow over windows: what arrived at the best bid and ask."""

from functools import partial

from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.ratios import ratio
from market_data_assets.compute.mft.record import MftFeature, unbroken
from market_data_assets.compute.mft.rolling import total

_NO_BOOK = "a bar of the window has no book data"
_FLOW = partial(MftFeature, group="volume")


def _imbalance(bars: Bars) -> Floats:
    return ratio(total(bars["volume_delta"], 20), total(bars["volume"], 20))


def _flow(bars: Bars) -> Floats:
    return total(bars["ofi"], 20)


FEATURES = (
    _FLOW(
        name="ofi_20",
        formula="Σ ofi of the last 20 bars",
        unit="base",
        null_rule=unbroken(19, _NO_BOOK),
        source="Cont, Kukanov & Stoikov 2014",
        look_back_bars=19,
        inputs=("ofi",),
        value=_flow,
    ),
    _FLOW(
        name="volume_imbalance_20",
        formula="Σ volume_delta / Σ volume of the last 20 bars",
        unit="[−1, 1]",
        null_rule=unbroken(19, "no trades in the window"),
        source="Chordia & Subrahmanyam 2004",
        look_back_bars=19,
        inputs=("volume_delta", "volume"),
        default=False,
        value=_imbalance,
    ),
)
