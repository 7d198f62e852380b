"""The flat view of book ticks: one column per side, quantity and level, 1 is the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.schemas import RAW
from market_data_assets.errors import QueryError

_LISTS = {"ask_price": "ask_prices", "ask_amount": "ask_amounts", "bid_price": "bid_prices", "bid_amount": "bid_amounts"}
_BOOKS: Mapping[int, Dataset] = {
    int(dataset.name.removeprefix("book_snapshot_")): dataset for dataset in RAW if dataset.name.startswith("book_snapshot_")
}


@dataclass(frozen=True, slots=True)
class Level:
    """Where a flat column is taken from: a list column and the position in it, or a column as it is."""

    column: str
    position: int | None = None


def books_of(levels: int) -> Sequence[Dataset]:
    """The books that have ``levels`` levels, the smallest first.

    Raises:
        QueryError: fewer than one level, or more than any stored book has.
    """
    enough = [depth for depth in sorted(_BOOKS) if depth >= levels]
    if levels < 1 or not enough:
        raise QueryError(f"levels {levels}: expected 1 to {max(_BOOKS)}")
    return [_BOOKS[depth] for depth in enough]


def flat_columns(book: Dataset, levels: int) -> Mapping[str, Level]:
    """Every column of the flat view, and where it comes from."""
    view = {name: Level(name) for name in book.columns if name not in _LISTS.values()}
    for number in range(1, levels + 1):
        view |= {f"{name}_{number}": Level(column, number - 1) for name, column in _LISTS.items()}
    return view


def flatten(ticks: pa.Table, view: Mapping[str, Level], columns: Sequence[str]) -> pa.Table:
    """``columns`` of the flat view, after those of ``ticks`` that the view does not know; a level that is missing is null."""
    stored = {level.column for level in view.values()}
    kept = [name for name in ticks.column_names if name not in stored and name not in columns]
    flat = {name: _level(ticks[view[name].column], view[name].position) if name in view else ticks[name] for name in [*kept, *columns]}
    return pa.table(list(flat.values()), names=list(flat))


def _level(lists: "pa.ChunkedArray[Any]", position: int | None) -> "pa.ChunkedArray[Any]":
    if position is None:
        return lists
    depth = lists.type.list_size
    # A copy per level, since a stride over the flattened lists would keep all levels in memory for one of them.
    flat = [chunk.flatten().to_numpy() for chunk in lists.chunks]  # type: ignore[attr-defined]  # the stubs lack it
    return pa.chunked_array([pa.array(values[position::depth], from_pandas=True) for values in flat], pa.float64())
