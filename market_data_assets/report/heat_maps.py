"""Heat maps of how much of what was expected is there: as a picture, and for the terminal."""

from collections.abc import Callable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from market_data_assets.report.squares import Cell, Square, squares

_CELL_WIDTH, _GAP = 5, 1
"""Characters of a cell, such as `` 99.9``, and between two."""
# Okabe and Ito's vermilion, yellow and sky blue, told apart under every common colour blindness; their dark blue is for what
# is whole, so that the least hole shows.
_SCALE = ((213, 94, 0), (240, 228, 66), (86, 180, 233))
_WHOLE = (0, 114, 178)


def heat_map(shares: Mapping[Cell, float], title: str) -> str:
    """An SVG with one square per cell, its share in percent written in it; nothing is drawn where nothing was expected."""
    return _picture(shares, title, percent)


def hour_map(shares: Mapping[Cell, float], title: str) -> str:
    """The same with whole percents, rounded down, so that 24 columns fit."""
    return _picture(shares, title, lambda share: f"{int(share * 100)}")


def _picture(shares: Mapping[Cell, float], title: str, text: Callable[[float], str]) -> str:
    rows, columns = axes_of(shares)
    cells = {cell: Square(text(share), _colour(share), _is_dark(share)) for cell, share in shares.items()}
    return squares(cells, rows, columns, title)


def heat_tables(shares: Mapping[Cell, float], title: str, width: int) -> Sequence[Table]:
    """The same for a terminal of ``width`` characters, coloured where it has colours: as many tables as the columns need.

    A column's label may have several lines.
    """
    rows, columns = axes_of(shares)
    wide = max([_CELL_WIDTH, *(len(line) for column in columns for line in column.splitlines())])
    labels = max(map(len, rows), default=0)
    fitting = max((width - labels) // (wide + _GAP), 1)
    pieces = [columns[first : first + fitting] for first in range(0, len(columns), fitting)]
    return [_table(shares, title, rows, piece) for piece in pieces]


def _table(shares: Mapping[Cell, float], title: str, rows: Sequence[str], columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 0, 0, _GAP))
    table.add_column("", no_wrap=True, overflow="ellipsis")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True, header_style="bold")
    for row in rows:
        table.add_row(row, *(_cell(shares.get((row, column))) for column in columns))
    return table


def axes_of(shares: Mapping[Cell, float]) -> tuple[Sequence[str], Sequence[str]]:
    """The labels of the rows and of the columns, both in order."""
    return sorted({row for row, _ in shares}), sorted({column for _, column in shares})


def percent(share: float) -> str:
    """A share as text that says 100 only where nothing at all is missing."""
    return "100" if share >= 1.0 else f"{min(share * 100, 99.9):.1f}"


def _cell(share: float | None) -> Text:
    if share is None:
        return Text("·", style="dim")
    red, green, blue = _colour(share)
    return Text(f"{percent(share):>{_CELL_WIDTH}}", style=f"{'white' if _is_dark(share) else 'black'} on rgb({red},{green},{blue})")


def _colour(share: float) -> tuple[int, int, int]:
    if share >= 1.0:
        return _WHOLE
    place = share * (len(_SCALE) - 1)
    low = min(int(place), len(_SCALE) - 2)
    red, green, blue = (round(a + (b - a) * (place - low)) for a, b in zip(_SCALE[low], _SCALE[low + 1], strict=True))
    return red, green, blue


def _is_dark(share: float) -> bool:
    red, green, blue = _colour(share)
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140
