"""Building the daily page: the facts of each section, then one HTML document."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from market_data_assets.errors import NoData, PartitionMissing, Unusable
from market_data_assets.report.page import numbers
from market_data_assets.report.page.headline import Headline, headline_of
from market_data_assets.report.page.page_day import UNREADABLE, PageDay
from market_data_assets.report.page.section import NotThere, Section
from market_data_assets.report.page.sections import SECTIONS
from market_data_assets.report.page.sections.sizes import LAKE
from market_data_assets.report.page.sparkline import sparkline
from market_data_assets.storage.lake_reader import LakeReader
from market_data_assets.storage.layout import daily_page_name
from market_data_assets.storage.web_links import download_link

_DAY = dt.timedelta(days=1)
_FOLDER = files("market_data_assets.report.page")
_FILTERS = (
    numbers.amount,
    numbers.change,
    numbers.count,
    numbers.duration,
    numbers.milliseconds,
    numbers.percent,
    numbers.price,
    numbers.signed_percent,
    numbers.size,
)


@dataclass(frozen=True, slots=True)
class DailyPage:
    """A page, ready to be stored.

    Attributes:
        html: UTF-8; all that it needs is in it.
    """

    day: dt.date
    html: bytes
    headline: Headline


def build_page(lake: LakeReader, day: dt.date, *, source: str, built_at: dt.datetime, workers: int) -> DailyPage:
    """The page of a day as it is stored now. Equal days give equal pages but for ``built_at``.

    Args:
        source: Where the deployment's ticks come from.
        built_at: Aware.
        workers: Files read side by side.

    Raises:
        StorageFailed, Retryable: the store refused or stayed silent. Whatever else a day lacks is said in the page.
    """
    page = PageDay(lake, day, workers)
    page.read_ahead(LAKE)
    facts = {section.name: _facts(section, page) for section in SECTIONS}
    head = headline_of(page, facts["quality"], facts["candles"])
    return DailyPage(day, _render(page, facts, head, source, built_at).encode(), head)


def _facts(section: Section, page: PageDay) -> object:
    try:
        return section.gather(page)
    except (*UNREADABLE, PartitionMissing, NoData, Unusable) as error:
        return NotThere(f"What is stored cannot be read: {error}")


def _render(page: PageDay, facts: Mapping[str, object], head: Headline, source: str, built_at: dt.datetime) -> str:
    has_charts = not isinstance(facts["candles"], NotThere)
    return (
        _templates()
        .get_template("page.html")
        .render(
            day=page.day,
            neighbours=[(relation, day, _page_of(page, day)) for relation, day in (("prev", page.day - _DAY), ("next", page.day + _DAY))],
            head=head,
            source=source,
            built_at=f"{built_at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC",
            sections=[(section, facts[section.name]) for section in SECTIONS],
            style=_own("page.css"),
            script=_own("page.js"),
            bokeh=_bokeh() if has_charts else None,
        )
    )


def _page_of(page: PageDay, day: dt.date) -> str:
    """Where the page of another day is. A page of a bucket comes to the browser from an address that nothing is beside of."""
    return download_link(page.lake.store.url(daily_page_name(day))) or f"../day-{day}/index.html"


@cache
def _templates() -> jinja2.Environment:
    # Names of instruments, errors and evidence are data, whoever wrote them.
    environment: Any = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (_FOLDER / "templates" / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {function.__name__: function for function in _FILTERS}
    # Both are made here: JSON with every < escaped, and a picture of numbers.
    environment.filters["trusted"] = Markup
    environment.filters["sparkline"] = lambda values: Markup(sparkline(values))
    environment.tests["not_there"] = lambda facts: isinstance(facts, NotThere)
    return environment  # type: ignore[no-any-return]


@cache
def _own(name: str) -> Markup:
    """A file of the page's own: trusted, so not escaped."""
    return Markup((_FOLDER / "static" / name).read_text(encoding="utf-8"))


def _bokeh() -> Markup:
    from market_data_assets.report.page.charts.embedding import bokeh_script  # noqa: PLC0415

    return Markup(bokeh_script())
