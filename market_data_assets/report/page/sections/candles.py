"""Candles of the instruments that traded most, by value in dollars."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.domain.days import day_end, day_start
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets.report.page.charts.candle_columns import READ, columns_text
from market_data_assets.report.page.charts.colours import GAP_FILLS
from market_data_assets.report.page.charts.embedding import panels_text
from market_data_assets.report.page.page_day import PageDay
from market_data_assets.report.page.section import NotThere, Section
from market_data_assets.report.page.traded_value import Traded, traded_instruments

_CHARTED = 6
_FINE = CANDLES[Timeframe.parse("5m")]


@dataclass(frozen=True, slots=True)
class Chart:
    """One instrument.

    Attributes:
        columns: What is drawn, as JSON text.
        known_share: Of the buckets: nothing is known of the others.
        gaps: State of a bucket → how many there are of it, only of those that are shaded.
    """

    traded: Traded
    columns: str
    known_share: float
    gaps: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Charts:
    """The instruments, that with the largest traded value first.

    Attributes:
        panels: What all of them are drawn in, as JSON text.
        dollars: Traded value of all instruments that a rate is known for.
        traded: How many instruments traded.
    """

    charts: Sequence[Chart]
    panels: str
    timeframe: str
    dollars: float
    traded: int


def gather(page: PageDay) -> Charts | NotThere:
    """The charts of the instruments that traded most."""
    traded = traded_instruments(page)
    manifest = page.manifest(_FINE)
    stored = frozenset() if manifest is None else {entry.instrument_id for entry in manifest.content.files}
    charted = [each for each in traded if str(each.instrument) in stored][:_CHARTED]
    if not charted:
        return NotThere("No candles with trades are stored for this day.")
    dollars = sum(each.dollars or 0 for each in traded)
    return Charts([_chart(page, each) for each in charted], panels_text(), str(_FINE.timeframe), dollars, len(traded))


def _chart(page: PageDay, traded: Traded) -> Chart:
    table = page.lake.read(_FINE, page.day, traded.instrument, READ)
    states = Counter(table["bucket_status"].to_pylist())
    gaps = {state: states[state] for state in GAP_FILLS if states[state]}
    known = 1 - sum(gaps.values()) / max(states.total(), 1)
    instrument, span = traded.instrument, (day_start(page.day), day_end(page.day))
    return Chart(traded, columns_text(table, span, base=instrument.base, quote=instrument.quote or ""), known, gaps)


CANDLES_CHARTED = Section(
    "candles",
    "The day of the largest markets",
    "Traded value is in dollars: other quote assets count at the day's mean price, options are left out. Drag in a chart to zoom into the"
    " time; all panels share it.",
    gather,
)
