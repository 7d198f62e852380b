"""Draws asset_map.svg from the graph itself: `make docs` writes it, and a test fails while it is not what the graph is.

A box per tier with its assets, rows by how far a tier is from the vendor, and only those arrows that no others imply.
"""

import sys
from collections.abc import Mapping, Sequence
from html import escape

from market_data_assets.catalog import DATASETS
from market_data_assets.definitions import build_definitions
from market_data_assets.domain.timeframes import TIMEFRAMES
from market_data_assets.settings import Settings

WIDTH, MARGIN, ROW_GAP, BOX_GAP = 920, 24, 42, 72
PADDING, TITLE_HEIGHT, LINE_HEIGHT = 14, 30, 19
LETTER = 7.4
VENDOR = "vendor files"
# What stands beside what in a row, so that few arrows cross.
ORDER = ("processed_candles", "mft_features", "views", "processed_book_snapshots", "market_data_analytics", "missing_data_reports")
HUES = {"vendor files": 220, "instrument_availability": 200, "raw_tick_data": 25, "processed_candles": 150, "processed_book_snapshots": 175}
HUES |= {"missing_data_reports": 0, "mft_features": 265, "market_data_analytics": 215, "views": 45, "reports": 330}

Tiers = Mapping[str, Sequence[str]]
Arrows = set[tuple[str, str]]

STYLE = """
.paper{fill:#ffffff;stroke:#d8dee4}.arrow{fill:none;stroke:#8c959f;stroke-width:1.6}.head{fill:#8c959f}
.title{font:600 15px system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif;fill:#1f2328}
.asset{font:12.3px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#424a53}
.box{fill-opacity:.07;stroke-width:1.4;stroke-opacity:.75}
@media (prefers-color-scheme:dark){.paper{fill:#0d1117;stroke:#30363d}.arrow{stroke:#6e7681}.head{fill:#6e7681}
.title{fill:#e6edf3}.asset{fill:#b1bac4}.box{fill-opacity:.16}}
"""


def graph() -> tuple[Tiers, Arrows]:
    """The assets of every tier by name, and which tier is made from which."""
    assets = build_definitions(Settings.at("data")).resolve_asset_graph()
    tiers: dict[str, list[str]] = {VENDOR: ["Tardis, Binance archives,", "or simulated markets"]}
    arrows = {(VENDOR, "instrument_availability"), (VENDOR, "raw_tick_data")}
    place = {dataset.key: number for number, dataset in enumerate(DATASETS)}
    for key in sorted(assets.materializable_asset_keys, key=lambda key: (place.get(tuple(key.path), len(place)), key)):
        node = assets.get(key)
        tiers.setdefault(str(node.group_name), []).append(key.path[-1])
        arrows |= {(str(assets.get(parent).group_name), str(node.group_name)) for parent in node.parent_keys}
    return tiers, {(start, end) for start, end in arrows if start != end}


def svg() -> str:
    """The picture."""
    tiers, arrows = graph()
    lines = {tier: _lines(names) for tier, names in tiers.items()}
    rows = _rows(tiers, arrows)
    boxes: dict[str, tuple[float, float, float, float]] = {}
    top: float = MARGIN
    for row in rows:
        widths = [_width(tier, lines[tier]) for tier in row]
        left = (WIDTH - sum(widths) - BOX_GAP * (len(row) - 1)) / 2
        height = max(TITLE_HEIGHT + PADDING / 2 + LINE_HEIGHT * len(lines[tier]) for tier in row)
        for tier, width in zip(row, widths, strict=True):
            boxes[tier] = (left, top, width, height)
            left += width + BOX_GAP
        top += height + ROW_GAP
    height = top - ROW_GAP + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="The asset graph by tier">',
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
        f'<rect class="paper" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1:.0f}" rx="12"/>',
        *(_arrow(boxes, start, end, arrows) for start, end in sorted(_needed(arrows))),
        *(_box(tier, lines[tier], boxes[tier]) for tier in tiers),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _lines(names: Sequence[str]) -> list[str]:
    """The names, one line for all timeframes of a table, two names in a line where they are many."""
    ends = {str(timeframe) for timeframe in TIMEFRAMES}
    families: dict[str, list[str]] = {}
    for name in names:
        stem, _, end = name.rpartition("_")
        families.setdefault(stem if end in ends else name, []).append(end)
    order = [str(timeframe) for timeframe in TIMEFRAMES]
    shown = []
    for stem, found in families.items():
        lengths = sorted(set(found) & ends, key=order.index)
        shown.append(f"{stem}_{{{lengths[0]} … {lengths[-1]}}}" if lengths else stem)
    return [", ".join(shown[start : start + 2]) for start in range(0, len(shown), 2)] if len(shown) > 3 else shown


