"""Columns of the options of an underlying, on its rows: the surface at the bucket's end."""

from market_data_assets.compute.candles.components.options import OPTIONS
from market_data_assets.compute.features import Feature, Merge
from market_data_assets.compute.options.registry import UNDERLYING

_SURFACE = {feature.name: feature for feature in UNDERLYING}
_OF_SURFACE = {"atm_mark_iv": "atm_iv_30d"}
_WHEN = (
    "; from each contract's last quote before the end of the 15s bucket, if of the same UTC day and at most 60 s old; a coarser"
    " bucket has the value of its last 15s bucket that has one"
)


def surface_name(column: str) -> str:
    """The feature of the surface that a column holds."""
    return _OF_SURFACE.get(column, column)


def _column(name: str) -> Feature:
    of = _SURFACE[surface_name(name)]
    null_rule = f"the underlying has no options in the data; {of.null_rule}"
    return Feature(name, of.formula + _WHEN, of.unit, Merge.ADDITIVE, "O", null_rule, 1, of.source, of.version)


FEATURES: tuple[Feature, ...] = tuple(_column(part.name) for part in OPTIONS if part.public)
