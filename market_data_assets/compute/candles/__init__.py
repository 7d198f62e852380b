"""Ticks → candles: compiled passes collect components per 15 s, coarser timeframes merge them, features are expressions over them.

``feeds`` names what goes in, ``registry`` the columns, ``build`` makes and merges the tables. Reading the registry costs
no compiler: the functions are found on first use.
"""

from typing import TYPE_CHECKING

from market_data_assets.compute.candles.feeds import Feeds

if TYPE_CHECKING:
    from market_data_assets.compute.candles.build import from_ticks, merge

__all__ = ["Feeds", "from_ticks", "merge"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from market_data_assets.compute.candles import build  # noqa: PLC0415

        return getattr(build, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
