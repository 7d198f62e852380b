"""Tables of coloured squares with a number in each, as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from market_data_assets.report.drawing import INK, PAPER, Box, Drawing

Cell = tuple[str, str]
"""Row label and column label."""
Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

_HEIGHT, _LETTER, _PAD, _HEAD = 22.0, 6.8, 10.0, 30.0
_LEAST_WIDTH = 30.0


@dataclass(frozen=True, slots=True)
class Square:
    """What is written in a square, and on which colour."""

    text: str
    colour: Colour
    is_dark: bool


def squares(cells: Mapping[Cell, Square], rows: Sequence[str], columns: Sequence[str], title: str) -> str:
    """Rows and columns in the order given; nothing is drawn in a cell that is not there."""
    labels = 2 * _PAD + _LETTER * max(map(len, rows), default=0)
    width = max(_LEAST_WIDTH, _PAD + _LETTER * max(map(len, [*columns, *(cell.text for cell in cells.values())]), default=0))
    across = max(labels + width * len(columns) + _PAD, 2 * _PAD + 7.5 * len(title))
    drawing = Drawing(across, _HEAD + _HEIGHT * (len(rows) + 1) + _PAD)
    drawing.text((8, 17), title, size=13)
    lefts = {column: labels + width * number for number, column in enumerate(columns)}
    tops = {row: _HEAD + _HEIGHT * (number + 1) for number, row in enumerate(rows)}
    for column, left in lefts.items():
        drawing.text((left + width / 2, _HEAD + 14), column, anchor="middle")
    for row, top in tops.items():
        drawing.text((labels - 8, top + 15), row, anchor="end")
    boxes: dict[Colour, list[Box]] = {}
    for (row, column), square in cells.items():
        boxes.setdefault(square.colour, []).append((lefts[column] + 0.5, tops[row] + 0.5, width - 1, _HEIGHT - 1))
    for colour, places in boxes.items():
        drawing.boxes(places, "#{:02X}{:02X}{:02X}".format(*colour))
    for is_dark, ink in ((True, PAPER), (False, INK)):
        chosen = [(cell, square.text) for cell, square in cells.items() if square.is_dark == is_dark]
        drawing.texts([((lefts[column] + width / 2, tops[row] + 15), text) for (row, column), text in chosen], colour=ink)
    return drawing.svg()
