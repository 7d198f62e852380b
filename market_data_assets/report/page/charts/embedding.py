"""Bokeh's script and the panels as they stand in the page: inline, so that it opens from a disk without a network."""

import json
import re
from functools import cache
from typing import Any

_NAMES = re.compile(r'"(id|root_id)":"(p[0-9]+)"')


@cache
def bokeh_script() -> str:
    """Bokeh's own script, without the components that no chart here uses."""
    from bokeh.resources import Resources  # noqa: PLC0415

    return "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw).replace("</script", "<\\/script")


@cache
def panels_text() -> str:
    """The panels as JSON that ``Bokeh.embed.embed_item`` draws, safe inside a script element; always the same text.

    Bokeh numbers models through the life of a process; here they are numbered in the order in which they stand.
    """
    # Bokeh takes half a second to import, and as long to make the panels: only the first page with charts pays.
    from bokeh.embed import json_item  # noqa: PLC0415

    from market_data_assets.report.page.charts.candle_panels import candle_panels  # noqa: PLC0415

    item: Any = json_item(candle_panels())
    numbers: dict[str, str] = {}
    text = json.dumps(item, separators=(",", ":"), allow_nan=False)
    text = _NAMES.sub(lambda found: f'"{found[1]}":"{numbers.setdefault(found[2], f"m{len(numbers)}")}"', text)
    return text.replace("<", "\\u003c")
