"""Charts over time: panels below each other that share the axis of UTC times."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from market_data_assets.report.drawing import BLUE, FAINT, GREY, Drawing
from market_data_assets.report.scales import Scale, round_marks, time_marks, written

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]

WIDTH = 900.0
_LEFT, _RIGHT, _TOP, _GAP, _BOTTOM = 66.0, 12.0, 26.0, 27.0, 24.0
_MARK_PIXELS = 38


class TimeChart:
    """A picture with a title and one panel per entry of ``heights`` (pixels), over ``[start, end)`` in µs UTC."""

    def __init__(self, title: str, span: tuple[int, int], heights: Sequence[float]) -> None:
        self.drawing = Drawing(WIDTH, _TOP + sum(heights) + _GAP * len(heights) + _BOTTOM)
        self.span = span
        self.across = Scale(span[0], span[1], _LEFT, WIDTH - _RIGHT)
        self.drawing.text((8, 17), title, size=13)
        tops = [_TOP + _GAP + sum(heights[:number]) + _GAP * number for number in range(len(heights))]
        self.panels = [Panel(self, top, height) for top, height in zip(tops, heights, strict=True)]
        self._draw_times(tops[-1] + heights[-1])

    def svg(self) -> str:
        """The picture as text."""
        return self.drawing.svg()

    def _draw_times(self, bottom: float) -> None:
        for at, label in time_marks(*self.span) if self.span[0] < self.span[1] else ():
            x = self.across(at)
            self.drawing.strokes([(x, bottom, x, bottom + 4)], GREY)
            # The last label would be cut off.
            anchor = "end" if x > WIDTH - _RIGHT - 20 else "middle"
            self.drawing.text((x, bottom + 16), label, anchor=anchor)
        self.drawing.text((8, bottom + 16), "UTC", colour=GREY)


class Panel:
    """One panel of a chart: its values, and what is drawn over time."""

    def __init__(self, chart: TimeChart, top: float, height: float) -> None:
        self._chart, self._drawing = chart, chart.drawing
        self.top, self.height = top, height
        self.up = Scale(0, 1, top + height, top)

    def caption(self, text: str, legend: Iterable[tuple[str, str]] = ()) -> None:
        """What the panel shows, above it, and on the right the legend: colours with their meaning."""
        self._drawing.text((_LEFT, self.top - 7), text)
        x = WIDTH - _RIGHT
        for colour, meaning in reversed(list(legend)):
            # Six pixels a letter at this size, rather too many than too few.
            x -= 6.0 * len(meaning) + 22
            self._drawing.boxes([(x, self.top - 15, 9, 9)], colour)
            self._drawing.text((x + 13, self.top - 7), meaning)

    def scale(self, low: float, high: float) -> None:
        """Values from ``low`` to ``high``, with lines at round ones."""
        self.up = Scale(low, high, self.top + self.height, self.top)
        marks = round_marks(low, high, max(3, round(self.height / _MARK_PIXELS)))
        self._drawing.strokes([(_LEFT, self.up(mark), WIDTH - _RIGHT, self.up(mark)) for mark in marks], FAINT)
        for mark, label in zip(marks, written(marks), strict=True):
            self._drawing.text((_LEFT - 6, self.up(mark) + 4), label, anchor="end")

    def say(self, text: str) -> None:
        """Words instead of values."""
        self._drawing.text(((_LEFT + WIDTH - _RIGHT) / 2, self.top + self.height / 2 + 4), text, size=13, anchor="middle", colour=GREY)

    def line(self, times: Int64s, values: Floats, colour: str = BLUE) -> None:
        """A line through the values, interrupted where they are NaN."""
        x, y = self._chart.across.places(times), self.up.places(values)
        known = np.isfinite(values)
        self._drawing.line([(left, up) if is_known else None for left, up, is_known in zip(x, y, known, strict=True)], colour, 1.2)

    def bars(self, spans: tuple[Int64s, int], low: Floats, high: Floats, colour: str, *, share: float = 0.7) -> None:
        """A bar from ``low`` to ``high`` in the middle of each span of time, at least a pixel high.

        Args:
            spans: Their starts, and the length of each, µs.
            share: How much of its span a bar is wide; 0 for a stroke of a pixel.
        """
        starts, length = spans
        places = self._chart.across.places(starts + length // 2)
        heights = (
            (x, up - max(0.0, 1 - down + up), down) for x, up, down in zip(places, self.up.places(high), self.up.places(low), strict=True)
        )
        width = max(1.0, share * (self._chart.across(length) - self._chart.across(0)))
        self._drawing.strokes([(x, top, x, bottom) for x, top, bottom in heights], colour, width)

    def cover(self, starts: Int64s, ends: Int64s, colour: str) -> None:
        """The whole height of the panel over each span of time, at least half a pixel wide."""
        columns = (self._chart.across.places(starts), self._chart.across.places(ends))
        boxes = [(left, self.top, max(right - left, 0.5), self.height) for left, right in zip(*columns, strict=True)]
        self._drawing.boxes(boxes, colour)


def no_values(values: Floats) -> bool:
    """Whether there is nothing to draw."""
    return not np.isfinite(values).any()