def _width(tier: str, lines: Sequence[str]) -> float:
    return 2 * PADDING + max(len(tier) * 9.3, *(len(line) * LETTER for line in lines))


def _depth(tier: str, arrows: Arrows) -> int:
    return max((1 + _depth(start, arrows) for start, end in arrows if end == tier), default=0)


def _rows(tiers: Tiers, arrows: Arrows) -> list[list[str]]:
    depths = {tier: _depth(tier, arrows) for tier in tiers}
    place = {tier: number for number, tier in enumerate(ORDER)}
    return [
        sorted((tier for tier in tiers if depths[tier] == depth), key=lambda tier: place.get(tier, len(ORDER)))
        for depth in range(max(depths.values()) + 1)
    ]


def _reaches(start: str, end: str, arrows: Arrows) -> bool:
    return any(after == end or _reaches(after, end, arrows) for before, after in arrows if before == start)


def _needed(arrows: Arrows) -> Arrows:
    """Without the arrows that a longer way implies."""
    return {
        (start, end)
        for start, end in arrows
        if not any(before == start and after != end and _reaches(after, end, arrows) for before, after in arrows)
    }


def _arrow(boxes: Mapping[str, tuple[float, float, float, float]], start: str, end: str, arrows: Arrows) -> str:
    """From below one box to above another; those that leave or reach a box stand side by side, in the order of their other ends."""

    def centre(tier: str) -> float:
        return boxes[tier][0] + boxes[tier][2] / 2

    def spread(tier: str, others: Sequence[str], other: str) -> float:
        order = sorted(others, key=centre)
        return boxes[tier][0] + boxes[tier][2] * (order.index(other) + 1) / (len(order) + 1)

    needed = _needed(arrows)
    x1 = spread(start, [after for before, after in needed if before == start], end)
    x2 = spread(end, [before for before, after in needed if after == end], start)
    y1, y2 = boxes[start][1] + boxes[start][3], boxes[end][1] - 2
    # One that passes a row turns below it, so that it crosses no box.
    turn = 0.5 if y2 - y1 < 2 * ROW_GAP else 0.85
    down, up = y1 + turn * (y2 - y1), y2 - (1 - turn) * (y2 - y1)
    path = f"M{x1:.0f} {y1:.0f}C{x1:.0f} {down:.0f} {x2:.0f} {up:.0f} {x2:.0f} {y2:.0f}"
    return f'<path class="arrow" marker-end="url(#head)" d="{path}"/>'


def _box(tier: str, lines: Sequence[str], box: tuple[float, float, float, float]) -> str:
    left, top, width, height = box
    colour = f"hsl({HUES.get(tier, 100)} 60% 45%)"
    texts = [f'<text class="title" x="{left + PADDING:.0f}" y="{top + 21:.0f}">{escape(tier)}</text>']
    for number, line in enumerate(lines):
        y = top + TITLE_HEIGHT + LINE_HEIGHT * number + 12
        texts.append(f'<text class="asset" x="{left + PADDING:.0f}" y="{y:.0f}">{escape(line)}</text>')
    place = f'x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}"'
    shape = f'<rect class="box" {place} rx="9" fill="{colour}" stroke="{colour}"/>'
    return shape + "".join(texts)


if __name__ == "__main__":
    sys.stdout.write(svg())
