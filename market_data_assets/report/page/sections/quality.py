"""What the quality checks found, as their stored reports say."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from market_data_assets.compute.quality.findings import Finding, worst_first
from market_data_assets.compute.quality.record import QUALITY_REPORTS, Verdict, verdicts_of
from market_data_assets.domain.days import to_datetime
from market_data_assets.report.page.page_day import PageDay
from market_data_assets.report.page.section import NotThere, Section

_WORST = 20


@dataclass(frozen=True, slots=True)
class Found:
    """One of the worst findings."""

    table: str
    check: str
    finding: Finding
    at: str


@dataclass(frozen=True, slots=True)
class Quality:
    """The verdicts of the checks that ran.

    Attributes:
        verdicts: By table, those with findings first; what passed is only counted.
        errors, warnings: Checks whose findings make the day wrong, and merely thin.
        worst: The worst findings of all checks.
        missing_steps: Steps of checks that left no report.
    """

    verdicts: Sequence[Verdict]
    passed: int
    errors: int
    warnings: int
    worst: Sequence[Found]
    missing_steps: Sequence[str]


def gather(page: PageDay) -> Quality | NotThere:
    """The verdicts of every step of checks that left a report of the day."""
    page.read_ahead(tuple(QUALITY_REPORTS.values()))
    reports = {step: page.table(dataset) for step, dataset in QUALITY_REPORTS.items()}
    missing = [step for step, table in reports.items() if table is None]
    if len(missing) == len(reports):
        return NotThere("No quality check has left a report of this day yet.")
    verdicts = [verdict for table in reports.values() if table is not None for verdict in verdicts_of(table)]
    failed = [verdict for verdict in verdicts if not verdict.passed]
    errors = sum(verdict.stops for verdict in failed)
    return Quality(
        sorted(failed, key=lambda each: (not each.stops, -each.findings, each.table, each.check)),
        len(verdicts) - len(failed),
        errors,
        len(failed) - errors,
        _worst(failed),
        missing,
    )


def _worst(verdicts: Sequence[Verdict]) -> Sequence[Found]:
    """The worst findings; one line for an instrument's problem in several timeframes of a tier."""
    places = {finding: verdict for verdict in reversed(verdicts) for finding in verdict.worst}
    distinct = [next(same) for _, same in groupby(worst_first(places), lambda each: (each.instrument, each.problem, each.detail))]
    return [
        Found(places[each].table, places[each].check, each, "" if each.first_at is None else f"{to_datetime(each.first_at):%H:%M:%S}")
        for each in distinct[:_WORST]
    ]


QUALITY = Section(
    "quality",
    "Data quality",
    "What the checks of each table found. An error means that numbers of the day are wrong; a warning that they are thin, or worth a look.",
    gather,
)
