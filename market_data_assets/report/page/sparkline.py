"""A row of small bars as a picture in the text."""

from collections.abc import Sequence

_WIDTH, _GAP, _HEIGHT = 5, 2, 18


def sparkline(values: Sequence[int | None]) -> str:
    """An SVG with a bar for each value, the last one marked; a value that is not there is a dot, and 0 a flat bar."""
    largest = max((value for value in values if value is not None), default=0) or 1
    marks = "".join(
        _mark(at * (_WIDTH + _GAP), value, largest, "now" if at == len(values) - 1 else "then") for at, value in enumerate(values)
    )
    width = len(values) * (_WIDTH + _GAP) - _GAP
    return f'<svg class="spark" width="{width}" height="{_HEIGHT}" viewBox="0 0 {width} {_HEIGHT}" aria-hidden="true">{marks}</svg>'


def _mark(left: int, value: int | None, largest: int, name: str) -> str:
    if value is None:
        return f'<circle class="none" cx="{left + _WIDTH / 2}" cy="{_HEIGHT - 1.5}" r="1.2"/>'
    height = max(1.0, round(value / largest * _HEIGHT, 1))
    return f'<rect class="{name}" x="{left}" y="{_HEIGHT - height:g}" width="{_WIDTH}" height="{height:g}"/>'
