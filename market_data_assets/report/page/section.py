"""What a section of the page is."""

from collections.abc import Callable
from dataclasses import dataclass

from market_data_assets.report.page.page_day import PageDay


@dataclass(frozen=True, slots=True)
class NotThere:
    """Why a section has nothing to show, in a sentence, in place of its facts."""

    why: str


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the page: facts of a day, and the template that lays them out.

    Attributes:
        name: Of its anchor and of its template.
        about: What it shows and how to read it, in a sentence or two.
        gather: Its facts; the template gets them as ``facts``.
    """

    name: str
    title: str
    about: str
    gather: Callable[[PageDay], object | NotThere]
