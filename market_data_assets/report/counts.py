"""Pictures of how many there are: instruments by venue and type, options by expiry. As SVG."""

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable, Mapping

from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.report.drawing import BLUE, FAINT, GREY, VERMILION, Drawing
from market_data_assets.report.scales import Scale, round_marks, written
from market_data_assets.report.squares import Cell, Square, squares

_LIGHT, _DARK = (222, 235, 247), (0, 114, 178)
_LEFT, _TOP, _HEIGHT, _WIDTH, _BOTTOM = 66.0, 48.0, 190.0, 900.0, 26.0
_LABEL_PIXELS = 62.0
_RIGHTS = (("C", "calls", BLUE), ("P", "puts", VERMILION))


def count_map(counts: Mapping[Cell, int], title: str) -> str:
    """A square per row and column with its count, the darker the more, by powers of ten; with the sums of the rows."""
    rows, columns = sorted({row for row, _ in counts}), sorted({column for _, column in counts})
    most = max(counts.values(), default=1)
    cells = {cell: _counted(count, most) for cell, count in counts.items()}
    sums = Counter[str]()
    for (row, _), count in counts.items():
        sums[row] += count
    if len(columns) > 1:
        cells |= {(row, "all"): Square(f"{count:,}", (255, 255, 255), False) for row, count in sums.items()}
        columns.append("all")
    return squares(cells, rows, columns, title)


def expiry_chart(contracts: Iterable[InstrumentId], title: str) -> str:
    """Options by expiry: a bar each, calls below and puts above, in the order of time.

    Args:
        contracts: Ids of options.
    """
    counts: dict[dt.date, Counter[str]] = {}
    for contract in contracts:
        if contract.expiry is not None:
            counts.setdefault(contract.expiry, Counter())[str(contract.option_type)[:1]] += 1
    drawing = Drawing(_WIDTH, _TOP + _HEIGHT + _BOTTOM)
    drawing.text((8, 17), title, size=13)
    drawing.text((_LEFT, _TOP - 8), "contracts by expiry")
    for number, (_, meaning, colour) in enumerate(_RIGHTS):
        drawing.boxes([(_WIDTH - 130 + 62 * number, _TOP - 17, 9, 9)], colour)
        drawing.text((_WIDTH - 117 + 62 * number, _TOP - 8), meaning)
    most = max((each.total() for each in counts.values()), default=1)
    up = Scale(0, most * 1.05, _TOP + _HEIGHT, _TOP)
    marks = [mark for mark in round_marks(0, most, 5) if mark == int(mark)]
    drawing.strokes([(_LEFT, up(mark), _WIDTH - 12, up(mark)) for mark in marks], FAINT)
    for mark, label in zip(marks, written(marks), strict=True):
        drawing.text((_LEFT - 6, up(mark) + 4), label, anchor="end")
    step = (_WIDTH - 12 - _LEFT) / max(len(counts), 1)
    every = math.ceil(_LABEL_PIXELS / step)
    for number, expiry in enumerate(sorted(counts)):
        left, below = _LEFT + step * number + step * 0.15, 0
        for right, _, colour in _RIGHTS:
            above = below + counts[expiry][right]
            drawing.boxes([(left, up(above), step * 0.7, up(below) - up(above))] if above > below else [], colour)
            below = above
        if number % every == 0:
            drawing.text((left + step * 0.35, _TOP + _HEIGHT + 16), f"{expiry:%d %b %y}", anchor="middle")
    if not counts:
        drawing.text((_WIDTH / 2, _TOP + _HEIGHT / 2), "no contracts", size=13, anchor="middle", colour=GREY)
    return drawing.svg()


def _counted(count: int, most: int) -> Square:
    depth = math.log1p(count) / math.log1p(most) if most else 0.0
    red, green, blue = (round(light + (dark - light) * depth) for light, dark in zip(_LIGHT, _DARK, strict=True))
    return Square(f"{count:,}", (red, green, blue), depth > 0.6)
