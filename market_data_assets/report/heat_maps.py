"""Heat maps of how much of what was expected is there: as a picture, and for the terminal."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from rich.table import Table
from rich.text import Text

Cell = tuple[str, str]
"""Row label and column label."""

_DOTS_PER_INCH = 100
_CELL_INCHES, _LEAST_WIDTH = (1.0, 0.28), 4.5
_MARGIN_INCHES, _HEAD_INCHES, _LETTER_INCHES = 0.12, 0.6, 0.07
_INK = "#333333"
_CELL_WIDTH, _GAP = 5, 1
"""Characters of a cell, such as `` 99.9``, and between two."""
# Okabe and Ito's vermilion, yellow and sky blue, told apart under every common colour blindness; their dark blue is for what
# is whole, so that the least hole shows.
_SCALE = ((213, 94, 0), (240, 228, 66), (86, 180, 233))
_WHOLE = (0, 114, 178)


def heat_map(shares: Mapping[Cell, float], title: str) -> bytes:
    """A PNG with one square per cell, its share in percent written in it; nothing is drawn where nothing was expected."""
    # A picture costs half a second of imports, which only who wants one pays.
    from matplotlib.figure import Figure  # noqa: PLC0415

    rows, columns = axes_of(shares)
    labels = _MARGIN_INCHES + _LETTER_INCHES * max(map(len, rows), default=0)
    width = max(_LEAST_WIDTH, labels + _CELL_INCHES[0] * len(columns) + _MARGIN_INCHES)
    height = _HEAD_INCHES + _CELL_INCHES[1] * max(len(rows), 1) + _MARGIN_INCHES
    # Measuring every text to lay the figure out would take as long as drawing it.
    figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH)
    across, up = (width - labels - _MARGIN_INCHES) / width, (height - _HEAD_INCHES - _MARGIN_INCHES) / height
    panel = figure.add_axes((labels / width, _MARGIN_INCHES / height, across, up))
    panel.set_title(title, fontsize=9, color=_INK, loc="left", pad=8)
    colours = np.ones((max(len(rows), 1), max(len(columns), 1), 3))
    places = {row: place for place, row in enumerate(rows)}, {column: place for place, column in enumerate(columns)}
    for (row, column), share in shares.items():
        y, x = places[0][row], places[1][column]
        colours[y, x] = np.array(_colour(share)) / 255
        panel.text(x + 0.5, y + 0.5, percent(share), ha="center", va="center", fontsize=7, color="white" if _is_dark(share) else _INK)
    panel.pcolormesh(colours, edgecolors="white", linewidth=1)
    panel.set_xlim(0, max(len(columns), 1))
    panel.set_ylim(max(len(rows), 1), 0)
    panel.set_xticks(np.arange(len(columns)) + 0.5, columns, fontsize=7)
    panel.xaxis.tick_top()
    panel.set_yticks(np.arange(len(rows)) + 0.5, rows, fontsize=7)
    panel.tick_params(length=0, colors=_INK)
    for spine in panel.spines.values():
        spine.set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


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
