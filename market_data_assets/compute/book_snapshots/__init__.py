"""Book updates → the last book of every bucket, with what it says of spread, depth and cost.

``registry`` names the columns, ``build`` makes and merges the tables. Reading the registry costs no compiler: the two
functions are found on first use.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from market_data_assets.compute.book_snapshots.build import from_book, merge

__all__ = ["from_book", "merge"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from market_data_assets.compute.book_snapshots import build  # noqa: PLC0415

        return getattr(build, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
